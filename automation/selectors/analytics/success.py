"""How often executions succeeded, in all and by period."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from automation.models import Execution
from automation.selectors.analytics.runs import by_period
from automation.selectors.analytics.span import Span
from automation.selectors.outcomes import COUNTS, Counts


@dataclass(frozen=True, kw_only=True)
class PeriodCounts:
    """What one period of a timeline counts."""

    date: date
    """Its first day."""
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Success:
    """How often executions of a span succeeded."""

    span: Span
    counts: Counts
    timeline: list[PeriodCounts]
    """Each period of the span, in order."""


def success(rows: QuerySet[Execution], span: Span) -> Success:
    """Return how often they succeeded; one query."""
    timeline = over_time(rows, span)
    return Success(span=span, counts=sum_of(timeline), timeline=timeline)


def over_time(rows: QuerySet[Execution], span: Span) -> list[PeriodCounts]:
    """Return what each period of the span counts; one query."""
    found = {row["period"]: Counts.of(row) for row in by_period(rows, span).annotate(**COUNTS)}
    nothing = Counts()
    return [
        PeriodCounts(date=day, counts=found.get(number, nothing))
        for number, day in enumerate(span.periods)
    ]


def sum_of(timeline: list[PeriodCounts]) -> Counts:
    """Return the counts of all periods together."""
    return Counts(
        **{name: sum(getattr(period.counts, name) for period in timeline) for name in COUNTS}
    )
