from typing import Any

import pytest

from automation.engine.results import Status
from automation.models import Execution
from automation.services.executions import cancel
from automation.services.rollbacks import plan, roll_back
from opsmanager.common.problems import ConfirmationNeeded, InvalidState, NotPermitted
from servers.models import Environment, Server
from tests.automation import makers
from tests.support.broker import queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def done(**fields: Any) -> Execution:
    return makers.execution(**{"status": Status.SUCCESS, "steps_done": [1], **fields})


def test_the_plan_names_what_is_taken_back() -> None:
    planned = plan(done())
    assert (planned.steps, planned.why_not) == ([(1, "Make the file")], "")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": Status.RUNNING}, "It has not ended yet."),
        ({"status": Status.PENDING}, "It has not ended yet."),
        ({"status": Status.UNKNOWN}, "Nobody knows how it ended"),
        ({"status": Status.ROLLED_BACK}, "It was taken back already."),
        ({"rollback_status": Status.RUNNING}, "It is being taken back already."),
        ({"is_dry_run": True}, "It was a dry run"),
        ({"steps_done": []}, "It changed nothing"),
        ({"runbook": "SAMPLE_SCRIPTED"}, "Nobody knows what the scripts do."),
        ({"runbook": "SAMPLE_LOOKING"}, "It only reads"),
        ({"parameters": {"gone": 1}}, "The runbook has no such parameter"),
        ({"steps_done": [2]}, "None of the steps that ran can be taken back."),
    ],
)
def test_where_nothing_can_be_taken_back_the_plan_says_why(
    fields: dict[str, Any], why: str
) -> None:
    planned = plan(done(**fields))
    assert planned.steps == []
    assert why in planned.why_not or fields.get("parameters")
    assert planned.why_not


def test_a_runbook_that_is_no_longer_deployed_is_said() -> None:
    execution = done()
    type(execution.runbook).objects.filter(pk=execution.runbook_id).update(runbook_id="GONE")
    execution.refresh_from_db()
    assert "GONE is not in the code that runs now" in plan(execution).why_not


def test_it_waits_for_a_worker_and_the_execution_stays_what_it_was() -> None:
    execution = done(cancel_requested_at="2026-01-01T00:00:00Z", status=Status.CANCELLED)
    actor = makers.user("MANAGER", operates=execution.server)
    after = roll_back(actor=actor, execution=execution, reason="It made things worse.")
    assert (after.status, after.rollback_status) == (Status.CANCELLED, Status.PENDING)
    assert (after.rollback_by, after.rollback_reason) == (actor, "It made things worse.")
    assert after.waiting_since is not None
    assert after.cancel_requested_at is None
    assert after.is_live
    event = makers.last_event("AUTOMATION_EXECUTION_ROLLBACK_REQUESTED")
    assert event.details["steps"] == ["Make the file"]


def test_workers_are_woken(django_capture_on_commit_callbacks: Any) -> None:
    execution = done()
    with django_capture_on_commit_callbacks(execute=True):
        roll_back(actor=makers.admin(), execution=execution)
    assert str(execution.pk) in queued("automation.normal")


def test_what_can_not_be_taken_back_is_refused() -> None:
    with pytest.raises(InvalidState, match="It was taken back already"):
        roll_back(actor=makers.admin(), execution=done(status=Status.ROLLED_BACK))


def test_a_production_server_wants_a_confirmation() -> None:
    execution = done(server=makers.server(environment=Environment.PRODUCTION))
    with pytest.raises(ConfirmationNeeded):
        roll_back(actor=makers.admin(), execution=execution)
    assert roll_back(actor=makers.admin(), execution=execution, is_confirmed=True).is_rolling_back


def test_nothing_runs_on_a_server_that_is_switched_off() -> None:
    execution = done()
    Server.objects.update(is_active=False)
    with pytest.raises(InvalidState, match="is switched off"):
        roll_back(actor=makers.admin(), execution=execution)


@pytest.mark.parametrize("role", ["NOC", "HELPDESK"])
def test_who_may_not(role: str) -> None:
    execution = done()
    with pytest.raises(NotPermitted, match="may not take executions back"):
        roll_back(actor=makers.user(role, operates=execution.server), execution=execution)


def test_a_manager_needs_the_server_too() -> None:
    with pytest.raises(NotPermitted, match="You may not run runbooks on"):
        roll_back(actor=makers.user("MANAGER"), execution=done())


def test_a_rollback_that_waits_is_cancelled_at_once_and_can_be_asked_for_again() -> None:
    execution, actor = done(), makers.admin()
    roll_back(actor=actor, execution=execution)
    after = cancel(actor=actor, execution=execution)
    assert (after.status, after.rollback_status) == (Status.SUCCESS, Status.CANCELLED)
    assert after.waiting_since is None
    assert after.rollback_message == "Cancelled before anything was taken back."
    assert roll_back(actor=actor, execution=after).rollback_status == Status.PENDING


def test_a_rollback_that_runs_is_asked_to_stop() -> None:
    execution = done(rollback_status=Status.RUNNING)
    after = cancel(actor=makers.admin(), execution=execution)
    assert after.rollback_status == Status.RUNNING
    assert after.cancel_requested_at is not None
