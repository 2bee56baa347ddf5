"""All of it at a glance: how executions ended, how long they took, and how that has changed."""

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Count, QuerySet

from automation.engine.results import Status, Verdict
from automation.models import Execution, Trigger
from automation.selectors.analytics import success
from automation.selectors.analytics.durations import PERCENTILES, milliseconds, succeeded
from automation.selectors.analytics.runs import within
from automation.selectors.analytics.span import Span
from automation.selectors.analytics.success import PeriodCounts
from automation.selectors.outcomes import COUNTS, Counts

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What a span comes to."""

    span: Span
    counts: Counts
    median_ms: int | None
    """Of those that succeeded, as the next one."""
    p95_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is more, or less where below 0, than in the span before; ``None`` where one is."""

    total: int
    success_rate: float | None
    fix_rate: float | None
    median_ms: int | None
    p95_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Summary(Totals):
    """A span of executions at a glance."""

    before: Totals
    """Of the equally long span before."""
    statuses: dict[Status, int]
    verdicts: dict[Verdict, int]
    """Those without a verdict have not ended, or their runbook has no way to look."""
    triggers: dict[Trigger, int]
    timeline: list[PeriodCounts]
    """Each period of the span, in order."""

    @property
    def change(self) -> Change:
        """How it differs from the span before."""
        counts, before = self.counts, self.before
        return Change(
            total=counts.total - before.counts.total,
            success_rate=_difference(counts.success_rate, before.counts.success_rate),
            fix_rate=_difference(counts.fix_rate, before.counts.fix_rate),
            median_ms=_difference(self.median_ms, before.median_ms),
            p95_ms=_difference(self.p95_ms, before.p95_ms),
        )


def summary(rows: QuerySet[Execution], span: Span) -> Summary:
    """Return what they come to; five queries."""
    timeline = success.over_time(rows, span)
    statuses: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    triggers: Counter[str] = Counter()
    kinds = within(rows, span).values_list("status", "verdict", "triggered_by")
    for status, verdict, trigger, total in kinds.annotate(total=Count("*")):
        statuses[status] += total
        verdicts[verdict] += total
        triggers[trigger] += total
    median_ms, p95_ms = _took(rows, span)
    return Summary(
        span=span,
        counts=success.sum_of(timeline),
        median_ms=median_ms,
        p95_ms=p95_ms,
        before=_totals(rows, span.before),
        statuses={status: statuses[status] for status in Status},
        verdicts={verdict: verdicts[verdict] for verdict in Verdict},
        triggers={trigger: triggers[trigger] for trigger in Trigger},
        timeline=timeline,
    )


def _totals(rows: QuerySet[Execution], span: Span) -> Totals:
    median_ms, p95_ms = _took(rows, span)
    counts = Counts.of(within(rows, span).aggregate(**COUNTS))
    return Totals(span=span, counts=counts, median_ms=median_ms, p95_ms=p95_ms)


def _took(rows: QuerySet[Execution], span: Span) -> tuple[int | None, int | None]:
    """Return median and 95th percentile of what succeeded, in milliseconds."""
    took = within(succeeded(rows), span).aggregate(**PERCENTILES)
    return milliseconds(took["median"]), milliseconds(took["p95"])


def _difference(now: _Number | None, before: _Number | None) -> _Number | None:
    return None if now is None or before is None else now - before
