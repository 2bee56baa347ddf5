"""Does to the audit trail what only its owner could: writes the past, and tampers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from opsmanager.audit.models import AuditEvent
from tests.support.postgresql.base import LOCK, UNLOCK


@contextmanager
def tampering() -> Iterator[None]:
    """Take the triggers away meanwhile, as the owner of the tables and a superuser can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(UNLOCK)
        yield
        cursor.execute(LOCK)


def tamper(statement: str, *values: object) -> int:
    """Run one statement past the triggers; return how many rows it changed."""
    with tampering(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def past_event(at: datetime, verb: str = "TEST", **columns: str) -> AuditEvent:
    """Return an event that was recorded at some time in the past."""
    with tampering(), connection.cursor() as cursor:
        cursor.execute("SELECT nextval('audit_event_seq')")
        seq = cursor.fetchone()[0]
        return AuditEvent.objects.create(
            seq=seq, at=at, verb=verb, actor_type="ANONYMOUS", **columns
        )
