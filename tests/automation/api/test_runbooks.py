from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Execution
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.api.conftest import API, PERSONAS

As = Callable[[str], Client]


def listed(client: Client, **query: Any) -> dict[str, Any]:
    answer = client.get(f"{API}/runbooks", query)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [runbook["runbookId"] for runbook in body["runbooks"]]


@pytest.mark.parametrize(
    ("name", "status", "sees"),
    [
        ("admin", 200, True),
        ("granted", 200, True),
        ("stranger", 200, True),
        ("helpdesk", 200, True),
        ("hr", 403, False),
        ("anonymous", 401, False),
    ],
)
def test_who_sees_the_library(as_: As, name: str, status: int, sees: bool) -> None:
    answer = as_(name).get(f"{API}/runbooks")
    assert answer.status_code == status
    if status == 200:
        assert bool(answer.json()["total"]) is sees
    elif status == 403:
        assert answer.json()["code"] == "NOT_PERMITTED"
    else:
        assert answer.json()["code"] == "NOT_AUTHENTICATED"
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_runbook_in_the_library(as_: As) -> None:
    entry = makers.entry()
    makers.execution(status=Status.SUCCESS, verdict="FIXED")
    makers.execution(status=Status.FAILED, verdict="NOT_FIXED")
    makers.execution(status=Status.SUCCESS, is_dry_run=True)

    (found,) = listed(as_("helpdesk"), search="mend A")["runbooks"]

    assert found == {
        "id": str(entry.pk),
        "runbookId": "SAMPLE_MENDING",
        "title": "Mend a file",
        "summary": "Make sure that a file is there.",
        "category": "RECOVERY",
        "platforms": ["LINUX"],
        "changes": True,
        "isActive": True,
        "dangerous": False,
        "timeoutSeconds": 300,
        "maxRetries": 3,
        "cooldownMinutes": 10,
        "approvals": 0,
        "successRate": 0.5,
        "fixRate": 0.5,
        "totalExecutions": 2,
    }


def test_rates_are_null_before_there_is_anything_to_count(as_: As) -> None:
    (found,) = listed(as_("helpdesk"), search="SAMPLE_MENDING")["runbooks"]
    assert (found["successRate"], found["fixRate"], found["totalExecutions"]) == (None, None, 0)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"category": "RECOVERY", "search": "sample"}, {"SAMPLE_MENDING"}),
        (
            {"category": "RECOVERY,INCIDENT_RESPONSE"},
            {"SAMPLE_MENDING", "SAMPLE_LOOKING", "SERVICE_RESTART", "HEALTH_CHECK"},
        ),
        ({"platform": "WINDOWS"}, {"SAMPLE_WINDOWS"}),
        ({"isActive": "false"}, {"SAMPLE_GUARDED"}),
        ({"search": "Only look"}, {"SAMPLE_LOOKING"}),
        ({"search": "no such thing"}, set()),
        ({"category": "SECURITY"}, set()),
    ],
)
def test_each_filter_of_the_library(as_: As, query: dict[str, str], expected: set[str]) -> None:
    makers.entry("SAMPLE_GUARDED", is_active=False)
    found = set(ids(listed(as_("admin"), **query)))
    shipped = {"PROCESS_KILL", "DISK_CLEANUP", "LOG_ROTATION", "FILE_BACKUP"}
    assert found - shipped == expected


def test_the_library_comes_in_pages_and_in_the_order_asked_for(as_: As) -> None:
    client = as_("admin")
    whole = ids(listed(client, limit=100, ordering="runbookId"))
    assert whole == sorted(whole)
    first = listed(client, limit=3, ordering="-runbookId")
    second = listed(client, limit=3, ordering="-runbookId", page=2)
    assert ids(first) + ids(second) == whole[::-1][:6]
    assert (first["total"], first["page"], first["limit"]) == (len(whole), 1, 3)
    assert second["page"] == 2


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"page": "0"}, "page"),
        ({"page": "x"}, "page"),
        ({"limit": "101"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"isActive": "maybe"}, "isActive"),
        ({"ordering": "secret"}, "ordering"),
        ({"ordering": "--title"}, "ordering"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused_by_name(
    as_: As, query: dict[str, str], name: str
) -> None:
    answer = as_("admin").get(f"{API}/runbooks", query)
    assert answer.status_code == 400
    body = answer.json()
    assert (body["error"], body["code"]) == ("ValidationError", "VALIDATION")
    assert list(body["details"]) == [name]


def test_one_runbook_by_either_id(as_: As) -> None:
    entry = makers.entry("SAMPLE_EVERY_KIND")
    one = as_("helpdesk").get(f"{API}/runbooks/{entry.pk}").json()
    other = as_("helpdesk").get(f"{API}/runbooks/SAMPLE_EVERY_KIND").json()
    assert one == other
    assert one["runbook"]["id"] == str(entry.pk)


def test_a_runbook_with_all_that_it_takes_to_run_it(as_: As, server: Server) -> None:
    execution = makers.execution(server=server, status=Status.SUCCESS)

    found = as_("granted").get(f"{API}/runbooks/SAMPLE_MENDING").json()["runbook"]

    assert found["parameters"] == [
        {
            "name": "path",
            "type": "text",
            "required": True,
            "default": None,
            "description": "The file",
            "unit": "",
            "secret": False,
            "constraints": {},
            "schema": found["parameters"][0]["schema"],
        }
    ]
    assert found["parameters"][0]["schema"]["type"] == "string"
    assert found["parametersSchema"]["required"] == ["path"]
    assert found["steps"] == [{"number": 1, "title": "Make the file", "reversible": True}]
    assert (found["irreversible"], found["estimatedDuration"]) == ("", 30.0)
    assert found["totalExecutions"] == 1
    assert [e["id"] for e in found["recentExecutions"]] == [str(execution.pk)]


def test_how_long_it_takes_is_told_by_its_history(as_: As) -> None:
    makers.execution(
        status=Status.SUCCESS,
        started_at="2026-01-01T00:00:00Z",
        finished_at="2026-01-01T00:00:04Z",
    )
    found = as_("admin").get(f"{API}/runbooks/SAMPLE_MENDING").json()["runbook"]
    assert found["estimatedDuration"] == 4.0


def test_a_secret_parameter_shows_no_default(as_: As) -> None:
    found = as_("admin").get(f"{API}/runbooks/SAMPLE_EVERY_KIND").json()["runbook"]
    token = next(each for each in found["parameters"] if each["name"] == "token")
    assert token["secret"] is True
    assert not token["default"]


@pytest.mark.parametrize(
    "key", ["NO_SUCH_RUNBOOK", "00000000-0000-0000-0000-000000000007", "%2e%2e"]
)
def test_a_runbook_that_is_not_there_is_not_found(as_: As, key: str) -> None:
    answer = as_("admin").get(f"{API}/runbooks/{key}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "NOT_FOUND"


def test_what_a_user_may_not_see_is_not_found(as_: As) -> None:
    answer = as_("hr").get(f"{API}/runbooks/SAMPLE_MENDING")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "NotFound",
        "message": "There is no runbook SAMPLE_MENDING, or you may not see it.",
        "code": "NOT_FOUND",
        "details": {},
    }


def test_a_runbook_that_is_not_deployed_is_not_found(as_: As) -> None:
    makers.entry("SAMPLE_MENDING", is_deployed=False)
    assert as_("admin").get(f"{API}/runbooks/SAMPLE_MENDING").status_code == 404
    assert "SAMPLE_MENDING" not in ids(listed(as_("admin"), limit=100))


def dry_run(client: Client, server: Server, key: str = "SAMPLE_MENDING", **more: Any) -> Any:
    body = {"serverId": str(server.pk), "parameters": {"path": "/tmp/x"}, **more}
    return client.post(
        f"{API}/runbooks/{key}/dry-run",
        body,
        "application/json",
        headers=more.pop("headers", None),
    )


@pytest.mark.parametrize(
    ("name", "status"),
    list(zip(PERSONAS, [201, 201, 403, 403, 404, 401], strict=True)),
)
def test_who_may_dry_run(as_: As, server: Server, name: str, status: int) -> None:
    answer = dry_run(as_(name), server)
    assert answer.status_code == status, answer.content
    assert Execution.objects.exists() is (status == 201)


def test_a_dry_run_is_an_execution_that_says_so(as_: As, server: Server) -> None:
    shown = dry_run(as_("granted"), server, reason="To see.").json()["execution"]
    assert (shown["isDryRun"], shown["status"], shown["reason"]) == (True, "PENDING", "To see.")
    assert Execution.objects.get(pk=shown["id"]).is_dry_run


def test_a_dry_run_of_a_production_server_needs_no_confirmation(as_: As) -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    assert dry_run(as_("admin"), server).status_code == 201


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "serverId"),
        ({"serverId": "web1"}, "serverId"),
        ({"serverId": "SERVER", "parameters": []}, "parameters"),
        ({"serverId": "SERVER", "incidentId": "x"}, "incidentId"),
        ({"serverId": "SERVER", "reason": "x" * 2001}, "reason"),
        ({"serverId": "SERVER", "parameters": {}}, "path"),
    ],
)
def test_a_dry_run_that_is_not_valid_is_refused_by_name(
    as_: As, server: Server, body: dict[str, Any], name: str
) -> None:
    sent = {key: str(server.pk) if value == "SERVER" else value for key, value in body.items()}
    answer = as_("admin").post(f"{API}/runbooks/SAMPLE_MENDING/dry-run", sent, "application/json")
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [name]


def test_what_is_no_json_is_refused(as_: As) -> None:
    answer = as_("admin").post(
        f"{API}/runbooks/SAMPLE_MENDING/dry-run", "{", content_type="application/json"
    )
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "message", "code", "details"}


def test_an_unknown_server_is_not_found(as_: As) -> None:
    server = Server(name="ghost")
    assert dry_run(as_("admin"), server).status_code == 404


def validate(client: Client, server: Server, key: str = "SAMPLE_MENDING", **more: Any) -> Any:
    body = {"serverId": str(server.pk), "parameters": {"path": "/tmp/x"}, **more}
    return client.post(f"{API}/runbooks/{key}/validate", body, "application/json")


@pytest.mark.parametrize(("name", "status"), [("hr", 404), ("anonymous", 401)])
def test_who_may_not_validate(as_: As, server: Server, name: str, status: int) -> None:
    assert validate(as_(name), server).status_code == status


def test_the_api_takes_a_bearer_token(as_: As, server: Server) -> None:
    user = makers.user()
    tokens = Client().post(
        "/api/v1/auth/token",
        {"username": user.username, "password": "correct horse battery"},
        "application/json",
    )
    assert tokens.status_code == 200, tokens.content
    bearer = {"Authorization": f"Bearer {tokens.json()['access']}"}
    assert Client().get(f"{API}/runbooks", headers=bearer).status_code == 200
    broken = {"Authorization": "Bearer x.y.z"}
    answer = Client().get(f"{API}/runbooks", headers=broken)
    assert answer.status_code == 401
    assert answer.json()["code"] == "AUTHENTICATION_FAILED"


def test_a_session_without_its_csrf_token_may_not_launch(server: Server) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(makers.admin())
    assert dry_run(client, server).status_code == 403
    assert not Execution.objects.exists()


def test_the_library_costs_the_same_number_of_queries_however_long_it_is(
    as_: As, django_assert_max_num_queries: Any
) -> None:
    client = as_("helpdesk")
    for _ in range(5):
        makers.execution(status=Status.SUCCESS)
    listed(client, limit=1)
    with django_assert_max_num_queries(7):
        listed(client, limit=100)
