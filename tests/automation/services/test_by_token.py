"""What is launched by an API token says so, and asks for no more than the token covers."""

from typing import Any

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Batch, Execution
from automation.services.rollbacks import roll_back
from opsmanager.accounts import roles
from opsmanager.accounts.models import ApiToken
from opsmanager.audit.models import AuditEvent
from servers.models import Server
from tests.automation import makers
from tests.support.api_tokens import made, program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

API = "/api/v1/automation"
JSON = "application/json"
RUNS = [
    roles.VIEW_RUNBOOKS,
    roles.EXECUTE_RUNBOOKS,
    roles.VIEW_EXECUTIONS,
    roles.VIEW_SERVERS,
    roles.OPERATE_SERVERS,
]


@pytest.fixture
def server() -> Server:
    return makers.server()


@pytest.fixture
def other() -> Server:
    return makers.server()


def bot(server: Server, **fields: Any) -> tuple[ApiToken, Client]:
    token, secret = made(makers.user("MANAGER", operates=server), **fields)
    return token, program(secret)


def launch(client: Client, server: Server, **fields: Any) -> Any:
    headers = fields.pop("headers", {})
    sent = {
        "runbookId": "SAMPLE_MENDING",
        "serverId": str(server.pk),
        "parameters": {"path": "/tmp/x"},
        **fields,
    }
    return client.post(f"{API}/executions", sent, JSON, headers=headers)


def test_an_execution_keeps_by_which_token_it_was_started(server: Server) -> None:
    token, client = bot(server, server_ids=[server.pk], permissions=RUNS)
    answer = launch(client, server)
    assert answer.status_code == 201
    shown = answer.json()["execution"]
    assert (shown["apiTokenId"], shown["apiTokenName"]) == (str(token.pk), "ci bot")
    assert shown["triggeredByUser"]["username"] == token.user.username
    event = AuditEvent.objects.get(verb="AUTOMATION_EXECUTION_STARTED")
    assert event.actor_name == token.user.username
    assert event.details["via"]["name"] == "ci bot"


def test_so_do_a_batch_and_its_executions(server: Server) -> None:
    token, client = bot(server, server_ids=[server.pk], permissions=RUNS)
    sent = {
        "runbookId": "SAMPLE_MENDING",
        "serverIds": [str(server.pk)],
        "parameters": {"path": "/tmp/x"},
    }
    answer = client.post(f"{API}/batches", sent, JSON)
    assert answer.status_code == 201
    assert answer.json()["batch"]["apiTokenName"] == "ci bot"
    assert Batch.objects.get().api_token_id == token.pk
    assert Execution.objects.get().api_token_id == token.pk
    pk = answer.json()["batch"]["id"]
    assert client.post(f"{API}/batches/{pk}/cancel", {}, JSON).status_code == 200


def test_a_server_beyond_the_limit_does_not_exist_for_it(server: Server, other: Server) -> None:
    _token, client = bot(server, server_ids=[other.pk])
    assert launch(client, server).status_code == 404
    sent = {"runbookId": "SAMPLE_MENDING", "serverIds": [str(server.pk)], "parameters": {}}
    assert client.post(f"{API}/batches", sent, JSON).status_code == 404
    # Seen by the role, yet not granted.
    assert launch(client, other).status_code == 403
    assert not Execution.objects.exists()


@pytest.mark.parametrize("missing", [roles.EXECUTE_RUNBOOKS, roles.OPERATE_SERVERS])
def test_a_launch_needs_to_be_covered(server: Server, missing: str) -> None:
    _token, client = bot(server, permissions=[each for each in RUNS if each != missing])
    assert launch(client, server).status_code == 403
    assert not Execution.objects.exists()


def test_what_a_runbook_wants_beside_needs_to_be_covered(server: Server) -> None:
    _token, client = bot(server, permissions=RUNS)
    guarded = {"runbookId": "SAMPLE_GUARDED", "parameters": {}}
    assert launch(client, server, **guarded).status_code == 403
    ApiToken.objects.update(permissions=[*RUNS, roles.ROLL_BACK_EXECUTIONS])
    assert launch(client, server, **guarded).status_code == 201


def test_an_idempotency_key_of_its_user_opens_nothing_to_it(server: Server) -> None:
    _token, client = bot(server)
    key = {"Idempotency-Key": "alert-1"}
    first = launch(client, server, headers=key)
    assert launch(client, server, headers=key).json() == first.json()
    ApiToken.objects.update(permissions=[roles.VIEW_RUNBOOKS, roles.VIEW_SERVERS])
    assert launch(client, server, headers=key).status_code == 403


def test_cancel_retry_and_rollback_by_a_token_need_to_be_covered(server: Server) -> None:
    token, client = bot(server, permissions=RUNS)
    done = makers.execution(server=server, status=Status.SUCCESS, steps_done=[1], age_minutes=60)
    waiting = makers.execution(server=server)
    url = f"{API}/executions/{done.pk}"
    assert client.post(f"{API}/executions/{waiting.pk}/cancel", {}, JSON).status_code == 403
    assert client.post(f"{url}/retry", {}, JSON).status_code == 403
    assert client.post(f"{url}/rollback", {}, JSON).status_code == 403
    ApiToken.objects.update(permissions=None)
    assert client.post(f"{API}/executions/{waiting.pk}/cancel", {}, JSON).status_code == 200
    again = client.post(f"{url}/retry", {}, JSON).json()["execution"]
    assert again["apiTokenId"] == str(token.pk)
    assert client.post(f"{url}/rollback", {}, JSON).status_code == 200
    done.refresh_from_db()
    assert done.rollback_token_id == token.pk
    assert done.api_token_id is None


def test_a_rollback_without_a_token_forgets_that_of_one_before(server: Server) -> None:
    token, client = bot(server)
    done = makers.execution(server=server, status=Status.SUCCESS, steps_done=[1], age_minutes=60)
    client.post(f"{API}/executions/{done.pk}/rollback", {}, JSON)
    Execution.objects.filter(pk=done.pk).update(rollback_status=Status.FAILED, waiting_since=None)
    roll_back(actor=token.user, execution=done)
    done.refresh_from_db()
    assert done.rollback_token_id is None


def test_a_decision_by_a_token_runs_again_by_the_token(server: Server) -> None:
    token, client = bot(server)
    lost = makers.execution(server=server, status=Status.UNKNOWN, age_minutes=60)
    sent = {"outcome": "RUN_AGAIN", "reason": "I looked."}
    answer = client.post(f"{API}/executions/{lost.pk}/decide", sent, JSON)
    assert answer.status_code == 201
    assert answer.json()["execution"]["apiTokenId"] == str(token.pk)
    event = AuditEvent.objects.get(verb="AUTOMATION_EXECUTION_DECIDED")
    assert event.details["via"]["id"] == str(token.pk)


def test_a_batch_is_not_launched_for_a_token_that_could_not_see_it(server: Server) -> None:
    _token, client = bot(server, permissions=[each for each in RUNS if "view_exec" not in each])
    sent = {
        "runbookId": "SAMPLE_MENDING",
        "serverIds": [str(server.pk)],
        "parameters": {"path": "/tmp/x"},
    }
    assert client.post(f"{API}/batches", sent, JSON).status_code == 403
    assert not Execution.objects.exists()
