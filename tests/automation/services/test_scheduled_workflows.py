"""Schedules that run a workflow: saved, due, run by hand, and in the way of its deletion."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from automation.models import (
    OverlapPolicy,
    Schedule,
    ScheduleSlot,
    SlotState,
    Trigger,
    Workflow,
    WorkflowRun,
)
from automation.selectors import schedules as selectors
from automation.selectors import slots as slot_selectors
from automation.services import schedules, slots, workflow_runs, workflows
from opsmanager.common import vault
from opsmanager.common.problems import Conflict, Invalid, NotPermitted
from opsmanager.notifications.models import Channel, Delivery
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.services.workflow_story import Story, look, workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

NOW = datetime(2027, 3, 1, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHERE = [
    {"name": "server", "type": "server", "required": True},
    {"name": "times", "type": "integer", "default": 1},
]


@pytest.fixture
def server() -> Server:
    return makers.server(name="web")


@pytest.fixture
def chain(server: Server) -> Workflow:
    return workflow({"a": look()}, inputs=WHERE, name="Look after it")


def made(chain: Workflow, **fields: Any) -> Schedule:
    values = {
        "actor": fields.pop("owner", None) or makers.admin(),
        "name": "Nightly",
        "workflow": chain,
        "parameters": {"server": "web"},
        "cron_expression": "* * * * *",
        **fields,
    }
    return schedules.save(**values)


def refused(chain: Workflow, **fields: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as problem, transaction.atomic():
        made(chain, **fields)
    return problem.value.details


def settled(schedule: Schedule, now: datetime = NOW) -> list[ScheduleSlot]:
    with transaction.atomic():
        slots.settle(Schedule.objects.select_for_update().get(pk=schedule.pk), now=now)
    return list(ScheduleSlot.objects.filter(schedule=schedule).order_by("due_at"))


def due(chain: Workflow, **fields: Any) -> Schedule:
    schedule = made(chain, **fields)
    Schedule.objects.filter(pk=schedule.pk).update(seen_until=NOW - MINUTE)
    return schedule


def test_it_keeps_the_inputs_that_were_given(chain: Workflow) -> None:
    schedule = made(chain, parameters={"server": "web", "times": None})
    assert (schedule.workflow, schedule.parameters) == (chain, {"server": "web"})
    assert (schedule.runbook, schedule.template, schedule.server) == (None, None, None)
    assert schedule.periodic_task is not None
    event = makers.last_event("AUTOMATION_SCHEDULE_CREATED")
    assert event.details["changed"]["workflow"] == "Look after it"


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"parameters": {}}, "parameters.server", "Is required."),
        ({"parameters": {"server": "gone"}}, "parameters.server", "There is no server gone"),
        ({"parameters": {"server": "web", "x": 1}}, "parameters.x", "no such input"),
        ({"parameters": {"server": "web", "times": "x"}}, "parameters.times", "whole number"),
        ({"cron_expression": "x"}, "cronExpression", "this has 1"),
        ({"name": " "}, "name", "Give it a name"),
    ],
)
def test_what_is_wrong_is_said_when_it_is_saved(
    chain: Workflow, fields: dict[str, Any], place: str, said: str
) -> None:
    assert said in " ".join(refused(chain, **fields)[place])
    assert not Schedule.objects.exists()


def test_it_names_no_place_and_nothing_else_to_run(chain: Workflow, server: Server) -> None:
    assert "where it runs" in refused(chain, server=server)["serverId"][0]
    entry = makers.entry("SAMPLE_LOOKING")
    assert "one of them" in refused(chain, runbook=entry)["runbookId"][0]


def test_nodes_that_could_not_run_are_named_when_it_is_saved(server: Server) -> None:
    details = refused(workflow({"a": look("gone")}), parameters={})
    assert "There is no server gone" in details["nodes.a"][0]


def test_nobody_schedules_a_workflow_that_they_may_not_run(chain: Workflow) -> None:
    with pytest.raises(NotPermitted), transaction.atomic():
        made(chain, owner=makers.user("NOC"))


def test_what_is_risky_wants_to_be_meant(chain: Workflow, server: Server) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    assert refused(chain)["confirm"] == ["web is a production server."]
    assert made(chain, is_confirmed=True).is_confirmed
    assert not made(chain, is_dry_run=True, name="Rehearsal").is_confirmed


def test_a_workflow_takes_the_place_of_a_runbook_and_the_other_way_round(
    chain: Workflow, server: Server
) -> None:
    actor = makers.admin()
    schedule = makers.schedule(server=server, max_parallel=3)
    schedules.save(
        actor=actor, schedule=schedule, workflow=chain, parameters={"server": "web", "times": 2}
    )
    schedule.refresh_from_db()
    assert (schedule.workflow, schedule.runbook, schedule.server) == (chain, None, None)
    assert schedule.max_parallel is None
    schedules.save(
        actor=actor,
        schedule=schedule,
        runbook=makers.entry("SAMPLE_LOOKING"),
        server=server,
        parameters={},
    )
    schedule.refresh_from_db()
    assert (schedule.workflow, schedule.server) == (None, server)


def test_a_time_that_is_due_starts_one_run_for_the_owner(chain: Workflow) -> None:
    schedule = due(chain, priority=1)
    (slot,) = settled(schedule)
    run = slot.workflow_run
    assert run is not None
    assert (slot.state, slot.execution, slot.batch) == (SlotState.STARTED, None, None)
    assert (run.triggered_by, run.trigger_name) == (Trigger.SCHEDULED, "Nightly")
    assert (run.triggered_by_user, run.on_behalf_of) == (None, schedule.owner)
    assert (run.schedule_id, run.priority) == (schedule.pk, 1)
    assert run.inputs == {"server": "web", "times": 1}
    assert len(settled(schedule)) == 1
    assert WorkflowRun.objects.count() == 1
    assert makers.last_event("AUTOMATION_WORKFLOW_STARTED").actor_name == "Nightly"


def test_a_dry_run_stays_one(chain: Workflow) -> None:
    (slot,) = settled(due(chain, is_dry_run=True))
    assert slot.workflow_run is not None
    assert slot.workflow_run.is_dry_run


def test_while_the_run_before_has_not_ended_the_next_is_left_out(chain: Workflow) -> None:
    schedule = due(chain)
    (first,) = settled(schedule)
    found = settled(schedule, NOW + MINUTE)
    assert found[1].state == SlotState.OVERLAPPED
    assert "the run of " in found[1].message
    assert first.workflow_run is not None
    Story(first.workflow_run).advance().end("a")
    assert settled(schedule, NOW + 2 * MINUTE)[-1].state == SlotState.STARTED


def test_one_waits_until_the_run_before_has_ended(chain: Workflow) -> None:
    schedule = due(chain, overlap=OverlapPolicy.QUEUE)
    (first,) = settled(schedule)
    assert settled(schedule, NOW + MINUTE)[1].state == SlotState.WAITING
    assert first.workflow_run is not None
    Story(first.workflow_run).advance().end("a")
    found = settled(schedule, NOW + MINUTE)
    assert found[1].state == SlotState.STARTED
    assert found[1].workflow_run not in (None, first.workflow_run)


def test_one_that_somebody_has_go_on_counts_as_running(chain: Workflow) -> None:
    from automation.engine.results import Status

    schedule = due(chain)
    (first,) = settled(schedule)
    assert first.workflow_run is not None
    Story(first.workflow_run).advance().end("a", Status.FAILED)
    workflow_runs.retry(actor=makers.admin(), run=first.workflow_run)
    assert settled(schedule, NOW + MINUTE)[1].state == SlotState.OVERLAPPED


def test_a_refusal_says_which_input_or_node_is_wrong(chain: Workflow) -> None:
    Channel.objects.create(name="Ops", sealed_url=vault.seal("json://x", row="1", field="url"))
    schedule = due(chain)
    Server.objects.all().delete()
    (slot,) = settled(schedule)
    assert (slot.state, slot.workflow_run) == (SlotState.REFUSED, None)
    assert "inputs.server: There is no server web" in slot.message
    told = Delivery.objects.get()
    assert (told.event, "There is no server web" in told.body) == ("SCHEDULE_REFUSED", True)


def test_one_that_is_switched_off_is_refused(chain: Workflow) -> None:
    schedule = due(chain)
    Workflow.objects.update(is_active=False)
    assert "Look after it is switched off" in settled(schedule)[0].message


def test_an_owner_who_may_not_run_it_any_more_is_named(chain: Workflow) -> None:
    owner = makers.admin(username="ann")
    schedule = due(chain, owner=owner)
    owner.groups.clear()
    (slot,) = settled(schedule)
    assert slot.message.startswith("ann, for whom it runs, may not run the workflow Look after it")
    assert not WorkflowRun.objects.exists()


def test_it_is_run_by_hand_for_who_asks(chain: Workflow) -> None:
    actor = makers.admin()
    schedule = made(chain)
    run = schedules.run_now(actor=actor, schedule=schedule, reason="Now")
    assert isinstance(run, WorkflowRun)
    assert (run.triggered_by, run.triggered_by_user, run.reason) == ("MANUAL", actor, "Now")
    assert (run.schedule_id, run.trigger_name) == (schedule.pk, "")


def test_what_it_ran_last_is_shown_with_it(chain: Workflow) -> None:
    schedule = due(chain)
    (slot,) = settled(schedule)
    actor = makers.admin()
    (row,) = slot_selectors.with_started(actor, selectors.visible_to(actor))
    assert row.last_workflow_run == slot.workflow_run  # type: ignore[attr-defined]
    assert list(slot_selectors.workflow_runs_of(actor, schedule)) == [slot.workflow_run]
    for text, found in (("look after", True), ("nothing", False)):
        rows = slot_selectors.search(selectors.visible_to(actor), text)
        assert rows.exists() is found


def test_it_is_among_what_is_coming_up(chain: Workflow) -> None:
    schedule = made(chain)
    (coming,) = selectors.upcoming(makers.admin())
    assert coming.schedule == schedule


def test_its_workflow_is_not_deleted_under_it(chain: Workflow) -> None:
    schedule = made(chain)
    actor = makers.admin()
    with pytest.raises(Conflict, match="the schedule Nightly"), transaction.atomic():
        workflows.delete(actor=actor, workflow=chain)
    schedules.delete(actor=actor, schedule=schedule)
    event = makers.last_event("AUTOMATION_SCHEDULE_DELETED")
    assert (event.details["runs"], event.details["on"]) == (
        "Look after it",
        "where the workflow says",
    )
    workflows.delete(actor=actor, workflow=chain)
    assert not Workflow.objects.exists()
