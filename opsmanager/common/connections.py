"""This thread's connection to the database: given back before anybody waits, kept plans on it."""

from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper


def give_back() -> None:
    """Give this thread's connection back to the pool, unless a transaction is open on it."""
    if not connection.in_atomic_block:
        connection.close()


def prepared_cursor() -> CursorWrapper:
    """Return a cursor for a statement that is asked again and again, always with the same text.

    PostgreSQL parses and plans it once for each connection.
    """
    ours: Any = connection
    cursor: CursorWrapper = ours.prepared_cursor()
    return cursor
