import pytest

from automation.engine.results import Status
from automation.models import Execution, Priority, Trigger
from automation.services.retrying import retry
from opsmanager.accounts.models import User
from opsmanager.common.problems import (
    ConfirmationNeeded,
    CoolingDown,
    Invalid,
    InvalidState,
    NotPermitted,
)
from servers.models import Environment
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def failed(**fields: object) -> Execution:
    values = {
        "status": Status.FAILED,
        "error_code": "COMMAND_FAILED",
        "age_minutes": 60,
        "priority": Priority.HIGH,
        "reason": "It is down.",
        **fields,
    }
    return makers.execution(**values)


def manager(execution: Execution) -> User:
    return makers.user("MANAGER", operates=execution.server)


def test_it_is_run_again_with_the_same_parameters_and_linked() -> None:
    execution = failed()
    again = retry(actor=manager(execution), execution=execution)
    assert again.pk != execution.pk
    assert again.retry_of == execution
    assert again.parameters == execution.parameters
    assert (again.server, again.runbook) == (execution.server, execution.runbook)
    assert (again.priority, again.reason) == (Priority.HIGH, "It is down.")
    assert (again.status, again.triggered_by) == (Status.PENDING, Trigger.MANUAL)
    event = makers.last_event("AUTOMATION_EXECUTION_RETRIED")
    assert event.details["retryOf"] == str(execution.pk)


def test_it_obeys_the_cooldown() -> None:
    execution = failed(age_minutes=1)
    with pytest.raises(CoolingDown):
        retry(actor=manager(execution), execution=execution)


def test_passing_over_the_cooldown_wants_a_reason_of_its_own() -> None:
    execution = failed(age_minutes=1)
    with pytest.raises(Invalid, match="Say why"):
        retry(actor=makers.admin(), execution=execution, is_forced=True)
    again = retry(actor=makers.admin(), execution=execution, is_forced=True, reason="Hurry.")
    assert again.reason == "Hurry."


def test_a_dry_run_is_repeated_as_one() -> None:
    execution = failed(is_dry_run=True, age_minutes=1)
    assert retry(actor=manager(execution), execution=execution).is_dry_run


def test_a_production_server_wants_a_confirmation_again() -> None:
    execution = failed(server=makers.server(environment=Environment.PRODUCTION))
    actor = manager(execution)
    with pytest.raises(ConfirmationNeeded):
        retry(actor=actor, execution=execution)
    assert retry(actor=actor, execution=execution, is_confirmed=True, reason="Sure.").reason == (
        "Sure."
    )


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING])
def test_what_has_not_ended_is_not_run_again(status: Status) -> None:
    execution = failed(status=status, error_code="")
    with pytest.raises(InvalidState, match="has not ended"):
        retry(actor=manager(execution), execution=execution)


def test_what_is_rolled_back_now_is_not_run_again() -> None:
    execution = failed(rollback_status=Status.RUNNING)
    with pytest.raises(InvalidState, match="has not ended"):
        retry(actor=manager(execution), execution=execution)


def test_an_unknown_end_is_decided_first() -> None:
    execution = failed(status=Status.UNKNOWN)
    with pytest.raises(InvalidState, match="Decide that first"):
        retry(actor=manager(execution), execution=execution)


@pytest.mark.parametrize("role", ["NOC", "HELPDESK"])
def test_who_may_not(role: str) -> None:
    execution = failed()
    with pytest.raises(NotPermitted, match="may not run executions again"):
        retry(actor=makers.user(role, operates=execution.server), execution=execution)


def test_a_manager_needs_the_server_too() -> None:
    with pytest.raises(NotPermitted, match="You may not run runbooks on"):
        retry(actor=makers.user("MANAGER"), execution=failed())
