"""Starting workflows, and watching, cancelling and going on with their runs by the API."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from automation.engine.results import Status
from automation.models import Approval, Execution, Workflow, WorkflowRun
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.api.conftest import API, PERSONAS
from tests.automation.services.workflow_story import (
    Story,
    look,
    note,
    standing,
    started,
    wait,
    workflow,
)
from tests.support.api_tokens import made, program

As = Callable[[str], Client]

WHERE = [{"name": "server", "type": "server", "required": True}]


@pytest.fixture
def chain(server: Server) -> Workflow:
    return workflow(
        {"a": look(title="Look first"), "b": look(), "told": note()}, "a b", "b told", inputs=WHERE
    )


def post(client: Client, path: str, body: object = None, **headers: str) -> Any:
    return client.post(f"{API}{path}", body or {}, "application/json", headers=headers)


def start(client: Client, chain: Workflow, server: Server, **more: Any) -> Any:
    headers = more.pop("headers", {})
    body = {"inputs": {"server": server.name}, **more}
    return post(client, f"/workflows/{chain.pk}/run", body, **headers)


def test_a_workflow_is_started_and_watched(as_: As, chain: Workflow, server: Server) -> None:
    answer = start(as_("granted"), chain, server, reason="Ticket 7", priority="HIGH")
    assert answer.status_code == 201, answer.content
    shown = answer.json()["workflowRun"]
    assert (shown["workflowId"], shown["name"], shown["version"]) == (str(chain.pk), chain.name, 1)
    assert (shown["status"], shown["triggeredBy"], shown["priority"]) == (
        "RUNNING",
        "MANUAL",
        "HIGH",
    )
    assert (shown["inputs"], shown["reason"]) == ({"server": server.name}, "Ticket 7")
    assert shown["definition"] == chain.definition
    assert [step["phase"] for step in shown["steps"]] == ["WAITING"] * 3
    assert (shown["progress"], shown["counts"]["waiting"]) == (0, 3)

    story = Story(WorkflowRun.objects.get()).advance()
    story.end("a", result_summary="Looked.")
    shown = as_("granted").get(f"{API}/workflow-runs/{shown['id']}").json()["workflowRun"]
    first, second, third = shown["steps"]
    assert (first["key"], first["title"], first["kind"]) == ("a", "Look first", "run")
    assert (first["phase"], first["summary"]) == ("SUCCEEDED", "Looked.")
    assert (first["serverId"], first["serverName"]) == (str(server.pk), server.name)
    execution = story.execution("a")
    assert (first["executionId"], first["executionStatus"]) == (str(execution.pk), "SUCCESS")
    assert first["begunAt"] <= first["endedAt"]
    assert (second["phase"], second["executionStatus"]) == ("RUNNING", "PENDING")
    assert (third["kind"], third["executionId"], third["begunAt"]) == ("note", None, None)
    assert (shown["progress"], shown["finishedAt"], shown["durationMs"]) == (33, None, None)
    assert shown["counts"] == {
        "waiting": 1,
        "ready": 0,
        "running": 1,
        "succeeded": 1,
        "failed": 0,
        "skipped": 0,
        "cancelled": 0,
    }
    story.end("b")
    shown = as_("granted").get(f"{API}/workflow-runs/{shown['id']}").json()["workflowRun"]
    assert (shown["status"], shown["message"], shown["progress"]) == (
        "SUCCESS",
        "All has ended.",
        100,
    )
    assert shown["durationMs"] >= 0


@pytest.mark.parametrize(
    ("name", "status"), list(zip(PERSONAS, [201, 201, 403, 404, 404, 401], strict=True))
)
def test_who_may_start(as_: As, chain: Workflow, server: Server, name: str, status: int) -> None:
    assert start(as_(name), chain, server).status_code == status
    assert WorkflowRun.objects.count() == (1 if status == 201 else 0)


def test_inputs_that_are_wrong_are_named(as_: As, chain: Workflow) -> None:
    answer = post(as_("admin"), f"/workflows/{chain.pk}/run", {"inputs": {"other": 1}})
    assert answer.status_code == 400
    details = answer.json()["details"]
    assert sorted(details) == ["inputs.other", "inputs.server"]


def test_production_wants_a_confirmation(as_: As, chain: Workflow) -> None:
    shop = makers.server(environment=Environment.PRODUCTION)
    answer = start(as_("admin"), chain, shop)
    assert (answer.status_code, answer.json()["code"]) == (400, "CONFIRMATION_REQUIRED")
    assert start(as_("admin"), chain, shop, confirm=True).status_code == 201


def test_one_that_is_switched_off_says_so(as_: As, chain: Workflow, server: Server) -> None:
    Workflow.objects.update(is_active=False)
    answer = start(as_("admin"), chain, server)
    assert (answer.status_code, answer.json()["code"]) == (400, "WORKFLOW_INACTIVE")


def test_dry_run_is_asked_for_or_the_default(
    as_: As, chain: Workflow, server: Server, settings: Any
) -> None:
    settings.AUTOMATION_DRY_RUN_DEFAULT = True
    for sent, is_dry in (({}, True), ({"isDryRun": False}, False), ({"isDryRun": True}, True)):
        shown = start(as_("admin"), chain, server, **sent).json()["workflowRun"]
        assert shown["isDryRun"] is is_dry


def test_a_start_can_be_repeated_by_its_key(as_: As, chain: Workflow, server: Server) -> None:
    key = {"Idempotency-Key": "ticket-7"}
    first, again = (start(as_("admin"), chain, server, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["workflowRun"]["id"] == again.json()["workflowRun"]["id"]
    other = start(as_("admin"), chain, server, headers=key, reason="Else")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert WorkflowRun.objects.count() == 1


def test_a_token_for_some_servers_starts_no_workflow(chain: Workflow, server: Server) -> None:
    _, secret = made(makers.admin(), server_ids=[server.pk])
    assert start(program(secret), chain, server).status_code == 404


def test_a_run_says_by_which_token_it_was_started(chain: Workflow, server: Server) -> None:
    token, secret = made(makers.admin())
    shown = start(program(secret), chain, server).json()["workflowRun"]
    assert (shown["apiTokenId"], shown["apiTokenName"]) == (str(token.pk), "ci bot")


def test_on_several_servers_each_has_its_step(as_: As, server: Server) -> None:
    other = makers.server()
    spread = {"servers": [server.name, other.name]}
    made = workflow({"all": {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": spread}})
    story = started(made).end("all", Status.FAILED, item=server.name, error_message="No room.")
    shown = as_("admin").get(f"{API}/workflow-runs/{story.run.pk}").json()["workflowRun"]
    assert [(step["key"], step["item"], step["phase"]) for step in shown["steps"]] == [
        ("all", "", "RUNNING"),
        ("all", server.name, "FAILED"),
        ("all", other.name, "RUNNING"),
    ]
    assert shown["steps"][1]["reason"] == "No room."
    assert (shown["progress"], shown["counts"]["failed"], shown["counts"]["running"]) == (50, 1, 1)


def test_a_server_that_was_deleted_is_still_named(as_: As, server: Server) -> None:
    spread = {"servers": [server.name]}
    made = workflow({"all": {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": spread}})
    story = started(made).end("all", item=server.name)
    Execution.objects.all().delete()
    name = server.name
    server.delete()
    shown = as_("admin").get(f"{API}/workflow-runs/{story.run.pk}").json()["workflowRun"]
    assert (shown["steps"][1]["serverId"], shown["steps"][1]["serverName"]) == (None, name)


def test_what_is_asked_of_people_and_waited_for_is_shown(as_: As, server: Server) -> None:
    made = workflow({"ask": wait(approvals=1), "pause": wait(seconds=60)})
    story = started(made)
    shown = as_("admin").get(f"{API}/workflow-runs/{story.run.pk}").json()["workflowRun"]
    ask, pause = sorted(shown["steps"], key=lambda step: step["key"])
    assert (ask["kind"], ask["approvalId"]) == ("wait", str(Approval.objects.get().pk))
    assert (pause["approvalId"], pause["dueAt"] is None) == (None, False)


def test_what_has_not_changed_is_not_sent_again(as_: As, chain: Workflow, server: Server) -> None:
    client = as_("admin")
    shown = start(client, chain, server).json()["workflowRun"]
    path = f"{API}/workflow-runs/{shown['id']}"
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    Story(WorkflowRun.objects.get()).advance()
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_runs_are_listed_newest_first_and_filtered(as_: As, server: Server) -> None:
    client = as_("admin")
    mine, other = (
        workflow({"a": look(server)}, name=name) for name in ("Look after it", "Nightly work")
    )
    first = started(mine, reason="Ticket 7").end("a").run
    incident = uuid4()
    second = standing(
        other,
        status="FAILED",
        phase="FAILED",
        triggered_by="SCHEDULED",
        schedule_id=uuid4(),
        incident_id=incident,
        is_dry_run=True,
    )

    def listed(**query: Any) -> list[str]:
        answer = client.get(f"{API}/workflow-runs", query)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["workflowRuns"]]

    both = [str(second.pk), str(first.pk)]
    assert listed() == both
    assert listed(ordering="startedAt") == both[::-1]
    assert listed(status="SUCCESS,FAILED") == both
    for query in (
        {"workflowId": mine.pk},
        {"status": "SUCCESS"},
        {"triggeredBy": "MANUAL"},
        {"isDryRun": "false"},
        {"search": "ticket"},
        {"endDate": second.started_at.isoformat()},
        {"page": 2, "limit": 1},
    ):
        assert listed(**query) == [str(first.pk)], query
    for query in (
        {"scheduleId": second.schedule_id},
        {"incidentId": incident},
        {"startDate": second.started_at.isoformat()},
        {"search": "nightly"},
    ):
        assert listed(**query) == [str(second.pk)], query
    assert listed(startDate=timezone.now().isoformat()) == []
    rows = client.get(f"{API}/workflow-runs").json()["workflowRuns"]
    assert [row["progress"] for row in rows] == [100, 100]
    assert [row["counts"]["failed"] for row in rows] == [1, 0]
    assert "steps" not in rows[0]


def test_a_status_that_no_run_has_is_refused(as_: As) -> None:
    assert as_("admin").get(f"{API}/workflow-runs", {"status": "TIMEOUT"}).status_code == 400


@pytest.mark.parametrize(
    ("name", "status"), list(zip(PERSONAS, [200, 200, 200, 403, 403, 401], strict=True))
)
def test_who_may_list(as_: As, name: str, status: int) -> None:
    assert as_(name).get(f"{API}/workflow-runs").status_code == status


def test_executions_name_their_run_and_are_found_by_it(as_: As, server: Server) -> None:
    story = started(workflow({"a": look(server)}))
    makers.execution(server=server)
    answer = as_("admin").get(f"{API}/executions", {"workflowRunId": story.run.pk}).json()
    (row,) = answer["executions"]
    assert (row["workflowRunId"], row["workflowNode"]) == (str(story.run.pk), "a")
    assert row["triggeredBy"] == "WORKFLOW"


def test_a_run_is_cancelled(as_: As, server: Server) -> None:
    story = started(workflow({"a": look(server)}))
    answer = post(as_("manager"), f"/workflow-runs/{story.run.pk}/cancel")
    assert answer.status_code == 200
    shown = answer.json()["workflowRun"]
    assert shown["cancelRequestedAt"] is not None
    assert shown["cancelRequestedBy"]["username"].startswith("manager")
    story.advance().advance()
    again = post(as_("manager"), f"/workflow-runs/{story.run.pk}/cancel")
    assert (again.status_code, again.json()["code"]) == (400, "INVALID_STATE")


def test_others_runs_are_not_everybodys_to_cancel(as_: As, server: Server) -> None:
    story = started(workflow({"a": look(server)}))
    assert post(as_("granted"), f"/workflow-runs/{story.run.pk}/cancel").status_code == 403
    assert post(as_("hr"), f"/workflow-runs/{story.run.pk}/cancel").status_code == 404


def test_a_run_goes_on_from_what_failed_or_a_node(as_: As, server: Server) -> None:
    story = started(workflow({"a": look(server), "b": look(server)}, "a b"))
    path = f"/workflow-runs/{story.run.pk}/retry"
    running = post(as_("admin"), path)
    assert (running.status_code, running.json()["code"]) == (400, "INVALID_STATE")
    story.end("a").end("b", Status.FAILED)
    assert post(as_("granted"), path).status_code == 403
    shown = post(as_("admin"), path, {"reason": "Again."}).json()["workflowRun"]
    assert (shown["status"], shown["retries"]) == ("RUNNING", 1)
    assert shown["retriedBy"]["username"].startswith("admin")
    assert [step["phase"] for step in shown["steps"]] == ["SUCCEEDED", "WAITING"]
    story.advance().end("b", Status.FAILED)
    wrong = post(as_("admin"), path, {"node": "x"})
    assert (wrong.status_code, wrong.json()["details"]) == (400, {"node": ["Name one of a, b."]})
    shown = post(as_("admin"), path, {"node": "a"}).json()["workflowRun"]
    assert [step["phase"] for step in shown["steps"]] == ["WAITING", "WAITING"]


@pytest.mark.parametrize("path", ["", "/cancel", "/retry"])
def test_there_is_no_run_of_another_id(as_: As, path: str) -> None:
    address = f"/workflow-runs/{uuid4()}{path}"
    answer = post(as_("admin"), address) if path else as_("admin").get(f"{API}{address}")
    assert answer.status_code == 404
