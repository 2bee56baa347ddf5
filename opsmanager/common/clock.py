"""The database's clock, by which all is told: those of web and workers may differ."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Return the time by the database's clock, by which all is told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
