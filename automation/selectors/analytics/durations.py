"""How long executions took that succeeded: the others ended early, or waited for their timeout."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Aggregate, Avg, Count, QuerySet

from automation.models import Execution
from automation.selectors.analytics.runs import by_period, within
from automation.selectors.analytics.span import Span
from automation.selectors.outcomes import SUCCESSFUL, Percentile, Seconds

PERCENTILES: Final[dict[str, Aggregate]] = {
    "median": Percentile(Seconds(), 0.5),
    "p95": Percentile(Seconds(), 0.95),
}
_ALL: Final[dict[str, Aggregate]] = {
    "measured": Count("*"),
    "average": Avg(Seconds()),
    # The ends of what is sorted for the percentiles anyway.
    "minimum": Percentile(Seconds(), 0.0),
    "maximum": Percentile(Seconds(), 1.0),
    **PERCENTILES,
}


@dataclass(frozen=True, kw_only=True)
class Durations:
    """How long they took, in milliseconds; ``None`` where none was measured."""

    measured: int = 0
    average_ms: int | None = None
    median_ms: int | None = None
    p95_ms: int | None = None
    minimum_ms: int | None = None
    maximum_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class PeriodDurations:
    """How long executions of one period of a timeline took."""

    date: date
    """Its first day."""
    durations: Durations


@dataclass(frozen=True, kw_only=True)
class ExecutionTime:
    """How long executions of a span took."""

    span: Span
    durations: Durations
    timeline: list[PeriodDurations]
    """Each period of the span, in order."""


def execution_time(rows: QuerySet[Execution], span: Span) -> ExecutionTime:
    """Return how long they took; two queries."""
    measured = within(succeeded(rows), span).aggregate(**_ALL)
    found = {
        row["period"]: _durations(row) for row in by_period(succeeded(rows), span).annotate(**_ALL)
    }
    nothing = Durations()
    return ExecutionTime(
        span=span,
        durations=_durations(measured),
        timeline=[
            PeriodDurations(date=day, durations=found.get(number, nothing))
            for number, day in enumerate(span.periods)
        ],
    )


def succeeded(rows: QuerySet[Execution]) -> QuerySet[Execution]:
    """Return those whose duration is looked at."""
    return rows.filter(status__in=SUCCESSFUL, started_at__isnull=False, finished_at__isnull=False)


def milliseconds(seconds: float | None) -> int | None:
    """Return them in milliseconds, as executions show theirs."""
    return None if seconds is None else round(seconds * 1000)


def _durations(row: Mapping[str, Any]) -> Durations:
    return Durations(
        measured=row["measured"],
        average_ms=milliseconds(row["average"]),
        median_ms=milliseconds(row["median"]),
        p95_ms=milliseconds(row["p95"]),
        minimum_ms=milliseconds(row["minimum"]),
        maximum_ms=milliseconds(row["maximum"]),
    )
