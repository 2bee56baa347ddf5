"""Lets old months of the trail go, whole partitions at a time, and no earlier than is set."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.db import Error, connection, transaction

from opsmanager.audit.export import export
from opsmanager.common import locks

log = structlog.get_logger(__name__)

_PARTITIONS: Final = """
SELECT relid::regclass::text FROM pg_partition_tree('audit_auditevent') WHERE isleaf
"""


def months() -> list[date]:
    """Return the months that the trail has a partition of, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        names = [row[0] for row in cursor.fetchall()]
    found = (re.search(r"_(\d{4})_(\d{2})$", name) for name in names)
    return sorted(date(int(month[1]), int(month[2]), 1) for month in found if month)


def too_old(*, now: datetime | None = None) -> list[date]:
    """Return the months whose last moment is further back than the trail is kept."""
    limit = (now or datetime.now(UTC)) - timedelta(days=settings.AUDIT_RETENTION_DAYS)
    return [month for month in months() if _end(month) <= limit]


def let_go(month: date) -> int:
    """Let a month go, after it was exported where a folder is set; return how many events it had.

    The database refuses a month that is younger than is set (or than 90 days), not sealed, or not
    whole, or while others hold the trail for long: :class:`django.db.Error`. Raises OSError when it
    can't be exported.
    """
    with transaction.atomic():
        if settings.AUDIT_EXPORT_FOLDER:
            export(month, Path(settings.AUDIT_EXPORT_FOLDER) / f"audit-{month:%Y-%m}.jsonl")
        return locks.patiently(partial(_dropped, month))


def _dropped(month: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_drop_month(%s, %s)", [month, settings.AUDIT_RETENTION_DAYS])
        return int(cursor.fetchone()[0])


def let_old_months_go() -> list[date]:
    """Let all months go that are too old; return them. One that can't go is logged and stays."""
    gone = []
    for month in too_old():
        try:
            events = let_go(month)
        except (Error, OSError) as problem:
            reason = str(problem).partition("\n")[0]
            log.warning("audit month not let go", month=f"{month:%Y-%m}", reason=reason)
        else:
            log.info("audit month let go", month=f"{month:%Y-%m}", events=events)
            gone.append(month)
    return gone


def _end(month: date) -> datetime:
    year, following = (month.year + 1, 1) if month.month == 12 else (month.year, month.month + 1)
    return datetime(year, following, 1, tzinfo=UTC)
