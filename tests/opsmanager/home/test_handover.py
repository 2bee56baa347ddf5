from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import Batch, Execution, Schedule, ScheduleSlot, SlotState
from incidents.models import Incident, RemediationRule, RuleBreaker
from opsmanager.accounts.models import User
from opsmanager.common.problems import Invalid, NotPermitted
from opsmanager.home import handover, shift
from opsmanager.home.handover import Handover, Listed
from servers.models import Server, ServerGroup
from tests.automation import makers
from tests.support.api_tokens import made, program
from tests.support.users import user_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def noc() -> User:
    return user_with("NOC", name="nora")


@pytest.fixture
def web1() -> Server:
    return makers.server(name="web1")


def of(user: User, hours: int = 8) -> Handover:
    now = timezone.now()
    return handover.of(user, shift.Shift(start=now - timedelta(hours=hours), end=now))


def ran(server: Server, status: str, verdict: str = "", *, hours: float = 1, **fields: Any):
    when = timezone.now() - timedelta(hours=hours)
    values = {"server": server, "status": status, "verdict": verdict, "queued_at": when}
    ended = {"started_at": when, "finished_at": when + timedelta(minutes=1)}
    return makers.execution(**{**values, **ended, **fields})


def titles(listed: Listed | None) -> list[str]:
    assert listed is not None
    return [item["title"] for item in listed.items]


def badges(listed: Listed | None) -> list[str]:
    assert listed is not None
    return [item["badge"] for item in listed.items]


def test_what_ran_in_the_shift_is_counted_and_dry_runs_are_not(noc: User, web1: Server) -> None:
    ran(web1, Status.SUCCESS, Verdict.FIXED)
    ran(web1, Status.FAILED, hours=3)
    ran(web1, Status.SUCCESS, hours=20)
    ran(web1, Status.FAILED, is_dry_run=True)
    found = of(noc).ran
    assert (found.counts.total, found.counts.successful, found.counts.failed) == (2, 1, 1)
    assert (found.statuses["SUCCESS"], found.verdicts["FIXED"]) == (1, 1)
    assert badges(found.failed) == ["FAILED"]
    assert of(noc, hours=24).ran.counts.total == 3


def test_what_was_mended_since_is_no_longer_broken_but_did_fail(noc: User, web1: Server) -> None:
    ran(web1, Status.SUCCESS, Verdict.NOT_FIXED, hours=2)
    assert badges(of(noc).still_broken) == ["NOT_FIXED"]
    assert badges(of(noc).mended) == []
    ran(web1, Status.SUCCESS, Verdict.FIXED, hours=1)
    found = of(noc)
    assert badges(found.still_broken) == []
    assert badges(found.ran.failed) == ["NOT_FIXED"]
    assert badges(found.mended) == ["NOT_FIXED"]


def test_what_broke_in_an_earlier_shift_of_the_week_is_still_broken(
    noc: User, web1: Server
) -> None:
    ran(web1, Status.TIMEOUT, hours=60)
    ran(makers.server(), Status.FAILED, hours=24 * 8)
    found = of(noc)
    assert badges(found.still_broken) == ["TIMEOUT"]
    assert badges(found.ran.failed) == []


def test_what_nobody_knows_the_end_of_is_to_be_decided_however_old(noc: User, web1: Server) -> None:
    ran(web1, Status.UNKNOWN, hours=24 * 40)
    found = of(noc)
    assert badges(found.undecided) == ["UNKNOWN"]
    assert found.undecided.items[0]["url"].endswith("#decision")
    assert badges(found.still_broken) == []


def test_those_of_one_batch_are_told_together(noc: User) -> None:
    batch = Batch.objects.create(runbook=makers.entry())
    for _ in range(3):
        ran(makers.server(), Status.FAILED, batch=batch)
    (item,) = of(noc).still_broken.items
    assert (item["kind"], "3 servers" in item["detail"]) == ("batch", True)


def test_a_rollback_that_did_not_succeed_is_still_broken(noc: User, web1: Server) -> None:
    rolled = {"rollback_status": Status.FAILED, "rollback_at": timezone.now()}
    ran(web1, Status.SUCCESS, **rolled)
    (title,) = titles(of(noc).still_broken)
    assert title.startswith("Rollback: ")


def test_incidents_of_the_shift_are_counted_and_open_ones_listed(noc: User, web1: Server) -> None:
    def incident(title: str, **fields: Any) -> Incident:
        return Incident.objects.create(
            source="x", fingerprint=title, title=title, severity="HIGH", server=web1, **fields
        )

    long_ago = timezone.now() - timedelta(days=3)
    incident("Down")
    incident("Old", opened_at=long_ago)
    incident("Over", opened_at=long_ago, status="RESOLVED", resolved_at=timezone.now())
    now = timezone.now() + timedelta(seconds=5)
    found = handover.of(noc, shift.Shift(start=now - timedelta(hours=8), end=now))
    assert found.alerts == handover.Alerts(opened=1, resolved=1)
    assert sorted(titles(found.open_incidents)) == ["Down", "Old"]


def test_stopped_rules_approvals_and_what_runs_are_listed(noc: User, web1: Server) -> None:
    rule = RemediationRule.objects.create(name="Restart", runbook=makers.entry())
    RuleBreaker.objects.create(rule=rule, server=web1, message="It did not help 3 times.")
    RuleBreaker.objects.create(
        rule=rule, server=makers.server(), message="x", rearmed_at=timezone.now()
    )
    makers.approval(makers.execution(server=web1, waiting_since=None))
    makers.execution(server=web1, status=Status.RUNNING, started_at=timezone.now())
    found = of(noc)
    assert titles(found.breakers) == ["Rule stopped: Restart"]
    assert badges(found.approvals) == ["PENDING"]
    assert badges(found.in_progress) == ["RUNNING"]


def test_schedules_that_did_not_run_in_the_shift_are_listed_once(noc: User) -> None:
    def missed(schedule: Schedule, hours: float, state: str = SlotState.MISSED) -> None:
        due = timezone.now() - timedelta(hours=hours)
        ScheduleSlot.objects.create(schedule=schedule, due_at=due, state=state)

    nightly = makers.schedule(name="Nightly")
    missed(nightly, 1)
    missed(nightly, 2, SlotState.REFUSED)
    missed(makers.schedule(name="Yesterday"), 20)
    missed(makers.schedule(name="Fine"), 1, SlotState.STARTED)
    found = of(noc)
    assert titles(found.missed) == ["Schedule: Nightly"]
    assert found.missed is not None
    assert found.missed.items[0]["detail"].startswith("2 times.")
    assert found.ahead is not None
    assert found.ahead.count == 3


def test_the_next_shift_looks_as_far_ahead_as_this_one_is_long() -> None:
    def ahead(hours: float) -> int:
        return shift.Shift(start=NOW - timedelta(hours=hours), end=NOW).hours_ahead

    assert [ahead(hours) for hours in (0.1, 8, 12, 100)] == [1, 8, 12, 24]


def test_cooldowns_are_listed_the_first_to_end_first(noc: User, web1: Server) -> None:
    makers.entry("SAMPLE_MENDING", cooldown_minutes=10)
    makers.entry("SAMPLE_LOOKING", cooldown_minutes=5)
    later = makers.execution("SAMPLE_MENDING", server=web1, age_minutes=2, status=Status.SUCCESS)
    sooner = makers.execution("SAMPLE_LOOKING", server=web1, age_minutes=2, status=Status.SUCCESS)
    makers.execution("SAMPLE_MENDING", server=web1, age_minutes=6, status=Status.SUCCESS)
    makers.execution("SAMPLE_MENDING", age_minutes=11, status=Status.SUCCESS)
    makers.execution("SAMPLE_MENDING", is_dry_run=True, status=Status.SUCCESS)
    found = of(noc).cooldowns
    assert [each.execution.pk for each in found] == [sooner.pk, later.pk]
    assert 470 < found[1].seconds_left <= 480


def test_places_in_maintenance_are_listed_until_it_is_over(noc: User) -> None:
    makers.server(name="db1", in_maintenance=True, maintenance_reason="New disks")
    over = timezone.now() - timedelta(minutes=1)
    makers.server(name="db2", in_maintenance=True, maintenance_until=over)
    ServerGroup.objects.create(name="shop", in_maintenance=True)
    assert [place.name for place in of(noc).maintenance] == ["shop", "db1"]


def test_silent_workers_are_not_well(noc: User) -> None:
    assert {"workers", "beat"} <= {part.name for part in of(noc).unwell}


def test_who_may_not_see_a_kind_of_thing_is_not_told_that_there_is_none() -> None:
    found = of(user_with("HELPDESK"))
    assert (found.open_incidents, found.alerts, found.breakers) == (None, None, None)
    assert (found.approvals, found.missed, found.ahead) == (None, None, None)
    with pytest.raises(NotPermitted):
        of(user_with("HR"))


def test_a_token_for_one_server_is_told_of_that_alone(web1: Server) -> None:
    ran(web1, Status.FAILED, error_message="Here.")
    ran(makers.server(name="secret1", in_maintenance=True), Status.FAILED, error_message="There.")
    _token, secret = made(makers.admin(), server_ids=[web1.pk])
    client = program(secret)
    answer = client.get("/api/v1/reports/handover")
    assert answer.status_code == 200
    body = answer.json()["handover"]
    assert body["ran"]["totalExecutions"] == 1
    assert [item["serverName"] for item in body["stillBroken"]["items"]] == ["web1"]
    assert body["openIncidents"] == {"items": [], "hasMore": False}
    text = answer.content.decode() + client.get("/api/v1/reports/handover/export").content.decode()
    assert "secret1" not in text
    assert "There." not in text


def test_long_lists_are_cut_and_say_so(noc: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "ROWS", 2)
    for _ in range(3):
        ran(makers.server(), Status.FAILED)
    found = of(noc).still_broken
    assert (len(found.items), found.has_more, found.count) == (2, True, "2+")


def test_it_takes_as_many_queries_however_much_there_is(
    noc: User, web1: Server, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    def fill() -> None:
        for _ in range(5):
            ran(makers.server(), Status.FAILED)
            makers.execution(status=Status.RUNNING, started_at=timezone.now())
            makers.approval(makers.execution(waiting_since=None))

    fill()
    of(noc)
    with django_assert_max_num_queries(60) as first:
        of(noc)
    fill()
    with django_assert_num_queries(len(first.captured_queries)):
        of(noc)
    assert Execution.objects.count() == 30


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        ({}, 8),
        ({"hours": 12}, 12),
        ({"start": NOW - timedelta(hours=3)}, 3),
        ({"hours": 2, "end": NOW - timedelta(hours=5)}, 2),
    ],
)
def test_a_shift_is_asked_for_by_hours_or_times(asked: dict[str, Any], hours: int) -> None:
    given = {"hours": None, "start": None, "end": None, **asked}
    found = shift.asked_for(**given, now=NOW)
    assert found.hours == hours
    assert found.end == given["end"] or NOW


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"hours": 2, "start": NOW - timedelta(hours=2)}, "hours"),
        ({"start": NOW}, "startDate"),
        ({"start": NOW - timedelta(days=32)}, "startDate"),
        ({"end": NOW + timedelta(hours=1)}, "endDate"),
        ({"end": datetime(1, 1, 1, tzinfo=UTC)}, "endDate"),
    ],
)
def test_a_shift_that_makes_no_sense_is_refused_by_name(asked: dict[str, Any], name: str) -> None:
    given = {"hours": None, "start": None, "end": None, **asked}
    with pytest.raises(Invalid) as refused:
        shift.asked_for(**given, now=NOW)
    assert list(refused.value.details) == [name]
