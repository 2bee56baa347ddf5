"""Gives a database connection back before anybody waits, so that it is there for others."""

from django.db import connection


def give_back() -> None:
    """Give this thread's connection back to the pool, unless a transaction is open on it."""
    if not connection.in_atomic_block:
        connection.close()
