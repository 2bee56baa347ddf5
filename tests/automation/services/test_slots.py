from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.engine.results import Status
from automation.models import (
    CatalogEntry,
    Execution,
    MissedPolicy,
    OverlapPolicy,
    Schedule,
    ScheduleSlot,
    SlotState,
    Trigger,
)
from automation.runner import leftovers
from automation.services import slots, starting
from opsmanager.audit.models import AuditEvent
from opsmanager.common import vault
from opsmanager.common.clock import database_now
from opsmanager.notifications.models import Channel, Delivery
from servers.models import Environment, Server, ServerGroup
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

NOW = datetime(2027, 3, 1, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def due(*, ago: timedelta = MINUTE, **fields: Any) -> Schedule:
    """Return a schedule of each minute that was looked at last so long before NOW."""
    return makers.schedule(seen_until=NOW - ago, **fields)


def settled(schedule: Schedule, now: datetime = NOW) -> list[ScheduleSlot]:
    with transaction.atomic():
        row = Schedule.objects.select_for_update(of=("self",)).select_related(
            "runbook", "template__runbook", "server", "server_group", "owner"
        )
        slots.settle(row.get(pk=schedule.pk), now=now)
    return list(ScheduleSlot.objects.filter(schedule=schedule).order_by("due_at"))


def states(schedule: Schedule, now: datetime = NOW) -> list[str]:
    return [slot.state for slot in settled(schedule, now)]


def end(slot: ScheduleSlot) -> None:
    Execution.objects.filter(pk=slot.execution_id).update(status=Status.SUCCESS, waiting_since=None)


def group(*servers: Server) -> ServerGroup:
    made = ServerGroup.objects.create(name="shop")
    for server in servers:
        server.groups.add(made)
    return made


def test_a_time_that_is_due_starts_one_execution_for_the_owner() -> None:
    schedule = due(ago=MINUTE, name="Nightly")
    (slot,) = settled(schedule)
    assert (slot.due_at, slot.state) == (NOW.replace(second=0), SlotState.STARTED)
    execution = slot.execution
    assert execution is not None
    assert (execution.triggered_by, execution.trigger_name) == (Trigger.SCHEDULED, "Nightly")
    assert (execution.triggered_by_user, execution.on_behalf_of) == (None, schedule.owner)
    assert execution.schedule_id == schedule.pk
    assert makers.last_event("AUTOMATION_EXECUTION_STARTED").actor_name == "Nightly"
    assert len(settled(schedule)) == 1
    schedule.refresh_from_db()
    assert schedule.seen_until == NOW


def test_what_is_not_due_changes_nothing() -> None:
    assert settled(due(ago=timedelta(seconds=20))) == []


def test_a_clock_that_is_set_back_starts_nothing_again() -> None:
    schedule = due()
    (slot,) = settled(schedule)
    end(slot)
    Schedule.objects.filter(pk=schedule.pk).update(seen_until=NOW - MINUTE)
    assert len(settled(schedule)) == 1
    assert Execution.objects.count() == 1


def test_of_those_missed_the_latest_runs_late() -> None:
    schedule = due(ago=timedelta(minutes=40), cron_expression="*/10 * * * *")
    now = NOW + timedelta(minutes=5)
    found = settled(schedule, now)
    assert [slot.state for slot in found] == ["MISSED", "MISSED", "MISSED", "LATE"]
    assert (found[-1].due_at, found[-1].execution is not None) == (NOW.replace(second=0), True)
    assert "12:00 UTC was run in its place" in found[0].message
    event = makers.last_event("AUTOMATION_SCHEDULE_MISSED")
    assert (event.actor_type, event.details["count"]) == ("SCHEDULE", 3)


def test_one_that_is_on_time_runs_in_place_of_those_missed() -> None:
    schedule = due(ago=timedelta(minutes=35), cron_expression="*/10 * * * *")
    assert states(schedule) == ["MISSED", "MISSED", "MISSED", "STARTED"]


def test_those_missed_are_left_out_where_the_schedule_says_so() -> None:
    schedule = due(
        ago=timedelta(minutes=35), cron_expression="*/10 * * * *", missed=MissedPolicy.SKIP
    )
    now = NOW + timedelta(minutes=5)
    found = settled(schedule, now)
    assert [slot.state for slot in found] == ["MISSED"] * 4
    assert all("in its place" not in slot.message for slot in found)
    assert not Execution.objects.exists()


def test_within_the_grace_it_is_on_time() -> None:
    schedule = due(ago=timedelta(hours=1), cron_expression="0 * * * *")
    assert states(schedule, NOW.replace(minute=1, second=0)) == ["STARTED"]
    other = due(ago=timedelta(hours=1), cron_expression="0 * * * *", missed=MissedPolicy.SKIP)
    assert states(other, NOW.replace(minute=1, second=1)) == ["MISSED"]


def test_after_a_month_away_the_latest_are_written_down_and_the_rest_is_counted() -> None:
    schedule = due(ago=timedelta(days=30), missed=MissedPolicy.SKIP)
    found = settled(schedule)
    assert len(found) == 100
    assert found[0].message.endswith(f"So were {30 * 24 * 60 - 100:,} before it.")


def test_years_away_are_counted_no_further_than_need_be() -> None:
    schedule = due(ago=timedelta(days=1200), missed=MissedPolicy.SKIP)
    found = settled(schedule)
    assert len(found) == 100
    assert "So were at least" in found[0].message


def test_while_the_one_before_runs_the_next_is_left_out() -> None:
    schedule = due()
    settled(schedule)
    found = settled(schedule, NOW + MINUTE)
    assert found[1].state == SlotState.OVERLAPPED
    assert found[0].execution.server.name in found[1].message  # type: ignore[union-attr]
    end(found[0])
    assert states(schedule, NOW + 2 * MINUTE)[-1] == SlotState.STARTED


def test_one_waits_for_the_one_before_and_no_more_than_one() -> None:
    schedule = due(overlap=OverlapPolicy.QUEUE)
    settled(schedule)
    settled(schedule, NOW + MINUTE)
    found = settled(schedule, NOW + 2 * MINUTE)
    assert [slot.state for slot in found] == ["STARTED", "WAITING", "OVERLAPPED"]
    assert "waits already" in found[2].message
    end(found[0])
    found = settled(schedule, NOW + 2 * MINUTE)
    assert [slot.state for slot in found] == ["STARTED", "STARTED", "OVERLAPPED"]
    assert found[1].execution_id != found[0].execution_id
    assert (found[1].message, found[1].handled_at > found[0].handled_at) == ("", True)
    assert Execution.objects.count() == 2


def test_those_of_all_schedules_are_found_without_any_message() -> None:
    started, waits = makers.schedule(), makers.schedule(cron_expression="0 0 1 1 *")
    quiet = makers.schedule(is_active=False)
    database = database_now()
    Schedule.objects.exclude(pk=waits.pk).update(seen_until=database - 2 * MINUTE)
    ScheduleSlot.objects.create(schedule=waits, due_at=NOW, state=SlotState.WAITING)
    slots.handle_all()
    assert started.slots.exists()
    assert not quiet.slots.exists()
    assert waits.slots.get().state == SlotState.STARTED


def test_a_fault_with_one_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [makers.schedule(), makers.schedule()]
    Schedule.objects.update(seen_until=database_now() - 2 * MINUTE)
    Schedule.objects.filter(pk=rows[0].pk).update(cron_expression="* * * * 1-")
    monkeypatch.setattr(slots.cron, "next_after", lambda *_: database_now() - MINUTE)
    slots.handle_all()
    assert rows[1].slots.exists()


def refusal(schedule: Schedule) -> ScheduleSlot:
    (slot,) = settled(schedule)
    assert slot.state == SlotState.REFUSED
    assert slot.execution is None
    return slot


def test_a_cooldown_refuses_and_says_which_conditions_held() -> None:
    server, mending = makers.server(), makers.entry()
    makers.execution(server=server, status=Status.SUCCESS, age_minutes=1)
    slot = refusal(due(server=server, runbook=mending, parameters={"path": "/x"}))
    assert "ran on" in slot.message
    failed = [each["name"] for each in slot.conditions if not each["holds"]]
    assert failed == ["rateLimitOk"]
    assert makers.last_event("AUTOMATION_RATE_LIMIT_EXCEEDED").actor_type == "SCHEDULE"
    assert makers.last_event("AUTOMATION_SCHEDULE_REFUSED").message == slot.message


@pytest.mark.parametrize(
    ("model", "changes", "said"),
    [
        (Server, {"in_maintenance": True}, "in maintenance"),
        (CatalogEntry, {"is_active": False}, "switched off"),
        # It was never confirmed, for it was none when it was saved.
        (Server, {"environment": Environment.PRODUCTION}, "production"),
    ],
)
def test_what_changed_since_it_was_saved_refuses(model: Any, changes: Any, said: str) -> None:
    schedule = due()
    model.objects.update(**changes)
    assert said in refusal(schedule).message


@pytest.mark.parametrize("lost", ["role", "switched off", "removed"])
def test_an_owner_who_may_no_more_refuses_and_says_what_to_do(lost: str) -> None:
    owner = makers.admin()
    schedule = due(owner=owner)
    if lost == "role":
        owner.groups.clear()
    elif lost == "switched off":
        owner.is_active = False
        owner.save()
    else:
        Schedule.objects.update(owner=None)
    said = refusal(schedule).message
    assert said.endswith("save the schedule: then it runs for them.")
    assert ("was removed" if lost == "removed" else owner.get_username()) in said


def test_a_group_starts_a_batch_and_says_where_it_was_refused_everywhere() -> None:
    tended = makers.server(in_maintenance=True)
    shop = group(makers.server(), tended)
    (slot,) = settled(due(server_group=shop, name="Shop"))
    assert slot.batch is not None
    assert (slot.state, slot.batch.trigger_name) == (SlotState.STARTED, "Shop")
    assert [row["server_name"] for row in slot.batch.refusals] == [tended.name]
    Server.objects.update(in_maintenance=True)
    everywhere = refusal(due(server_group=shop))
    assert "refused on every server" in everywhere.message
    assert everywhere.batch is not None


def test_a_group_without_servers_refuses() -> None:
    assert "has no server" in refusal(due(server_group=group())).message


def test_any_fault_is_said_and_never_stops_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = due()
    monkeypatch.setattr(starting, "start", Mock(side_effect=ZeroDivisionError))
    assert "fault in OpsManager" in refusal(schedule).message
    schedule.refresh_from_db()
    assert schedule.seen_until == NOW


def test_trouble_of_the_database_leaves_the_time_to_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedule = due()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(starting, "start", Mock(side_effect=OperationalError))
        with pytest.raises(OperationalError):
            settled(schedule)
    assert states(schedule) == ["STARTED"]


def test_who_wants_to_hear_of_it_does() -> None:
    Channel.objects.create(name="Ops", sealed_url=vault.seal("json://x", row="1", field="url"))
    server = makers.server(in_maintenance=True)
    schedule = due(server=server, ago=timedelta(minutes=35), cron_expression="*/10 * * * *")
    settled(schedule)
    told = Delivery.objects.order_by("event")
    assert [each.event for each in told] == ["SCHEDULE_MISSED", "SCHEDULE_REFUSED"]
    assert "3 times" in told[0].title
    assert "in maintenance" in told[1].body
    assert told[0].url.endswith(f"/schedules/{schedule.pk}/")


def test_a_channel_that_fails_does_not_stop_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsmanager.notifications.outbox.tell", Mock(side_effect=RuntimeError))
    refusal(due(server=makers.server(in_maintenance=True)))


def test_the_sealed_parameters_are_used() -> None:
    schedule = due(
        runbook=makers.entry("SAMPLE_SECRETIVE"), parameters={"password": "horse", "path": "/x"}
    )
    (slot,) = settled(schedule)
    assert slot.execution is not None
    assert slot.execution.secret_parameters == schedule.secret_parameters


def test_slots_of_long_ago_are_deleted() -> None:
    schedule = makers.schedule()
    for days, state in ((91, "MISSED"), (91, "WAITING"), (89, "MISSED")):
        due_at = database_now() - timedelta(days=days)
        ScheduleSlot.objects.create(
            schedule=schedule,
            due_at=due_at + timedelta(seconds=state == "MISSED"),
            state=SlotState(state),
        )
    leftovers.prune()
    assert list(schedule.slots.order_by("due_at").values_list("state", flat=True)) == [
        "WAITING",
        "MISSED",
    ]


@given(
    looks=st.lists(st.integers(min_value=-30, max_value=900), min_size=1, max_size=8),
    every=st.sampled_from([1, 3, 7]),
    missed=st.sampled_from(MissedPolicy),
    overlap=st.sampled_from(OverlapPolicy),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whenever_somebody_looks_each_time_has_one_slot(
    looks: list[int], every: int, missed: MissedPolicy, overlap: OverlapPolicy
) -> None:
    """Wake-ups that were lost are long gaps; doubled ones, short ones or none."""
    with transaction.atomic():
        schedule = due(
            ago=MINUTE * 0, cron_expression=f"*/{every} * * * *", missed=missed, overlap=overlap
        )
        now = latest = NOW
        for seconds in looks:
            now += timedelta(seconds=seconds)
            latest = max(latest, now)
            settled(schedule, now)
        first = NOW.replace(second=0)
        expected = [
            first + MINUTE * number
            for number in range(1, int((latest - first) / MINUTE) + 1)
            if (first + MINUTE * number).minute % every == 0
        ]
        found = list(schedule.slots.order_by("due_at"))
        assert [slot.due_at for slot in found] == expected
        ran = [slot.execution_id for slot in found if slot.state in ("STARTED", "LATE")]
        assert None not in ran
        assert sorted(ran) == sorted(Execution.objects.values_list("pk", flat=True))
        counted = AuditEvent.objects.filter(verb="AUTOMATION_EXECUTION_STARTED").count()
        assert counted == len(ran)
        transaction.set_rollback(True)
