from typing import Any

import pytest

from automation.engine.results import Status
from automation.models import Execution
from automation.services.decisions import Decision, decide
from automation.signals import execution_finished
from opsmanager.common.problems import Conflict, Invalid, InvalidState, NotPermitted, Problem
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def unknown(**fields: Any) -> Execution:
    return makers.execution(
        status=Status.UNKNOWN,
        error_code="WORKER_LOST",
        error_message="Nobody saw how it ended.",
        ask_server_at="2026-01-01T00:00:00Z",
        **fields,
    )


def settled(execution: Execution, outcome: Decision, **fields: Any) -> Execution:
    values = {"reason": "I looked.", **fields}
    if "actor" not in values:
        values["actor"] = makers.admin(username="anna")
    return decide(execution=execution, outcome=outcome, **values)


@pytest.mark.parametrize(
    ("outcome", "status", "said"),
    [
        (Decision.SUCCESS, Status.SUCCESS, "that it succeeded"),
        (Decision.FAILED, Status.FAILED, "that it failed"),
    ],
)
def test_a_person_says_how_it_ended(outcome: Decision, status: Status, said: str) -> None:
    execution = unknown()
    heard: list[str] = []

    def listen(execution: Execution, **_: Any) -> None:
        heard.append(execution.status)

    execution_finished.connect(listen)
    try:
        after = settled(execution, outcome)
    finally:
        execution_finished.disconnect(listen)

    assert after.status == status
    assert after.result_summary == f"anna decided {said}: I looked."
    assert after.error_message == "Nobody saw how it ended."
    assert (after.decision, after.decision_reason) == (outcome, "I looked.")
    assert after.decided_by is not None
    assert after.decided_at is not None
    assert after.ask_server_at is None
    assert heard == [status]
    event = makers.last_event("AUTOMATION_EXECUTION_DECIDED")
    assert (event.message, event.details["decision"]) == ("I looked.", outcome)


def test_it_is_run_again_in_spite_of_the_cooldown_and_linked() -> None:
    execution = unknown()
    again = settled(execution, Decision.RUN_AGAIN)
    assert again.pk != execution.pk
    assert (again.status, again.retry_of) == (Status.PENDING, execution)
    execution.refresh_from_db()
    assert (execution.status, execution.decision) == (Status.FAILED, "RUN_AGAIN")


def test_a_refused_run_decides_nothing() -> None:
    execution = unknown()
    type(execution.runbook).objects.update(is_active=False)
    with pytest.raises(Problem, match="switched off"):
        settled(Execution.objects.get(pk=execution.pk), Decision.RUN_AGAIN)
    execution.refresh_from_db()
    assert execution.status == Status.UNKNOWN


def test_a_reason_is_needed() -> None:
    with pytest.raises(Invalid, match="Say why"):
        settled(unknown(), Decision.SUCCESS, reason=" ")


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING, Status.FAILED])
def test_only_an_unknown_end_is_decided(status: Status) -> None:
    with pytest.raises(InvalidState, match="wants a decision"):
        settled(makers.execution(status=status), Decision.SUCCESS)


def test_what_another_one_decided_is_told() -> None:
    execution = unknown()
    settled(execution, Decision.SUCCESS)
    with pytest.raises(Conflict, match="anna decided already, that it succeeded"):
        settled(execution, Decision.FAILED, actor=makers.admin())


@pytest.mark.parametrize("role", ["NOC", "HELPDESK"])
def test_who_may_not(role: str) -> None:
    execution = unknown()
    with pytest.raises(NotPermitted):
        settled(execution, Decision.SUCCESS, actor=makers.user(role, operates=execution.server))
