"""DELETE of an execution."""

from collections.abc import Callable

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Execution
from servers.models import Server
from tests.automation import makers
from tests.automation.api.conftest import API
from tests.support.users import signed_in

As = Callable[[str], Client]


@pytest.fixture
def ended(server: Server) -> Execution:
    return makers.execution(server=server, status=Status.FAILED, age_minutes=60)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("admin", 204),
        ("manager there", 204),
        ("manager", 403),
        ("granted", 403),
        ("helpdesk", 403),
        ("hr", 404),
        ("anonymous", 401),
    ],
)
def test_who_may_delete(as_: As, server: Server, ended: Execution, name: str, status: int) -> None:
    is_there = name == "manager there"
    client = signed_in(makers.user("MANAGER", operates=server)) if is_there else as_(name)
    answer = client.delete(f"{API}/executions/{ended.pk}")
    assert answer.status_code == status, answer.content
    assert Execution.objects.exists() is (status != 204)


def test_it_is_gone_then(as_: As, ended: Execution) -> None:
    address = f"{API}/executions/{ended.pk}"
    answer = as_("admin").delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    for again in (as_("admin").delete(address), as_("admin").get(address)):
        assert (again.status_code, again.json()["code"]) == (404, "NOT_FOUND")
    assert as_("admin").get(f"{API}/executions").json()["total"] == 0


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING, Status.UNKNOWN])
def test_what_lives_is_in_no_state_for_it(as_: As, server: Server, status: Status) -> None:
    execution = makers.execution(server=server, status=status, age_minutes=60)
    answer = as_("admin").delete(f"{API}/executions/{execution.pk}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_STATE")
    assert Execution.objects.exists()


def test_a_cooldown_says_in_how_many_seconds(as_: As, server: Server) -> None:
    execution = makers.execution(server=server, status=Status.SUCCESS, age_minutes=1)
    answer = as_("admin").delete(f"{API}/executions/{execution.pk}").json()
    assert answer["code"] == "INVALID_STATE"
    assert 500 < answer["details"]["retryAfterSeconds"] <= 540


def test_a_request_repeated_after_the_deletion_is_422(as_: As, server: Server) -> None:
    body = {"runbookId": "SAMPLE_LOOKING", "serverId": str(server.pk)}
    headers = {"Idempotency-Key": "alert-4711"}
    client = as_("admin")
    made = client.post(f"{API}/executions", body, "application/json", headers=headers).json()
    client.post(f"{API}/executions/{made['execution']['id']}/cancel")
    assert client.delete(f"{API}/executions/{made['execution']['id']}").status_code == 204
    answer = client.post(f"{API}/executions", body, "application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert not Execution.objects.exists()
