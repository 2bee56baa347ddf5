from datetime import UTC, datetime, timedelta

import pytest

from automation.engine.results import Status, Verdict
from automation.models import CatalogEntry, Execution
from automation.selectors import records
from automation.selectors.records import RECENT_RUNS, Recent
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def ran(count: int, *, day: int, seconds: float = 4, server=None, **fields) -> None:
    """Make executions of one day, by the hundreds."""
    queued_at = BEGIN + timedelta(days=day)
    server, entry = server or makers.server(), makers.entry()
    values = {
        "status": Status.SUCCESS,
        "started_at": queued_at,
        "finished_at": queued_at + timedelta(seconds=seconds),
        **fields,
    }
    Execution.objects.bulk_create(
        Execution(runbook=entry, server=server, queued_at=queued_at, waiting_since=None, **values)
        for _ in range(count)
    )


def recent() -> Recent:
    return records.record_of(makers.entry()).recent


def test_a_runbook_that_never_ran_has_no_rates() -> None:
    record = records.record_of(makers.entry())
    assert (record.total, record.recent) == (0, Recent())


def test_rates_are_those_of_the_latest_runs_and_the_total_is_of_all() -> None:
    ran(500, day=1, status=Status.FAILED, verdict=Verdict.NOT_FIXED)
    ran(RECENT_RUNS - 100, day=2, verdict=Verdict.FIXED)
    record = records.record_of(makers.entry())
    assert record.total == 400 + RECENT_RUNS
    assert (record.recent.success_rate, record.recent.fix_rate) == (0.9, 0.9)


def test_what_was_cancelled_or_has_not_ended_makes_no_place_for_itself() -> None:
    ran(1, day=1, status=Status.FAILED)
    ran(1, day=1)
    for status in (Status.CANCELLED, Status.PENDING):
        ran(RECENT_RUNS, day=2, status=status)
    ran(1, day=3, status=Status.RUNNING)
    assert recent().success_rate == 0.5


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.SUCCESS, 1.0),
        (Status.FAILED, 0.5),
        (Status.TIMEOUT, 0.5),
        (Status.ROLLED_BACK, 0.5),
        (Status.UNKNOWN, 0.5),
        (Status.CANCELLED, 1.0),
        (Status.PENDING, 1.0),
        (Status.RUNNING, 1.0),
    ],
)
def test_each_status_is_a_success_a_failure_or_neither(status: Status, expected: float) -> None:
    ran(1, day=1)
    ran(1, day=1, status=status)
    assert recent().success_rate == expected


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.FIXED, 1.0),
        (Verdict.NOT_FIXED, 0.5),
        (Verdict.MADE_WORSE, 0.5),
        (Verdict.NOTHING_TO_FIX, 1.0),
        ("", 1.0),
    ],
)
def test_each_verdict_is_a_fix_or_none_or_had_nothing_to_fix(verdict: str, expected: float) -> None:
    ran(1, day=1, verdict=Verdict.FIXED)
    ran(1, day=1, verdict=verdict)
    assert recent().fix_rate == expected


def test_dry_runs_are_left_out() -> None:
    ran(1, day=1)
    ran(3, day=2, status=Status.FAILED, is_dry_run=True)
    record = records.record_of(makers.entry())
    assert (record.total, record.recent.success_rate) == (1, 1.0)


def test_the_usual_duration_is_the_middle_of_what_succeeded() -> None:
    for seconds in (3, 4, 3600):
        ran(1, day=1, seconds=seconds)
    ran(9, day=1, seconds=1, status=Status.FAILED)
    assert recent().usual_seconds == 4
    assert records.estimated_seconds(makers.entry()) == 4


def test_before_it_succeeded_its_own_word_counts() -> None:
    ran(1, day=1, status=Status.FAILED)
    assert records.estimated_seconds(makers.entry()) == 30


def test_each_entry_of_a_page_gets_its_own_record(django_assert_num_queries) -> None:
    server = makers.server()
    ran(2, day=1, server=server, verdict=Verdict.FIXED)
    makers.execution("SAMPLE_LOOKING", server=server, status=Status.FAILED)
    entries = list(CatalogEntry.objects.all())
    with django_assert_num_queries(1):
        listed = records.with_records(entries)
    found = {e.runbook_id: (e.total_executions, e.success_rate, e.fix_rate) for e in listed}
    assert found.pop("SAMPLE_MENDING") == (2, 1.0, 1.0)
    assert found.pop("SAMPLE_LOOKING") == (1, 0.0, None)
    assert set(found.values()) == {(0, None, None)}


def test_an_empty_page_has_no_records() -> None:
    assert records.with_records([]) == []
