"""Locks of PostgreSQL by name, for what one row does not stand for."""

from django.db import connection


def hold(name: str) -> None:
    """Let what is done under this name come one after the other, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
