import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from automation.engine.results import ActionStatus, Status
from automation.models import Execution, Trigger
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.api.conftest import API, PERSONAS
from tests.incidents.makers import incident as opened

As = Callable[[str], Client]
Persona = Callable[[str], User | None]


def asked(server: Server, **more: Any) -> dict[str, Any]:
    return {
        "runbookId": "SAMPLE_MENDING",
        "serverId": str(server.pk),
        "parameters": {"path": "/tmp/x"},
        **more,
    }


def post(client: Client, body: object, **headers: str) -> Any:
    return client.post(f"{API}/executions", body, "application/json", headers=headers)


def listed(client: Client, **query: Any) -> list[str]:
    answer = client.get(f"{API}/executions", query)
    assert answer.status_code == 200, answer.content
    return [execution["id"] for execution in answer.json()["executions"]]


@pytest.mark.parametrize(
    ("name", "status"), list(zip(PERSONAS, [201, 201, 403, 403, 404, 401], strict=True))
)
def test_who_may_launch(as_: As, server: Server, name: str, status: int) -> None:
    answer = post(as_(name), asked(server))
    assert answer.status_code == status, answer.content
    assert Execution.objects.exists() is (status == 201)


def test_a_launched_execution(as_: As, persona: Persona, server: Server) -> None:
    answer = post(as_("granted"), asked(server, priority="HIGH", reason="It is down."))

    user = persona("granted")
    assert user is not None
    shown = answer.json()["execution"]
    assert UUID(shown.pop("id"))
    assert shown.pop("queuedAt").endswith("Z")
    assert shown == {
        "runbookUuid": str(makers.entry().pk),
        "runbookId": "SAMPLE_MENDING",
        "runbookTitle": "Mend a file",
        "serverId": str(server.pk),
        "serverName": server.name,
        "incidentId": None,
        "batchId": None,
        "scheduleId": None,
        "templateId": None,
        "workflowRunId": None,
        "workflowNode": "",
        "approval": None,
        "triggeredBy": "MANUAL",
        "triggerName": "",
        "triggeredByUser": {"id": str(user.pk), "username": user.username},
        "apiTokenId": None,
        "apiTokenName": "",
        "reason": "It is down.",
        "status": "PENDING",
        "verdict": "",
        "priority": "HIGH",
        "parameters": {"path": "/tmp/x"},
        "isDryRun": False,
        "currentStep": 0,
        "totalSteps": 1,
        "progress": 0,
        "startedAt": None,
        "finishedAt": None,
        "durationMs": None,
        "success": None,
        "resultSummary": "",
        "resultData": {},
        "errorCode": "",
        "errorMessage": "",
        "waitingFor": "Waits for a free worker.",
        "attempt": 0,
        "warnings": [],
        "retryOf": None,
        "dryRun": None,
        "rollbackPerformed": False,
        "rollbackStatus": "",
        "rollbackMessage": "",
        "rollbackReason": "",
        "rollbackBy": None,
        "rollbackAt": None,
        "decision": "",
        "decisionReason": "",
        "decidedBy": None,
        "decidedAt": None,
        "cancelOutcome": "",
        "assessmentBefore": None,
        "assessmentAfter": None,
    }


def test_a_runbook_is_also_launched_by_its_uuid(as_: As, server: Server) -> None:
    body = asked(server, runbookId=str(makers.entry().pk))
    assert post(as_("granted"), body).json()["execution"]["runbookId"] == "SAMPLE_MENDING"


def test_a_launch_for_an_incident_says_so(as_: As, server: Server) -> None:
    incident = str(opened(server=server).pk)
    shown = post(as_("granted"), asked(server, incidentId=incident)).json()["execution"]
    assert (shown["incidentId"], shown["triggeredBy"]) == (incident, "INCIDENT")
    # A person asked for it all the same: nothing of it started by itself.
    assert Execution.objects.get().triggered_by_user is not None


def test_nothing_is_launched_for_an_incident_that_is_not_there(as_: As, server: Server) -> None:
    answer = post(as_("granted"), asked(server, incidentId=str(uuid4())))
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert not Execution.objects.exists()


@pytest.mark.parametrize(
    ("default", "sent", "is_dry_run"),
    [(False, {}, False), (True, {}, True), (True, {"isDryRun": False}, False)],
)
def test_whether_a_launch_is_a_dry_run_is_a_setting_unless_it_says(
    as_: As, server: Server, settings: Settings, default: bool, sent: Any, is_dry_run: bool
) -> None:
    settings.AUTOMATION_DRY_RUN_DEFAULT = default
    shown = post(as_("granted"), asked(server, **sent)).json()["execution"]
    assert shown["isDryRun"] is is_dry_run


def test_a_misspelled_field_starts_nothing(as_: As, server: Server) -> None:
    answer = post(as_("granted"), asked(server, dryRun=True))
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["dryRun"])
    assert not Execution.objects.exists()


def test_a_cooldown_is_429_and_says_when(as_: As, server: Server) -> None:
    post(as_("granted"), asked(server))

    answer = post(as_("granted"), asked(server))

    assert answer.status_code == 429
    left = int(answer["Retry-After"])
    assert 500 < left <= 600
    body = answer.json()
    assert (body["error"], body["code"]) == ("RateLimitExceeded", "RATE_LIMIT_EXCEEDED")
    conditions = body["details"].pop("conditions")
    assert body["details"] == {"retryAfterSeconds": left, "cooldownMinutes": 10}
    assert {each["name"]: each["holds"] for each in conditions} == {
        "permissions": True,
        "serverCompatibility": True,
        "parametersValid": True,
        "confirmed": True,
        "rateLimitOk": False,
    }
    assert conditions[-1]["message"] == body["message"]


def test_an_administrator_forces_with_a_reason(as_: As, server: Server) -> None:
    post(as_("admin"), asked(server))
    assert post(as_("admin"), asked(server, force=True)).status_code == 400
    assert post(as_("granted"), asked(server, force=True, reason="Hurry.")).status_code == 403
    assert post(as_("admin"), asked(server, force=True, reason="Hurry.")).status_code == 201


def test_a_production_server_wants_confirm(as_: As) -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    answer = post(as_("admin"), asked(server))
    assert answer.status_code == 400
    assert answer.json()["code"] == "CONFIRMATION_REQUIRED"
    assert post(as_("admin"), asked(server, confirm=True)).status_code == 201


def test_an_idempotency_key_is_honoured(as_: As, server: Server) -> None:
    headers = {"Idempotency-Key": "abc"}
    first = post(as_("granted"), asked(server), **headers)
    again = post(as_("granted"), asked(server), **headers)
    other = post(as_("granted"), asked(server, reason="Else."), **headers)
    assert again.status_code == first.status_code == 201
    assert again.json() == first.json()
    assert other.status_code == 422
    assert other.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert Execution.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"runbookId", "serverId"}),
        ({"runbookId": "SAMPLE_MENDING", "serverId": "web1"}, {"serverId"}),
        ({"priority": "URGENT"}, {"priority"}),
        ({"confirm": "perhaps"}, {"confirm"}),
        ({"parameters": {"path": "a\nb"}}, {"path"}),
        ({"parameters": "path=/x"}, {"parameters"}),
        (
            {"runbookId": "SERVICE_RESTART", "parameters": {"serviceName": "nginx; rm -rf /"}},
            {"serviceName"},
        ),
    ],
)
def test_a_launch_that_is_not_valid_is_refused_by_name(
    as_: As, server: Server, body: dict[str, Any], names: set[str]
) -> None:
    sent = body if "serverId" in body or not body else asked(server, **body)
    answer = post(as_("admin"), sent)
    assert answer.status_code == 400
    assert set(answer.json()["details"]) == names
    assert not Execution.objects.exists()


@pytest.mark.parametrize("body", [[], "x", 7])
def test_a_body_that_is_no_object_is_refused(as_: As, body: object) -> None:
    answer = post(as_("admin"), json.dumps(body))
    assert answer.status_code == 400
    assert answer.json()["error"] == "ValidationError"


@pytest.mark.parametrize("header", ["x" * 201, ""])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(
    as_: As, server: Server, header: str
) -> None:
    answer = post(as_("admin"), asked(server), **{"Idempotency-Key": header})
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["idempotencyKey"]
    assert not Execution.objects.exists()


def test_an_unknown_runbook_or_server_is_not_found(as_: As, server: Server) -> None:
    assert post(as_("admin"), asked(server, runbookId="GONE")).status_code == 404
    assert post(as_("admin"), asked(server, serverId=str(uuid4()))).status_code == 404


@pytest.mark.parametrize(
    ("name", "status", "sees"),
    [
        ("admin", 200, 1),
        ("granted", 200, 1),
        ("stranger", 200, 1),
        ("helpdesk", 200, 1),
        ("hr", 403, 0),
        ("anonymous", 401, None),
    ],
)
def test_who_sees_the_history(as_: As, name: str, status: int, sees: int | None) -> None:
    execution = makers.execution()
    client = as_(name)
    answer = client.get(f"{API}/executions")
    assert answer.status_code == status
    assert answer.json().get("total", 0) == (sees or 0)
    one = client.get(f"{API}/executions/{execution.pk}")
    assert one.status_code == {1: 200, 0: 404, None: 401}[sees]
    logs = client.get(f"{API}/executions/{execution.pk}/logs")
    assert logs.status_code == one.status_code


def test_the_history_is_newest_first_in_pages(as_: As) -> None:
    wanted = [str(makers.execution(age_minutes=age).pk) for age in (1, 2, 3)]
    client = as_("helpdesk")
    assert listed(client) == wanted
    assert listed(client, ordering="queuedAt") == wanted[::-1]
    assert listed(client, limit=2) + listed(client, limit=2, page=2) == wanted
    assert client.get(f"{API}/executions", {"limit": 2}).json()["total"] == 3


def test_each_filter_of_the_history(as_: As) -> None:
    incident, schedule, template = uuid4(), uuid4(), uuid4()
    server = makers.server(name="db-main")
    fixed = makers.execution(
        server=server,
        status=Status.SUCCESS,
        verdict="FIXED",
        incident_id=incident,
        triggered_by=Trigger.INCIDENT,
        reason="Full disk",
        queued_at="2026-03-01T12:00:00Z",
        result_summary="All is well.",
    )
    failed = makers.execution(
        "SAMPLE_LOOKING",
        status=Status.FAILED,
        queued_at="2026-03-02T12:00:00Z",
        error_message="Disk quota",
        triggered_by=Trigger.SCHEDULED,
        trigger_name="Nightly",
        schedule_id=schedule,
        template_id=template,
    )
    dry = makers.execution(is_dry_run=True, queued_at="2026-03-03T12:00:00Z")
    client = as_("helpdesk")
    expected: list[tuple[dict[str, str], list[Execution]]] = [
        ({"runbookId": "SAMPLE_MENDING"}, [dry, fixed]),
        ({"runbookId": str(failed.runbook_id)}, [failed]),
        ({"serverId": str(server.pk)}, [fixed]),
        ({"incidentId": str(incident)}, [fixed]),
        ({"scheduleId": str(schedule)}, [failed]),
        ({"templateId": str(template)}, [failed]),
        ({"status": "SUCCESS"}, [fixed]),
        ({"status": "FAILED,PENDING"}, [dry, failed]),
        ({"verdict": "FIXED"}, [fixed]),
        ({"triggeredBy": "INCIDENT"}, [fixed]),
        ({"isDryRun": "true"}, [dry]),
        ({"isDryRun": "false"}, [failed, fixed]),
        ({"startDate": "2026-03-02"}, [dry, failed]),
        ({"startDate": "2026-03-02T12:00:00Z"}, [dry, failed]),
        ({"startDate": "2026-03-02T13:00:01+01:00"}, [dry]),
        ({"endDate": "2026-03-02T12:00:00Z"}, [fixed]),
        ({"endDate": "2026-03-02T12:00:00"}, [fixed]),
        ({"startDate": "2026-03-02", "endDate": "2026-03-03"}, [failed]),
        ({"search": "disk"}, [failed, fixed]),
        ({"search": " DB-MAIN "}, [fixed]),
        ({"search": "sample_mend"}, [dry, fixed]),
        ({"search": "all is well"}, [fixed]),
        ({"search": str(failed.pk)}, [failed]),
        ({"search": "100%"}, []),
        ({"status": "SUCCESS", "isDryRun": "true"}, []),
    ]
    for query, rows in expected:
        assert listed(client, **query) == [str(row.pk) for row in rows], query


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"serverId": "web1"}, 400),
        ({"incidentId": "1"}, 400),
        ({"isDryRun": "yes"}, 400),
        ({"startDate": "yesterday"}, 400),
        ({"endDate": "2026-13-01"}, 400),
        ({"ordering": "parameters"}, 400),
        ({"limit": "1000"}, 400),
        ({"runbookId": "GONE"}, 404),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(
    as_: As, query: dict[str, str], status: int
) -> None:
    answer = as_("admin").get(f"{API}/executions", query)
    assert answer.status_code == status
    if status == 400:
        assert list(answer.json()["details"]) == list(query)


def test_a_finished_execution(as_: As, persona: Persona) -> None:
    admin = persona("admin")
    execution = makers.execution(
        status=Status.FAILED,
        verdict="NOT_FIXED",
        started_at="2026-01-01T00:00:00Z",
        finished_at="2026-01-01T00:00:01.5Z",
        attempt=1,
        error_code="COMMAND_FAILED",
        error_message="It ended with exit code 1.",
        result_data={"some_key": {"inner_key": 1}},
        assessment_before={"healthy": False, "values": {"is_up": False}, "summary": "Down."},
        cancel_outcome="STOPPED",
        rollback_performed=True,
        rollback_by=admin,
    )
    shown = as_("admin").get(f"{API}/executions/{execution.pk}").json()["execution"]
    assert (shown["durationMs"], shown["success"], shown["progress"]) == (1500, False, 100)
    assert shown["startedAt"] == "2026-01-01T00:00:00Z"
    # Declared names are camelCase; the keys of data stay as they are.
    assert shown["resultData"] == {"some_key": {"inner_key": 1}}
    assert shown["assessmentBefore"] == {
        "healthy": False,
        "values": {"is_up": False},
        "summary": "Down.",
    }
    assert (shown["errorCode"], shown["cancelOutcome"]) == ("COMMAND_FAILED", "STOPPED")
    assert shown["waitingFor"] == ""
    assert admin is not None
    assert shown["rollbackBy"] == str(admin.pk)


@pytest.mark.parametrize("tail", ["", "/logs"])
def test_an_execution_that_is_not_there_is_not_found(as_: As, tail: str) -> None:
    answer = as_("admin").get(f"{API}/executions/{uuid4()}{tail}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "NOT_FOUND"


def test_the_log_in_order_with_each_row_whole(as_: As) -> None:
    execution = makers.execution()
    makers.log_row(execution, 2, status=ActionStatus.RUNNING, exit_code=None, finished_at=None)
    first = makers.log_row(execution, 1, stderr="oops\n", error_message="Why.", changes=True)

    body = as_("helpdesk").get(f"{API}/executions/{execution.pk}/logs").json()

    assert body["total"] == 2
    one, two = body["logs"]
    assert one.pop("startedAt") < one.pop("finishedAt")
    assert one == {
        "seq": 1,
        "attempt": 1,
        "stepNumber": 1,
        "stepName": "First",
        "stepType": "SSH_COMMAND",
        "command": "echo 1",
        "changes": True,
        "stdout": "1\n",
        "stderr": "oops\n",
        "exitCode": 0,
        "status": "SUCCESS",
        "durationMs": 1500,
        "errorMessage": "Why.",
    }
    assert (two["seq"], two["status"], two["exitCode"], two["durationMs"]) == (
        2,
        "RUNNING",
        None,
        None,
    )
    assert str(first) == f"{execution.pk} #1"


@pytest.mark.parametrize(
    ("query", "seqs"),
    [
        ({}, [1, 2, 3, 4]),
        ({"after": "2"}, [3, 4]),
        ({"after": "4"}, []),
        ({"after": "0"}, [1, 2, 3, 4]),
        ({"stepNumber": "2"}, [3, 4]),
        ({"stepNumber": "0"}, [1]),
        ({"status": "FAILED"}, [4]),
        ({"status": "FAILED,SUCCESS", "after": "1", "stepNumber": "2"}, [3, 4]),
    ],
)
def test_each_filter_of_the_log(as_: As, query: dict[str, str], seqs: list[int]) -> None:
    execution = makers.execution()
    for seq, step in ((1, 0), (2, 1), (3, 2), (4, 2)):
        status = ActionStatus.FAILED if seq == 4 else ActionStatus.SUCCESS
        makers.log_row(execution, seq, step_number=step, status=status)
    makers.log_row(makers.execution(), 9)
    body = as_("helpdesk").get(f"{API}/executions/{execution.pk}/logs", query).json()
    assert [row["seq"] for row in body["logs"]] == seqs
    assert body["total"] == len(seqs)


@pytest.mark.parametrize("name", ["after", "stepNumber"])
@pytest.mark.parametrize("value", ["x", "-1", "1.5", "٣", "9999999999"])
def test_a_filter_of_the_log_that_is_no_number_is_refused(as_: As, name: str, value: str) -> None:
    execution = makers.execution()
    answer = as_("admin").get(f"{API}/executions/{execution.pk}/logs", {name: value})
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [name]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("admin", 200),
        ("manager", 200),
        ("granted", 200),
        ("stranger", 403),
        ("helpdesk", 403),
        ("hr", 404),
        ("anonymous", 401),
    ],
)
def test_who_may_cancel(as_: As, persona: Persona, name: str, status: int) -> None:
    execution = makers.execution(triggered_by_user=persona("granted"))
    answer = as_(name).post(f"{API}/executions/{execution.pk}/cancel")
    assert answer.status_code == status
    execution.refresh_from_db()
    assert execution.status == ("CANCELLED" if status == 200 else "PENDING")
    if status == 200:
        assert answer.json()["execution"]["status"] == "CANCELLED"


def test_what_has_ended_cannot_be_cancelled(as_: As) -> None:
    execution = makers.execution(status=Status.SUCCESS)
    answer = as_("admin").post(f"{API}/executions/{execution.pk}/cancel")
    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_STATE"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("put", "executions"),
        ("delete", "executions"),
        ("get", "executions/{pk}/cancel"),
        ("post", "executions/{pk}/logs"),
        ("post", "runbooks"),
    ],
)
def test_other_methods_are_not_allowed(as_: As, method: str, path: str) -> None:
    execution = makers.execution()
    answer = getattr(as_("admin"), method)(f"{API}/{path.format(pk=execution.pk)}")
    assert answer.status_code == 405
    assert set(answer.json()) == {"error", "message", "code", "details"}


def test_a_fault_is_answered_without_a_stack_trace(as_: As) -> None:
    execution = makers.execution()
    Execution.objects.filter(pk=execution.pk).update(priority=9)
    client = as_("admin")
    client.raise_request_exception = False
    answer = client.get(f"{API}/executions/{execution.pk}")
    assert answer.status_code == 500
    assert answer.json()["code"] == "INTERNAL"
    assert "Traceback" not in answer.content.decode()


def test_the_history_costs_the_same_number_of_queries_however_long_it_is(
    as_: As, persona: Persona, django_assert_num_queries: Any
) -> None:
    client, user = as_("helpdesk"), persona("granted")
    server = makers.server()
    for status in (Status.SUCCESS, Status.FAILED, Status.RUNNING, *[Status.PENDING] * 4):
        makers.execution(server=server, status=status, triggered_by_user=user)
    with django_assert_num_queries(5):
        listed(client, limit=1)
    with django_assert_num_queries(5):
        listed(client, limit=7)
