"""How runbooks fare: what the library says of each, however long its history has become."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from automation import catalog
from automation.models import CatalogEntry, Execution
from automation.selectors import runbooks
from automation.selectors.outcomes import FAILED, MET, SUCCESSFUL, rate

RECENT_RUNS: Final = 1000
"""How many runs rates and durations are taken from."""

# The index execution_record holds these rows together, latest first.
_RECENT: Final = """
SELECT entry.id, recent.*
  FROM unnest(%(entries)s::uuid[]) AS entry (id)
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE status = ANY(%(successful)s)),
              count(*),
              count(*) FILTER (WHERE verdict = 'FIXED'),
              count(*) FILTER (WHERE verdict = ANY(%(met)s)),
              percentile_cont(0.5)
                  WITHIN GROUP (ORDER BY date_part('epoch', finished_at - started_at))
                  FILTER (WHERE status = ANY(%(successful)s))
         FROM (SELECT status, verdict, started_at, finished_at
                 FROM automation_execution
                WHERE runbook_id = entry.id AND NOT is_dry_run AND status = ANY(%(counted)s)
                ORDER BY queued_at DESC
                LIMIT %(most)s) AS latest
       ) AS recent
"""
_RECORDS: Final = _RECENT.replace(
    "recent.*",
    """recent.*,
       (SELECT count(*) FROM automation_execution
         WHERE runbook_id = entry.id AND NOT is_dry_run)""",
)


@dataclass(frozen=True, kw_only=True)
class Recent:
    """How a runbook fared in its latest runs; ``None`` where there is nothing to count.

    The latest :data:`RECENT_RUNS` that succeeded or failed, dry runs left out.
    """

    success_rate: float | None = None
    """0 to 1, as the next one."""
    fix_rate: float | None = None
    """Of the runs that met something to fix, how many fixed it."""
    usual_seconds: float | None = None
    """The median of those that succeeded."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the library says of a runbook."""

    total: int
    """All its runs, without dry runs."""
    recent: Recent


def record_of(entry: CatalogEntry) -> Record:
    """Return how the runbook fares; one query."""
    return _records([entry.pk])[entry.pk]


def with_records(entries: Iterable[CatalogEntry]) -> list[CatalogEntry]:
    """Return the entries, each with ``success_rate``, ``fix_rate`` and ``total_executions``.

    One query, for any number of them.
    """
    listed = list(entries)
    found = _records([entry.pk for entry in listed])
    for entry in listed:
        record = found[entry.pk]
        entry.success_rate = record.recent.success_rate  # type: ignore[attr-defined]
        entry.fix_rate = record.recent.fix_rate  # type: ignore[attr-defined]
        entry.total_executions = record.total  # type: ignore[attr-defined]
    return listed


def with_usual(executions: Iterable[Execution]) -> list[Execution]:
    """Return the executions, each with ``usual_seconds``: how long its runbook usually takes.

    One query, for any number of them.
    """
    listed = list(executions)
    entries = {execution.runbook_id: execution.runbook for execution in listed}
    found = {row[0]: _recent(row) for row in _found(_RECENT, list(entries))} if entries else {}
    for execution in listed:
        entry = execution.runbook
        execution.usual_seconds = usual_or_declared(entry, found[entry.pk])  # type: ignore[attr-defined]
    return listed


def estimated_seconds(entry: CatalogEntry) -> float:
    """Return how long it usually takes, from its latest runs or else by its own word.

    0 when neither is there: executions outlive the code of their runbook.
    """
    (row,) = _found(_RECENT, [entry.pk])
    return usual_or_declared(entry, _recent(row))


def usual_or_declared(entry: CatalogEntry, recent: Recent) -> float:
    """Return how long it usually took, in seconds, or what its code says, or 0."""
    if recent.usual_seconds or entry.runbook_id not in catalog.runbooks():
        return recent.usual_seconds or 0.0
    return float(runbooks.code_of(entry).estimated_seconds)


def _records(ids: list[UUID]) -> dict[UUID, Record]:
    return {row[0]: Record(total=row[-1], recent=_recent(row)) for row in _found(_RECORDS, ids)}


def _recent(row: Sequence[Any]) -> Recent:
    _, successful, counted, fixed, met, usual, *_ = row
    return Recent(
        success_rate=rate(successful, counted),
        fix_rate=rate(fixed, met),
        usual_seconds=usual,
    )


def _found(query: str, ids: list[UUID]) -> list[Sequence[Any]]:
    asked: dict[str, Any] = {
        "entries": ids,
        "successful": list(SUCCESSFUL),
        "counted": [*SUCCESSFUL, *FAILED],
        "met": list(MET),
        "most": RECENT_RUNS,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        return list(cursor.fetchall())
