"""What analytics found, as the page tells it: figures against before, periods, bars, sentences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any, Final

from django.db.models import QuerySet

from automation.models import Execution
from automation.selectors.analytics import durations, summary, usage
from automation.selectors.analytics.durations import Durations, ExecutionTime
from automation.selectors.analytics.span import Grouping
from automation.selectors.analytics.summary import Summary
from automation.selectors.analytics.usage import Fared, RunbookUse, ServerUse
from automation.selectors.outcomes import Counts
from automation.web.analytics_filters import Asked
from automation.web.counted import Behind
from opsmanager.common.templatetags.times import duration
from opsmanager.common.templatetags.values import percent

_MOST_USED: Final = 10


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number at the top, and the same of the equally long time before."""

    name: str
    value: str
    before: str
    word: str
    """How it compares, such as "better"; empty where there is nothing to compare with."""
    tone: str
    shape: str
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Period:
    """One row of the charts' tables."""

    title: str
    """What it is called, after its first day; the span may begin after that."""
    label: str
    """The same, as short as an axis wants it."""
    counts: Counts
    durations: Durations
    behind: Behind

    @property
    def cells(self) -> list[tuple[int, str]]:
        """How many ended how, in the order of the table, each with the address of those counted."""
        counted = {"all": self.counts.total}
        kinds = ("successful", "failed", "cancelled", "unfinished")
        counted |= {kind: getattr(self.counts, kind) for kind in kinds}
        return [(count, self.behind[kind] if count else "") for kind, count in counted.items()]

    @property
    def unfixed(self) -> int:
        """How many met something to fix and did not fix it."""
        return self.counts.met - self.counts.fixed


@dataclass(frozen=True, kw_only=True)
class Bar:
    """How one runbook or server fared, with the widths of its bar in percent of the longest."""

    name: str
    key: str
    """What the page's filter calls it; empty where it can't be asked for any more."""
    fared: Fared
    behind: Behind
    successful: str
    failed: str
    failed_at: str
    rest: str
    rest_at: str


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """How many are of which kind."""

    name: str
    counts: list[tuple[Any, int, str]]
    """The kind, how many, and the address of those counted; empty where there is none."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that the page shows of a span."""

    asked: Asked
    summary: Summary
    took: ExecutionTime
    figures: list[Figure]
    periods: list[Period]
    runbooks: list[Bar]
    """The most used first; empty where one is asked for, as the next one."""
    servers: list[Bar]
    behind: Behind

    @property
    def kinds(self) -> list[Kinds]:
        """How they ended, what they found and what started them, the most first."""
        found, here = self.summary, self.behind["all"]
        return [
            Kinds(name="Ended", counts=_kinds(found.statuses, f"{here}&status=")),
            Kinds(name="Found", counts=_kinds(found.verdicts, f"{here}&verdict=")),
            Kinds(name="Started by", counts=_kinds(found.triggers)),
        ]

    @property
    def days(self) -> tuple[date, date]:
        """The first day, and the one that goes on, in the zone of the span."""
        span = self.asked.span
        return span.start.astimezone(span.zone).date(), span.end.astimezone(span.zone).date()


def report(rows: QuerySet[Execution], asked: Asked) -> Report:
    """Return what the rows come to over the span that is asked for; twelve queries."""
    span = asked.span
    found = summary.summary(rows, span)
    took = durations.execution_time(rows, span)
    runbook = asked.runbook.runbook_id if asked.runbook else ""
    server = str(asked.server.pk) if asked.server else ""
    behind = Behind(since=span.start, runbook=runbook, server=server)
    moments = span.beginnings
    periods = [
        Period(
            title=_title(counted.date, span.grouping),
            label=_label(counted.date, span.grouping),
            counts=counted.counts,
            durations=timed.durations,
            behind=Behind(since=since, until=until, runbook=runbook, server=server),
        )
        for counted, timed, (since, until) in zip(
            found.timeline, took.timeline, zip_longest(moments, moments[1:]), strict=True
        )
    ]
    return Report(
        asked=asked,
        summary=found,
        took=took,
        figures=_figures(found, behind),
        periods=periods,
        runbooks=[] if runbook else _runbooks(usage.runbooks(rows, span, limit=_MOST_USED), behind),
        servers=[] if server else _servers(usage.servers(rows, span, limit=_MOST_USED), behind),
        behind=behind,
    )


def _title(day: date, grouping: Grouping) -> str:
    match grouping:
        case Grouping.DAY:
            return f"{day:%a} {day.day} {day:%b %Y}"
        case Grouping.WEEK:
            return f"Week of {day.day} {day:%b %Y}"
        case Grouping.MONTH:
            return f"{day:%B %Y}"


def _label(day: date, grouping: Grouping) -> str:
    return f"{day:%b %Y}" if grouping == Grouping.MONTH else f"{day.day} {day:%b}"


def _figures(found: Summary, behind: Behind) -> list[Figure]:
    before = found.before
    return [
        _figure(
            "Executions",
            str(found.counts.total),
            str(before.counts.total),
            found.change.total,
            ("more", "idle", "better"),
            ("fewer", "idle", "worse"),
            behind["all"],
        ),
        _figure(
            "Succeeded",
            percent(found.counts.success_rate),
            percent(before.counts.success_rate),
            found.change.success_rate,
            ("better", "good", "better"),
            ("worse", "bad", "worse"),
        ),
        _figure(
            "Fixed it",
            percent(found.counts.fix_rate),
            percent(before.counts.fix_rate),
            found.change.fix_rate,
            ("better", "good", "better"),
            ("worse", "bad", "worse"),
        ),
        *(
            _figure(
                name,
                duration(now) or "—",
                duration(then) or "—",
                change,
                ("slower", "warn", "better"),
                ("faster", "good", "worse"),
            )
            for name, now, then, change in (
                ("Median time", found.median_ms, before.median_ms, found.change.median_ms),
                ("95 % took at most", found.p95_ms, before.p95_ms, found.change.p95_ms),
            )
        ),
    ]


def _figure(
    name: str,
    value: str,
    before: str,
    change: float | None,
    up: tuple[str, str, str],
    down: tuple[str, str, str],
    href: str = "",
) -> Figure:
    """Return a figure; ``up`` and ``down`` are word, tone and shape of what is more and less."""
    if change is None:
        word, tone, shape = "", "idle", "equal"
    elif value == before:
        # What looks the same to the reader is the same.
        word, tone, shape = "as before", "idle", "equal"
    else:
        word, tone, shape = up if change > 0 else down
    return Figure(
        name=name, value=value, before=before, word=word, tone=tone, shape=shape, href=href
    )


def _runbooks(used: list[RunbookUse], behind: Behind) -> list[Bar]:
    longest = _longest(use.fared for use in used)
    return [
        _bar(
            use.runbook.title,
            use.runbook.runbook_id if use.runbook.is_deployed else "",
            use.fared,
            Behind(since=behind.since, runbook=use.runbook.runbook_id, server=behind.server),
            longest,
        )
        for use in used
    ]


def _servers(used: list[ServerUse], behind: Behind) -> list[Bar]:
    longest = _longest(use.fared for use in used)
    return [
        _bar(
            use.server.name,
            str(use.server.pk),
            use.fared,
            Behind(since=behind.since, runbook=behind.runbook, server=str(use.server.pk)),
            longest,
        )
        for use in used
    ]


def _kinds(counts: Mapping[Any, int], address: str = "") -> list[tuple[Any, int, str]]:
    return [
        (kind, count, address and f"{address}{kind}")
        for kind, count in sorted(counts.items(), key=lambda each: -each[1])
        if count
    ]


def _longest(fared: Iterable[Fared]) -> int:
    return max((each.counts.total for each in fared), default=1)


def _bar(name: str, key: str, fared: Fared, behind: Behind, longest: int) -> Bar:
    counts = fared.counts
    ended = counts.successful + counts.failed
    return Bar(
        name=name,
        key=key,
        fared=fared,
        behind=behind,
        successful=_width(counts.successful, longest),
        failed=_width(counts.failed, longest),
        failed_at=_width(counts.successful, longest),
        rest=_width(counts.total - ended, longest),
        rest_at=_width(ended, longest),
    )


def _width(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}%"
