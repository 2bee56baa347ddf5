"""Each answer against plain counting over the same rows, in several zones and over their clocks."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from automation.engine.results import Status, Verdict
from automation.models import Execution, Trigger
from automation.selectors.analytics import durations, runs, span, success, summary, usage
from automation.selectors.analytics.span import Grouping, Span
from automation.selectors.outcomes import Counts
from tests.automation import makers
from tests.automation.selectors.analytics import reference

pytestmark = pytest.mark.django_db

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago")
SPRING = (datetime(2026, 3, 27, 22, 30, tzinfo=UTC), datetime(2026, 3, 31, 7, tzinfo=UTC))
AUTUMN = (datetime(2026, 10, 23, 22, tzinfo=UTC), datetime(2026, 10, 27, 1, 15, tzinfo=UTC))
LONG = (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
SPANS = [
    *((*dates, zone, Grouping.DAY) for dates in (SPRING, AUTUMN) for zone in ZONES),
    *((*AUTUMN, zone, Grouping.WEEK) for zone in ZONES),
    *((*LONG, "Europe/Berlin", grouping) for grouping in Grouping),
]
FEW = [(*LONG, "Europe/Berlin", Grouping.MONTH), (*AUTUMN, "Europe/Berlin", Grouping.DAY)]


def made(start: datetime, end: datetime, zone: str, grouping: Grouping) -> Span:
    return span.span(start=start, end=end, zone=span.zone(zone), grouping=grouping, now=end)


def real(history: list[Execution], start: datetime, end: datetime) -> list[Execution]:
    """The rows that are counted."""
    return [row for row in history if not row.is_dry_run and start <= row.queued_at < end]


def said(counts: Counts, *names: str) -> dict[str, Any]:
    names = names or (
        "total",
        "successful",
        "failed",
        "cancelled",
        "unfinished",
        "success_rate",
        "fix_rate",
    )
    return {name: getattr(counts, name) for name in names}


def durations_of(found: durations.Durations) -> dict[str, int | None]:
    names = ("average_ms", "median_ms", "p95_ms", "minimum_ms", "maximum_ms")
    return {name: getattr(found, name) for name in names}


@pytest.mark.parametrize(("start", "end", "zone", "grouping"), SPANS)
def test_rates_and_durations_and_their_timelines(history, start, end, zone, grouping) -> None:
    visible, asked = runs.runs(makers.admin()), made(start, end, zone, grouping)
    rates = success.success(visible, asked)
    times = durations.execution_time(visible, asked)
    rows = real(history, start, end)
    assert len(rows) > 50
    assert said(rates.counts) == reference.counted(rows)
    assert durations_of(times.durations) == reference.took(rows)
    assert times.durations.measured == rates.counts.successful
    days = reference.periods(start, end, zone, grouping)
    assert [period.date for period in rates.timeline] == days
    assert [period.date for period in times.timeline] == days
    parts = reference.by_period(rows, zone, grouping)
    for counts, time in zip(rates.timeline, times.timeline, strict=True):
        mine = parts[counts.date]
        assert said(counts.counts) == reference.counted(mine), counts.date
        assert durations_of(time.durations) == reference.took(mine), counts.date
        assert time.durations.measured == counts.counts.successful


@pytest.mark.parametrize(("start", "end", "zone", "grouping"), FEW)
def test_the_most_used(history, start, end, zone, grouping) -> None:
    asked = made(start, end, zone, grouping)
    visible = runs.runs(makers.admin())
    rows = real(history, start, end)
    for found, key in (
        (
            [(use.runbook.pk, use.fared) for use in usage.runbooks(visible, asked, limit=9)],
            "runbook",
        ),
        ([(use.server.pk, use.fared) for use in usage.servers(visible, asked, limit=9)], "server"),
    ):
        totals = Counter(getattr(row, f"{key}_id") for row in rows)
        assert {pk for pk, _ in found} == set(totals)
        listed = [fared.counts.total for _, fared in found]
        assert listed == sorted(totals.values(), reverse=True)
        for pk, fared in found:
            mine = [row for row in rows if getattr(row, f"{key}_id") == pk]
            took = reference.took(mine)
            assert said(fared.counts) == reference.counted(mine)
            assert (fared.median_ms, fared.p95_ms) == (took["median_ms"], took["p95_ms"])
            assert fared.last_run_at == max(row.queued_at for row in mine)


@pytest.mark.parametrize(("start", "end", "zone", "grouping"), FEW)
def test_the_most_used_of_each_period(history, start, end, zone, grouping) -> None:
    asked = made(start, end, zone, grouping)
    rows = real(history, start, end)
    found = usage.over_time(runs.runs(makers.admin()), asked)
    assert [use.date for use in found] == reference.periods(start, end, zone, grouping)
    parts = reference.by_period(rows, zone, grouping)
    for use in found:
        totals = Counter(row.runbook_id for row in parts[use.date])
        if use.runbook is None:
            assert not totals
        else:
            assert use.total == totals[use.runbook.pk] == max(totals.values())


@pytest.mark.parametrize(("start", "end", "zone", "grouping"), SPANS[::4])
def test_the_summary(history, start, end, zone, grouping) -> None:
    asked = made(start, end, zone, grouping)
    found = summary.summary(runs.runs(makers.admin()), asked)
    rows, before = real(history, start, end), real(history, start - (end - start), start)
    for totals, mine in ((found, rows), (found.before, before)):
        took = reference.took(mine)
        assert said(totals.counts) == reference.counted(mine)
        assert (totals.median_ms, totals.p95_ms) == (took["median_ms"], took["p95_ms"])
    assert found.statuses == {each: sum(row.status == each for row in rows) for each in Status}
    assert found.verdicts == {each: sum(row.verdict == each for row in rows) for each in Verdict}
    assert found.triggers == {
        each: sum(row.triggered_by == each for row in rows) for each in Trigger
    }
    assert found.change.total == len(rows) - len(before)
    assert [period.date for period in found.timeline] == asked.periods


def test_the_change_is_from_the_span_before_to_this_one(history) -> None:
    start, end = datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC)
    found = summary.summary(runs.runs(makers.admin()), made(start, end, "UTC", Grouping.DAY))
    rows, before = real(history, start, end), real(history, start - timedelta(days=2), start)
    now, then = reference.counted(rows), reference.counted(before)
    assert found.change.success_rate == now["success_rate"] - then["success_rate"]
    assert found.change.fix_rate == now["fix_rate"] - then["fix_rate"]
    took = reference.took(rows)["median_ms"] - reference.took(before)["median_ms"]
    assert found.change.median_ms == took


def test_one_runbook_or_server_is_counted_alone(history) -> None:
    asked = made(*LONG, "UTC", Grouping.MONTH)
    rows = real(history, *LONG)
    runbook, server = rows[0].runbook, rows[0].server
    user = makers.admin()
    of_runbook = success.success(runs.runs(user, runbook=runbook), asked).counts
    on_server = success.success(runs.runs(user, server_id=server.pk), asked).counts
    of_both = success.success(runs.runs(user, runbook=runbook, server_id=server.pk), asked).counts
    assert said(of_runbook) == reference.counted(r for r in rows if r.runbook_id == runbook.pk)
    assert said(on_server) == reference.counted(r for r in rows if r.server_id == server.pk)
    assert said(of_both) == reference.counted(
        r for r in rows if (r.runbook_id, r.server_id) == (runbook.pk, server.pk)
    )


def test_the_limit_leaves_the_most_used_ones(history) -> None:
    asked = made(*LONG, "UTC", Grouping.MONTH)
    visible = runs.runs(makers.admin())
    all_of_them = usage.servers(visible, asked, limit=9)
    assert usage.servers(visible, asked, limit=2) == all_of_them[:2]
    assert usage.runbooks(visible, asked, limit=1) == usage.runbooks(visible, asked, limit=9)[:1]


@pytest.mark.parametrize("user", [AnonymousUser(), "HR"])
def test_who_may_see_no_execution_counts_none(history, user) -> None:
    visible = runs.runs(makers.user(user) if isinstance(user, str) else user)
    asked = made(*AUTUMN, "Europe/Berlin", Grouping.DAY)
    found = summary.summary(visible, asked)
    assert (found.counts, found.median_ms, found.change.total) == (Counts(), None, 0)
    assert len(found.timeline) == len(asked.periods)
    assert durations.execution_time(visible, asked).durations == durations.Durations()
    assert usage.runbooks(visible, asked, limit=9) == usage.servers(visible, asked, limit=9) == []
    assert {use.runbook for use in usage.over_time(visible, asked)} == {None}


def test_a_narrower_base_is_counted_alone(history) -> None:
    asked = made(*LONG, "UTC", Grouping.MONTH)
    rows = real(history, *LONG)
    name = rows[0].server.name
    # By a join, as a narrower visibility may come.
    visible = runs.runs(makers.admin()).filter(server__name=name)
    mine = [row for row in rows if row.server.name == name]
    assert said(summary.summary(visible, asked).counts) == reference.counted(mine)
    found = durations.execution_time(visible, asked)
    assert durations_of(found.durations) == reference.took(mine)
    assert sum(use.fared.counts.total for use in usage.runbooks(visible, asked, limit=9)) == len(
        mine
    )
    assert usage.over_time(visible, asked)[0].date == asked.periods[0]
