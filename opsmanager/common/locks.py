"""Locks of PostgreSQL: by name, for what one row does not stand for, and those of whole tables."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

_TRIES: Final = 5
_PAUSE_SECONDS: Final = 2.0

Result = TypeVar("Result")


def hold(name: str) -> None:
    """Let what is done under this name come one after the other, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def patiently(change: Callable[[], Result]) -> Result:
    """Make a change of a table that waits a moment only for its lock; try again where it got none.

    Whoever waits for the lock of a whole table holds up all who come after it, and a backup before
    it may take an hour. So the waiting is done in between, when nobody waits for it. Raises
    ``OperationalError`` once it got none several times.
    """
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                return change()
        except OperationalError as problem:
            if not left or not isinstance(problem.__cause__, LockNotAvailable):
                raise
        time.sleep(_PAUSE_SECONDS)
    raise AssertionError  # pragma: no cover - the last try returns or raises
