from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from automation.models import Execution, Schedule, ScheduleSlot, SlotState, WorkflowRun
from servers.models import Server, ServerGroup
from tests.automation import makers
from tests.automation.api.conftest import API, PERSONAS
from tests.automation.services.workflow_story import look, workflow

As = Callable[[str], Client]
URL = f"{API}/schedules"


def asked(server: Server | None = None, **more: Any) -> dict[str, Any]:
    own = {
        "name": "Nightly",
        "runbookId": "SAMPLE_MENDING",
        "parameters": {"path": "/tmp/x"},
        "cronExpression": "15 3 * * 1-5",
        "timezone": "Europe/Berlin",
    }
    where = {"serverId": str(server.pk)} if server else {}
    return {**own, **where, **more}


def post(client: Client, body: object, path: str = "") -> Any:
    return client.post(f"{URL}{path}", body, "application/json")


def patch(client: Client, pk: str, **body: object) -> Any:
    return client.patch(f"{URL}/{pk}", body, "application/json")


@pytest.fixture
def schedule(as_: As, server: Server) -> dict[str, Any]:
    answer = post(as_("admin"), asked(server))
    assert answer.status_code == 201, answer.content
    return answer.json()["schedule"]


@pytest.fixture
def template(as_: As, server: Server) -> str:
    body = {"name": "Mend x", "runbookId": "SAMPLE_MENDING", "parameters": {"path": "/tmp/x"}}
    answer = as_("admin").post(f"{API}/templates", body, "application/json")
    return str(answer.json()["template"]["id"])


@pytest.mark.parametrize(
    ("name", "made", "seen", "ran"),
    list(
        zip(
            PERSONAS,
            [201, 403, 403, 403, 403, 401],
            [200, 200, 200, 404, 404, 401],
            [201, 201, 403, 404, 404, 401],
            strict=True,
        )
    ),
)
def test_who_may_what(
    as_: As, schedule: dict[str, Any], server: Server, name: str, made: int, seen: int, ran: int
) -> None:
    client, pk = as_(name), schedule["id"]
    gone = 403 if seen == 200 else seen
    assert post(client, asked(server, name="Another")).status_code == made
    assert client.get(f"{URL}/{pk}").status_code == seen
    assert client.get(f"{URL}/{pk}/slots").status_code == seen
    assert post(client, {}, f"/{pk}/run").status_code == ran
    assert patch(client, pk, isActive=False).status_code == (200 if made == 201 else gone)
    assert client.delete(f"{URL}/{pk}").status_code == (204 if made == 201 else gone)


def test_a_schedule_as_it_is_shown(as_: As, schedule: dict[str, Any], server: Server) -> None:
    assert schedule["inWords"] == "At 03:15, Monday through Friday"
    times = [parse_datetime(text) for text in schedule["nextRuns"]]
    assert len(times) == 5
    assert times == sorted(times, key=lambda at: at.timestamp())  # type: ignore[union-attr]
    assert schedule["nextRunAt"] == schedule["nextRuns"][0]
    assert (schedule["lastRunAt"], schedule["lastState"]) == (None, None)
    assert (schedule["missed"], schedule["overlap"]) == ("RUN_ONCE", "SKIP")
    assert (schedule["runbookId"], schedule["templateId"]) == ("SAMPLE_MENDING", None)
    assert (schedule["priority"], schedule["isDryRun"]) == ("NORMAL", False)
    assert schedule["owner"]["username"].startswith("admin")
    seen = as_("granted").get(f"{URL}/{schedule['id']}").json()["schedule"]
    assert seen == schedule


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ({"search": "mend"}, 1),
        ({"search": "nothing"}, 0),
        ({"isActive": "true"}, 1),
        ({"isActive": "false"}, 0),
        ({"runbookId": "SAMPLE_MENDING"}, 1),
        ({"runbookId": "SAMPLE_LOOKING"}, 0),
        ({"serverId": str(uuid4())}, 0),
    ],
)
def test_the_list_is_narrowed(
    as_: As, schedule: dict[str, Any], query: dict[str, str], total: int
) -> None:
    assert as_("granted").get(URL, query).json()["total"] == total


@pytest.mark.parametrize(
    ("more", "status", "name"),
    [
        ({"cronExpression": "61 3 * * *"}, 400, "cronExpression"),
        ({"cronExpression": "every day"}, 400, "cronExpression"),
        ({"timezone": "Berlin"}, 400, "timezone"),
        ({"parameters": {}}, 400, "path"),
        ({"name": " "}, 400, "name"),
        ({"templateId": str(uuid4())}, 400, "runbookId"),
        ({"runbookId": None}, 400, "runbookId"),
        ({"serverGroupId": str(uuid4())}, 400, "serverGroupId"),
        ({"serverId": None}, 400, "serverId"),
        ({"missed": "SOMETIMES"}, 400, "missed"),
        ({"maxParallel": 0}, 400, "maxParallel"),
        ({"serverId": str(uuid4())}, 404, None),
    ],
)
def test_what_is_refused(
    as_: As, server: Server, more: dict[str, Any], status: int, name: str | None
) -> None:
    answer = post(as_("admin"), {**asked(server), **more})
    assert answer.status_code == status, answer.content
    # A parameter's name stands before or after that of all of them.
    assert name is None or name in str(answer.json()["details"])
    assert not Schedule.objects.exists()


def test_a_name_is_given_once(as_: As, schedule: dict[str, Any], server: Server) -> None:
    assert post(as_("admin"), asked(server)).status_code in (400, 409)


def test_production_wants_a_confirmation(as_: As, server: Server) -> None:
    Server.objects.update(environment="PRODUCTION")
    refused = post(as_("admin"), asked(server))
    assert refused.status_code == 400
    made = post(as_("admin"), asked(server, confirm=True))
    assert made.json()["schedule"]["isConfirmed"] is True
    pk = made.json()["schedule"]["id"]
    # Another time of the day is the same thing; another server is not.
    later = patch(as_("admin"), pk, cronExpression="15 4 * * *").json()["schedule"]
    assert (later["isConfirmed"], later["cronExpression"]) == (True, "15 4 * * *")
    other = makers.server(environment="PRODUCTION")
    assert patch(as_("admin"), pk, serverId=str(other.pk)).status_code == 400


def test_pausing_and_going_on(as_: As, schedule: dict[str, Any]) -> None:
    paused = patch(as_("admin"), schedule["id"], isActive=False).json()["schedule"]
    assert (paused["isActive"], paused["nextRunAt"], paused["nextRuns"]) == (False, None, [])
    on = patch(as_("admin"), schedule["id"], isActive=True).json()["schedule"]
    assert on["nextRuns"] == schedule["nextRuns"]
    assert makers.last_event("AUTOMATION_SCHEDULE_PAUSED").target_name == "Nightly"


def test_one_choice_takes_the_place_of_the_other(
    as_: As, schedule: dict[str, Any], template: str
) -> None:
    group = ServerGroup.objects.create(name="web")
    body = {"templateId": template, "serverGroupId": str(group.pk), "parameters": {}}
    changed = patch(as_("admin"), schedule["id"], **body).json()["schedule"]
    assert (changed["runbookId"], changed["templateName"]) == (None, "Mend x")
    assert (changed["serverId"], changed["serverGroupName"]) == (None, "web")
    assert changed["runbookTitle"] == "Mend a file"


def test_running_one_now(as_: As, schedule: dict[str, Any], server: Server) -> None:
    run = post(as_("granted"), {"reason": "I wait for it."}, f"/{schedule['id']}/run").json()
    execution = Execution.objects.get(pk=run["execution"]["id"])
    assert (str(execution.schedule_id), execution.server) == (schedule["id"], server)
    assert run["execution"]["triggeredBy"] == "MANUAL"


def test_what_became_of_each_time(as_: As, schedule: dict[str, Any]) -> None:
    row = Schedule.objects.get()
    now = timezone.now()
    started = makers.execution(schedule_id=row.pk)
    for hours, state, more in (
        (2, SlotState.STARTED, {"execution": started}),
        (
            1,
            SlotState.REFUSED,
            {
                "message": "It is off.",
                "conditions": [{"name": "confirmed", "holds": False, "message": "It is off."}],
            },
        ),
    ):
        due = now - timedelta(hours=hours)
        ScheduleSlot.objects.create(schedule=row, due_at=due, state=state, **more)
    path = f"{URL}/{schedule['id']}/slots"
    found = as_("granted").get(path).json()
    assert [slot["state"] for slot in found["slots"]] == ["REFUSED", "STARTED"]
    assert found["slots"][0]["conditions"][0]["name"] == "confirmed"
    assert found["slots"][1]["executionId"] == str(started.pk)
    assert as_("granted").get(path, {"state": "REFUSED"}).json()["total"] == 1
    shown = as_("admin").get(f"{URL}/{schedule['id']}").json()["schedule"]
    assert shown["lastState"] == "REFUSED"
    assert shown["lastRunAt"] == found["slots"][1]["handledAt"]


def test_deleting_one(as_: As, schedule: dict[str, Any]) -> None:
    assert as_("admin").delete(f"{URL}/{schedule['id']}").status_code == 204
    assert not Schedule.objects.exists()


def test_a_workflow_is_scheduled_and_run(as_: As, server: Server) -> None:
    made = workflow(
        {"a": look()},
        name="Look after it",
        inputs=[{"name": "server", "type": "server", "required": True}],
    )
    body = {
        "name": "Nightly",
        "workflowId": str(made.pk),
        "parameters": {"server": server.name},
        "cronExpression": "15 3 * * *",
    }
    wrong = post(as_("admin"), {**body, "parameters": {}})
    assert (wrong.status_code, list(wrong.json()["details"])) == (400, ["parameters.server"])
    answer = post(as_("admin"), body)
    assert answer.status_code == 201, answer.content
    shown = answer.json()["schedule"]
    assert (shown["workflowId"], shown["workflowName"]) == (str(made.pk), "Look after it")
    assert (shown["runbookId"], shown["runbookTitle"], shown["serverId"]) == (None, "", None)
    assert shown["parameters"] == {"server": server.name}

    listed = as_("admin").get(URL, {"workflowId": made.pk}).json()["schedules"]
    assert [row["id"] for row in listed] == [shown["id"]]
    run = post(as_("granted"), {"reason": "Now"}, f"/{shown['id']}/run")
    assert run.status_code == 201, run.content
    assert run.json()["workflowRun"]["scheduleId"] == shown["id"]
    assert post(as_("stranger"), {}, f"/{shown['id']}/run").status_code == 403

    schedule = Schedule.objects.get()
    started = WorkflowRun.objects.get()
    ScheduleSlot.objects.create(
        schedule=schedule, due_at=timezone.now(), state="STARTED", workflow_run=started
    )
    (slot,) = as_("admin").get(f"{URL}/{shown['id']}/slots").json()["slots"]
    assert (slot["workflowRunId"], slot["executionId"]) == (str(started.pk), None)


def test_a_schedule_runs_one_thing(as_: As, server: Server) -> None:
    made = workflow({"a": look(server)})
    answer = post(as_("admin"), asked(None, workflowId=str(made.pk)))
    assert answer.status_code == 400
    assert "one of them" in answer.json()["details"]["runbookId"][0]
    assert post(as_("admin"), asked(runbookId=None)).status_code == 400
    placed = {**asked(server, workflowId=str(made.pk), parameters={}), "runbookId": None}
    assert "serverId" in post(as_("admin"), placed).json()["details"]


def test_what_a_scheduled_workflow_does_elsewhere_is_meant_anew(as_: As, server: Server) -> None:
    shop = makers.server(environment="PRODUCTION")
    other = makers.server(environment="PRODUCTION")
    made = workflow({"a": look()}, inputs=[{"name": "server", "type": "server"}])
    body = {
        "name": "Nightly",
        "workflowId": str(made.pk),
        "parameters": {"server": shop.name},
        "cronExpression": "15 3 * * *",
    }
    assert post(as_("admin"), body).json()["code"] == "CONFIRMATION_REQUIRED"
    pk = post(as_("admin"), {**body, "confirm": True}).json()["schedule"]["id"]
    assert patch(as_("admin"), pk, description="Same").status_code == 200
    assert patch(as_("admin"), pk, parameters={"server": other.name}).status_code == 400
    moved = patch(as_("admin"), pk, parameters={"server": other.name}, confirm=True)
    assert moved.json()["schedule"]["parameters"] == {"server": other.name}
