import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from automation.models import (
    Batch,
    Execution,
    Schedule,
    ScheduleSlot,
    SecretParameters,
    SlotState,
    Template,
    Trigger,
)
from automation.selectors import schedules as selectors
from automation.services import schedules
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import Conflict, CoolingDown, Invalid, NotFound, NotPermitted
from servers.models import Environment, Platform, ServerGroup
from servers.services import servers as server_services
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

SECRET = {"password": "correct horse", "path": "/tmp/x"}


def refused(**fields: Any) -> dict[str, list[str]]:
    """Return the details of the refusal to make such a schedule."""
    with pytest.raises(Invalid) as problem, transaction.atomic():
        makers.schedule(**fields)
    return problem.value.details


def verbs() -> list[str]:
    rows = AuditEvent.objects.filter(verb__startswith="AUTOMATION_SCHEDULE_")
    return list(rows.order_by("seq").values_list("verb", flat=True))


def group(*servers: Any) -> ServerGroup:
    made = ServerGroup.objects.create(name="shop")
    for server in servers:
        server.groups.add(made)
    return made


def test_a_schedule_is_stored_with_beats_row_and_told() -> None:
    owner, server = makers.admin(), makers.server()
    made = makers.schedule(
        owner=owner,
        name=" Nightly ",
        cron_expression="15 3 * * mon-fri",
        timezone="Europe/Berlin",
        server=server,
        runbook=makers.entry("SAMPLE_MENDING"),
        parameters={"path": "/tmp/x"},
        description="The token is password=hunter2hunter2",
    )
    assert (made.name, made.cron_expression, made.owner) == ("Nightly", "15 3 * * MON-FRI", owner)
    assert made.parameters == {"path": "/tmp/x"}
    assert "hunter2" not in made.description
    task = made.periodic_task
    assert task is not None
    assert task.wakes == made
    assert (task.task, json.loads(task.args)) == ("automation.tasks.run_schedule", [str(made.pk)])
    assert (task.enabled, str(task.crontab.timezone)) == (True, "Europe/Berlin")
    assert (task.crontab.minute, task.crontab.hour) == ("15", "3")
    assert (task.crontab.day_of_month, task.crontab.day_of_week) == ("*", "1,2,3,4,5")
    event = makers.last_event("AUTOMATION_SCHEDULE_CREATED")
    assert (event.actor_id, event.target_id) == (str(owner.pk), str(made.pk))
    assert event.details["changed"]["server"] == server.name


@pytest.mark.parametrize("expression", ["0 3 1 * MON", "0 3 L * *", "0 3 * * MON#2"])
def test_where_beat_cannot_say_the_days_it_wakes_on_each(expression: str) -> None:
    task = makers.schedule(cron_expression=expression).periodic_task
    assert task is not None
    assert (task.crontab.day_of_month, task.crontab.day_of_week) == ("*", "*")
    assert (task.crontab.minute, task.crontab.hour) == ("0", "3")


@pytest.mark.parametrize(
    ("fields", "name", "said"),
    [
        ({"name": " "}, "name", "Give it a name"),
        ({"cron_expression": "0 0 30 2 *"}, "cronExpression", "never falls due"),
        ({"timezone": "Berlin"}, "timezone", "no time zone"),
        ({"runbook": None}, "runbookId", "a runbook or a template"),
        ({"server": None}, "serverId", "Choose the server or the group"),
        ({"parameters": {"wrong": 1}}, "parameters", "wrong"),
    ],
)
def test_what_is_wrong_is_said_by_its_name_in_the_api(
    fields: dict[str, Any], name: str, said: str
) -> None:
    details = refused(**fields)
    assert said in " ".join(details[name])
    assert not PeriodicTask.objects.filter(task="automation.tasks.run_schedule").exists()


def test_all_that_is_wrong_is_said_at_once() -> None:
    details = refused(name="", cron_expression="x", timezone="Mars")
    assert details.keys() == {"name", "cronExpression", "timezone"}


def test_a_name_is_given_once() -> None:
    makers.schedule(name="Nightly")
    with pytest.raises(Conflict, match="Nightly already"), transaction.atomic():
        makers.schedule(name="Nightly")


def test_a_parameter_that_is_wrong_is_said_by_its_own_name_too() -> None:
    details = refused(runbook=makers.entry("SAMPLE_MENDING"))
    assert details["parameters.path"]
    assert details["parameters"][0].startswith("path: ")


def test_it_runs_on_a_server_of_the_runbooks_platform() -> None:
    assert "WINDOWS" in refused(server=makers.server(platform=Platform.WINDOWS))["serverId"][0]


@pytest.mark.parametrize("place", ["server", "server_group"])
def test_in_production_it_wants_a_confirmation_from_each_who_saves_it(place: str) -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    where = {place: server if place == "server" else group(makers.server(), server)}
    assert "production" in refused(**where)["confirm"][0]
    made = makers.schedule(**where, is_confirmed=True)
    assert made.is_confirmed
    with pytest.raises(Invalid), transaction.atomic():
        schedules.save(actor=makers.admin(), schedule=made, description="Other")
    assert not makers.schedule(**where, is_dry_run=True, name="Rehearsal").is_confirmed


def test_nobody_schedules_what_they_may_not_run() -> None:
    with pytest.raises(NotPermitted):
        makers.schedule(owner=makers.user("NOC"))


def test_who_saves_it_last_is_who_it_runs_for() -> None:
    made = makers.schedule()
    other = makers.admin()
    changed = schedules.save(actor=other, schedule=made, description="Other")
    assert changed.owner == other
    assert makers.last_event("AUTOMATION_SCHEDULE_UPDATED").details["changed"] == {
        "description": "Other"
    }


def test_secret_parameters_are_sealed_and_kept_until_others_are_given() -> None:
    secretive = makers.entry("SAMPLE_SECRETIVE")
    made = makers.schedule(runbook=secretive, parameters=SECRET)
    assert made.parameters == {"path": "/tmp/x"}
    first = made.secret_parameters
    assert first is not None
    assert first.names == ["password"]
    assert "correct horse" not in json.dumps(first.sealed)
    for parameters in ({"path": "/tmp/y"}, {"path": "/tmp/y", "password": ""}, None):
        fields = {} if parameters is None else {"parameters": parameters}
        made = schedules.save(actor=makers.admin(), schedule=made, **fields)
        assert (made.secret_parameters, made.parameters) == (first, {"path": "/tmp/y"})
    made = schedules.save(
        actor=makers.admin(), schedule=made, parameters={**SECRET, "password": "other horse"}
    )
    assert made.secret_parameters != first
    assert not SecretParameters.objects.filter(pk=first.pk).exists()
    events = AuditEvent.objects.filter(verb__startswith="AUTOMATION_SCHEDULE_")
    assert "horse" not in json.dumps([event.details for event in events.order_by("seq")])
    details = refused(runbook=secretive, parameters={"path": "/tmp/x"}, name="Another")
    assert details["parameters.password"]


def test_the_parameters_are_laid_over_those_of_the_template() -> None:
    server = makers.server()
    template = Template.objects.create(
        name="Mend",
        runbook=makers.entry("SAMPLE_EVERY_KIND"),
        parameters={"count": 2, "loud": True},
        server=server,
    )
    made = makers.schedule(template=template, parameters={"count": 5})
    assert made.parameters == {"count": 5}
    started = schedules.run_now(actor=makers.admin(), schedule=made)
    assert isinstance(started, Execution)
    assert (started.server, started.template_id) == (server, template.pk)
    assert (started.parameters["count"], started.parameters["loud"]) == (5, True)
    changed = schedules.save(
        actor=makers.admin(),
        schedule=made,
        runbook=makers.entry("SAMPLE_LOOKING"),
        parameters={},
        server=server,
    )
    assert changed.template is None


def test_changing_the_times_begins_anew_and_changing_a_word_does_not() -> None:
    long_ago = timezone.now() - timedelta(days=2)
    made = makers.schedule(cron_expression="0 0 1 1 *", seen_until=long_ago)
    assert schedules.save(actor=makers.admin(), schedule=made, description="Other").seen_until == (
        long_ago
    )
    changed = schedules.save(actor=makers.admin(), schedule=made, cron_expression="* * * * *")
    assert timezone.now() - changed.seen_until < timedelta(minutes=1)
    assert changed.periodic_task_id == made.periodic_task_id
    assert changed.periodic_task.crontab.month_of_year == "*"


def test_a_pause_is_no_miss() -> None:
    made = makers.schedule()
    before = PeriodicTasks.last_change()
    paused = schedules.set_active(actor=makers.admin(), schedule=made, on=False)
    assert paused.periodic_task is not None
    assert not paused.periodic_task.enabled
    assert PeriodicTasks.last_change() > before
    Schedule.objects.update(seen_until=timezone.now() - timedelta(days=2))
    resumed = schedules.set_active(actor=makers.admin(), schedule=made, on=True)
    schedules.set_active(actor=makers.admin(), schedule=made, on=True)
    assert timezone.now() - resumed.seen_until < timedelta(minutes=1)
    assert resumed.periodic_task.enabled
    assert verbs() == [
        "AUTOMATION_SCHEDULE_CREATED",
        "AUTOMATION_SCHEDULE_PAUSED",
        "AUTOMATION_SCHEDULE_RESUMED",
    ]


def test_what_waits_when_it_is_paused_is_left_out() -> None:
    made = makers.schedule()
    slot = ScheduleSlot.objects.create(
        schedule=made, due_at=timezone.now(), state=SlotState.WAITING
    )
    schedules.set_active(actor=makers.admin(), schedule=made, on=False)
    slot.refresh_from_db()
    assert (slot.state, "paused" in slot.message) == (SlotState.OVERLAPPED, True)


def test_deleting_takes_beats_row_along_and_leaves_what_ran() -> None:
    made = makers.schedule(runbook=makers.entry("SAMPLE_SECRETIVE"), parameters=SECRET)
    started = schedules.run_now(actor=makers.admin(), schedule=made)
    schedules.delete(actor=makers.admin(), schedule=made)
    assert not Schedule.objects.exists()
    assert not PeriodicTask.objects.filter(name__startswith="schedule:").exists()
    kept = Execution.objects.get(pk=started.pk)
    assert (kept.schedule_id, kept.secret_parameters is not None) == (made.pk, True)
    assert verbs()[-1] == "AUTOMATION_SCHEDULE_DELETED"
    with pytest.raises(NotFound):
        schedules.set_active(actor=makers.admin(), schedule=made, on=False)


def test_running_it_now_is_by_hand_and_obeys_the_cooldown() -> None:
    made = makers.schedule(
        runbook=makers.entry("SAMPLE_MENDING"), parameters={"path": "/x"}, is_active=False
    )
    actor = makers.user("NOC", operates=made.server)
    started = schedules.run_now(actor=actor, schedule=made, reason="Now.")
    assert isinstance(started, Execution)
    assert (started.triggered_by, started.triggered_by_user) == (Trigger.MANUAL, actor)
    assert (started.schedule_id, started.reason) == (made.pk, "Now.")
    with pytest.raises(CoolingDown):
        schedules.run_now(actor=actor, schedule=made)
    with pytest.raises(NotPermitted):
        schedules.run_now(actor=makers.user("NOC"), schedule=made)


def test_on_a_group_it_starts_a_batch() -> None:
    shop = group(makers.server(), makers.server())
    started = schedules.run_now(
        actor=makers.admin(), schedule=makers.schedule(server_group=shop, max_parallel=1)
    )
    assert isinstance(started, Batch)
    assert (started.executions.count(), started.max_parallel) == (2, 1)


def test_a_group_that_is_scheduled_is_not_deleted() -> None:
    shop = group(makers.server())
    makers.schedule(server_group=shop, name="Nightly")
    with pytest.raises(Conflict, match="still used by Nightly"), transaction.atomic():
        server_services.delete_group(actor=makers.admin(), group=shop)


def test_what_comes_up_and_what_did_not_run_is_seen_by_who_may() -> None:
    often = makers.schedule(cron_expression="* * * * *")
    never = makers.schedule(cron_expression="* * * * *", is_active=False)
    makers.schedule(cron_expression="0 0 29 2 *")
    for age, state in ((1, SlotState.MISSED), (2, SlotState.STARTED), (30, SlotState.REFUSED)):
        due_at = timezone.now() - timedelta(hours=age)
        ScheduleSlot.objects.create(schedule=often, due_at=due_at, state=state, message="Why.")
    nora = makers.user("NOC")
    found = selectors.upcoming(nora)
    assert [(each.schedule, each.more) for each in found] == [(often, 99)]
    assert found[0].at == selectors.next_runs(often, 1)[0]
    assert selectors.next_runs(never) == []
    assert len(selectors.next_runs(often)) == 5
    assert [slot.state for slot in selectors.missed_lately(nora)] == [SlotState.MISSED]
    shown = selectors.get(nora, often.pk)
    assert (shown.last_state, shown.last_message) == (SlotState.MISSED, "Why.")
    assert shown.last_run_at is not None
    assert [slot.state for slot in selectors.slots(shown)] == ["MISSED", "STARTED", "REFUSED"]
    helpdesk = makers.user("HELPDESK")
    assert not selectors.visible_to(helpdesk).exists()
    assert not selectors.missed_lately(helpdesk).exists()
    with pytest.raises(NotFound):
        selectors.get(helpdesk, often.pk)
    assert selectors.in_words("15 3 * * *") == "At 03:15 every day"
    assert selectors.in_words("nonsense") == ""
