"""Working as the role that owns the tables, where that is another one than the application's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import connection

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper


@contextmanager
def as_owner() -> Iterator[None]:
    """Let the default connection of this thread be that of DATABASE_OWNER_URL meanwhile.

    Without that setting nothing changes: one role owns the tables and works with them.
    """
    if not settings.DATABASE_OWNER:
        yield
        return
    before = connection.settings_dict
    connection.close()
    cast("DatabaseWrapper", connection).close_pool()
    # Another dictionary: this one is that of the settings, which go on to name the other role.
    connection.settings_dict = {**before, **settings.DATABASE_OWNER}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = before
