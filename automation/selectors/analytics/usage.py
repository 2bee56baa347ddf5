"""Which runbooks ran most, and on which servers, with how they fared."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from django.db.models import Aggregate, Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from automation.models import CatalogEntry, Execution
from automation.selectors.analytics.durations import milliseconds
from automation.selectors.analytics.runs import by_period, within
from automation.selectors.analytics.span import Span
from automation.selectors.outcomes import COUNTS, SUCCESSFUL, Counts, Percentile, Seconds
from servers.models import Server

_SUCCEEDED: Final = Q(status__in=SUCCESSFUL)
_FARED: Final[dict[str, Aggregate]] = {
    **COUNTS,
    "median": Percentile(Seconds(), 0.5, filter=_SUCCEEDED),
    "p95": Percentile(Seconds(), 0.95, filter=_SUCCEEDED),
    "last_run_at": Max("queued_at"),
}


@dataclass(frozen=True, kw_only=True)
class Fared:
    """How the executions of one runbook, or on one server, fared."""

    counts: Counts
    median_ms: int | None
    """Of those that succeeded, as the next one."""
    p95_ms: int | None
    last_run_at: datetime
    """When the last one was queued."""


@dataclass(frozen=True, kw_only=True)
class RunbookUse:
    """How a runbook was used."""

    runbook: CatalogEntry
    fared: Fared


@dataclass(frozen=True, kw_only=True)
class ServerUse:
    """How a server was used."""

    server: Server
    fared: Fared


@dataclass(frozen=True, kw_only=True)
class PeriodUse:
    """The runbook that ran most in one period, and how often; ``None`` where none ran."""

    date: date
    """The first day of the period."""
    runbook: CatalogEntry | None = None
    total: int = 0

    @property
    def runbook_id(self) -> str | None:
        """Its id, such as SERVICE_RESTART."""
        return self.runbook.runbook_id if self.runbook else None

    @property
    def runbook_title(self) -> str | None:
        """Its title."""
        return self.runbook.title if self.runbook else None


def runbooks(rows: QuerySet[Execution], span: Span, *, limit: int) -> list[RunbookUse]:
    """Return the most used runbooks, the first one most; two queries."""
    found = _most(within(rows, span), "runbook_id", limit)
    entries = CatalogEntry.objects.in_bulk([row["runbook_id"] for row in found])
    return [RunbookUse(runbook=entries[row["runbook_id"]], fared=_fared(row)) for row in found]


def servers(rows: QuerySet[Execution], span: Span, *, limit: int) -> list[ServerUse]:
    """Return the most used servers, the first one most; three queries."""
    # There are many of them, so that only the few are looked at closely.
    used = within(rows, span).values("server_id").annotate(total=Count("*"))
    ids = [row["server_id"] for row in used.order_by("-total", "server_id")[:limit]]
    found = _most(within(rows, span).filter(server_id__in=ids), "server_id", limit)
    listed = Server.objects.in_bulk(ids)
    return [ServerUse(server=listed[row["server_id"]], fared=_fared(row)) for row in found]


def over_time(rows: QuerySet[Execution], span: Span) -> list[PeriodUse]:
    """Return the most used runbook of each period of the span, in order; two queries."""
    rank = Window(
        RowNumber(), partition_by=[F("period")], order_by=[F("total").desc(), "runbook_id"]
    )
    used = by_period(rows, span, "runbook_id").annotate(total=Count("*"))
    first = {row["period"]: row for row in used.annotate(rank=rank).filter(rank=1)}
    entries = CatalogEntry.objects.in_bulk({row["runbook_id"] for row in first.values()})
    return [
        PeriodUse(
            date=day,
            runbook=entries[first[number]["runbook_id"]],
            total=first[number]["total"],
        )
        if number in first
        else PeriodUse(date=day)
        for number, day in enumerate(span.periods)
    ]


def _most(
    rows: QuerySet[Execution], key: Literal["runbook_id", "server_id"], limit: int
) -> list[dict[str, Any]]:
    fared = rows.values(key).annotate(**_FARED)
    return list(fared.order_by("-total", key)[:limit])


def _fared(row: Mapping[str, Any]) -> Fared:
    return Fared(
        counts=Counts.of(row),
        median_ms=milliseconds(row["median"]),
        p95_ms=milliseconds(row["p95"]),
        last_run_at=row["last_run_at"],
    )
