"""What is done with an execution that has ended: run again, taken back, decided."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Execution
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.api.conftest import API
from tests.support.users import signed_in

As = Callable[[str], Client]

WHO = ("admin", "manager", "manager elsewhere", "granted", "helpdesk", "hr", "anonymous")
STATUSES = (0, 0, 403, 403, 403, 404, 401)


@pytest.fixture
def client(as_: As, server: Server) -> Callable[[str], Client]:
    def of(name: str) -> Client:
        if name == "manager":
            return signed_in(makers.user("MANAGER", operates=server))
        return as_("manager" if name == "manager elsewhere" else name)

    return of


def post(client: Client, execution: Execution, verb: str, **body: Any) -> Any:
    return client.post(f"{API}/executions/{execution.pk}/{verb}", body, "application/json")


def ended(server: Server, **fields: Any) -> Execution:
    values = {"status": Status.SUCCESS, "steps_done": [1], "age_minutes": 60, **fields}
    return makers.execution(server=server, **values)


def whoever(ok: int) -> list[tuple[str, int]]:
    return [(name, status or ok) for name, status in zip(WHO, STATUSES, strict=True)]


@pytest.mark.parametrize(("name", "status"), whoever(201))
def test_who_may_run_it_again(client: As, server: Server, name: str, status: int) -> None:
    execution = ended(server)
    answer = post(client(name), execution, "retry")
    assert answer.status_code == status, answer.content
    if status == 201:
        assert answer.json()["execution"]["retryOf"] == str(execution.pk)


@pytest.mark.parametrize(("name", "status"), whoever(200))
def test_who_may_take_it_back(client: As, server: Server, name: str, status: int) -> None:
    answer = post(client(name), ended(server), "rollback", reason="It was worse.")
    assert answer.status_code == status, answer.content
    if status == 200:
        shown = answer.json()["execution"]
        assert (shown["status"], shown["rollbackStatus"]) == ("SUCCESS", "PENDING")
        assert shown["rollbackReason"] == "It was worse."


@pytest.mark.parametrize(("name", "status"), whoever(200))
def test_who_may_decide(client: As, server: Server, name: str, status: int) -> None:
    execution = ended(server, status=Status.UNKNOWN)
    answer = post(client(name), execution, "decide", outcome="SUCCESS", reason="I looked.")
    assert answer.status_code == status, answer.content
    if status == 200:
        shown = answer.json()["execution"]
        assert (shown["status"], shown["decision"]) == ("SUCCESS", "SUCCESS")
        assert shown["decisionReason"] == "I looked."


def test_a_retry_that_cools_down_is_429(client: As, server: Server) -> None:
    answer = post(client("manager"), ended(server, age_minutes=1), "retry")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_an_administrator_passes_over_the_cooldown(client: As, server: Server) -> None:
    execution = ended(server, age_minutes=1)
    answer = post(client("admin"), execution, "retry", force=True, reason="Hurry.")
    assert answer.status_code == 201


@pytest.mark.parametrize("verb", ["retry", "rollback"])
def test_production_wants_a_confirmation(client: As, server: Server, verb: str) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    execution = ended(server)
    answer = post(client("manager"), execution, verb)
    assert (answer.status_code, answer.json()["code"]) == (400, "CONFIRMATION_REQUIRED")
    assert post(client("manager"), execution, verb, confirm=True).status_code in (200, 201)


@pytest.mark.parametrize("verb", ["retry", "rollback", "decide"])
def test_what_runs_is_in_no_state_for_it(client: As, server: Server, verb: str) -> None:
    execution = makers.execution(server=server, status=Status.RUNNING)
    body = {"outcome": "FAILED"} if verb == "decide" else {}
    answer = post(client("manager"), execution, verb, reason="I looked.", **body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_STATE")


def test_the_plan_of_a_rollback_is_shown_before(client: As, server: Server) -> None:
    execution = ended(server)
    plan = client("helpdesk").get(f"{API}/executions/{execution.pk}/rollback").json()["rollback"]
    assert plan == {
        "possible": True,
        "steps": [{"number": 1, "title": "Make the file"}],
        "whyNot": "",
    }
    nothing = ended(server, steps_done=[])
    plan = client("helpdesk").get(f"{API}/executions/{nothing.pk}/rollback").json()["rollback"]
    assert plan == {
        "possible": False,
        "steps": [],
        "whyNot": "It changed nothing, so there is nothing to take back.",
    }


def test_run_again_answers_with_the_new_execution(client: As, server: Server) -> None:
    execution = ended(server, status=Status.UNKNOWN)
    answer = post(client("manager"), execution, "decide", outcome="RUN_AGAIN", reason="Gone.")
    assert answer.status_code == 201
    assert answer.json()["execution"]["retryOf"] == str(execution.pk)


def test_the_second_decision_is_a_conflict(client: As, server: Server) -> None:
    execution = ended(server, status=Status.UNKNOWN)
    post(client("manager"), execution, "decide", outcome="FAILED", reason="I looked.")
    answer = post(client("admin"), execution, "decide", outcome="SUCCESS", reason="Me too.")
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


@pytest.mark.parametrize("body", [{}, {"outcome": "MAYBE", "reason": "x"}, {"outcome": "FAILED"}])
def test_a_decision_needs_an_outcome_and_a_reason(
    client: As, server: Server, body: dict[str, str]
) -> None:
    execution = ended(server, status=Status.UNKNOWN)
    answer = post(client("manager"), execution, "decide", **body)
    assert answer.status_code == 400
    assert set(answer.json()["details"]) <= {"outcome", "reason"}


def test_a_waiting_execution_says_why_condition_by_condition(client: As, server: Server) -> None:
    actor: User = makers.user(username="anna")
    running = makers.execution(server=server, status=Status.RUNNING, triggered_by_user=actor)
    execution = makers.execution(
        server=server,
        not_before="2100-01-01T00:00:00Z",
        error_message="web1 could not be reached.",
        attempt=1,
        max_retries=3,
    )
    shown = client("helpdesk").get(f"{API}/executions/{execution.pk}").json()["execution"]
    why = {each["name"]: each for each in shown["why"]}
    assert list(why) == ["retryTime", "serverFree", "workerAlive"]
    assert [each["holds"] for each in shown["why"]] == [False, False, False]
    assert str(running.pk) in why["serverFree"]["value"]
    assert "Mend a file (anna) runs" in why["serverFree"]["message"]
    assert shown["waitingFor"] == why["retryTime"]["message"]
    ended_one = client("helpdesk").get(f"{API}/executions/{ended(server).pk}").json()
    assert ended_one["execution"]["why"] == []


def test_a_dry_run_is_named_to_be_repeated_exactly(client: As, server: Server) -> None:
    dry = ended(server, is_dry_run=True)
    body = {
        "runbookId": "SAMPLE_MENDING",
        "serverId": str(server.pk),
        "parameters": {"path": "/tmp/x"},
        "dryRunId": str(dry.pk),
    }
    answer = client("manager").post(f"{API}/executions", body, "application/json")
    assert answer.json()["execution"]["dryRun"] == str(dry.pk)
