"""What becomes of an execution, or its rollback, whose worker was lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from automation.engine.results import ActionStatus, Status, StepType
from automation.models import Batch, Execution, ExecutionLog
from automation.runner.claim import claim
from opsmanager.audit.models import AuditEvent
from servers.models import Server
from tests.automation import makers
from tests.automation.runner.conftest import left, reaped

pytestmark = pytest.mark.usefixtures("committed")


def plain() -> Server:
    """Make a server that keeps no records."""
    return makers.server(keeps_records=False)


def in_flight(execution: Execution, seq: int = 1, **fields: Any) -> ExecutionLog:
    """Add a change that nobody saw the end of."""
    values = {
        "changes": True,
        "status": ActionStatus.RUNNING,
        "exit_code": None,
        "finished_at": None,
        **fields,
    }
    return makers.log_row(execution, seq, **values)


def test_what_was_lost_before_anything_was_sent_is_queued_again() -> None:
    execution = left()
    makers.log_row(execution, 1, status=ActionStatus.RUNNING, finished_at=None)

    after = reaped(execution)

    assert after.status == Status.PENDING
    assert (after.worker, after.lease_until, after.error_code) == ("", None, "")
    assert after.fence > execution.fence
    assert after.revision > execution.revision
    assert ExecutionLog.objects.get(execution=execution).status == ActionStatus.UNKNOWN
    assert AuditEvent.objects.filter(target_id=str(execution.pk)).count() == 0
    assert claim(execution.pk, worker="next")


def test_what_was_lost_in_a_changing_command_is_unknown_and_names_the_command() -> None:
    execution = left(server=plain())
    makers.log_row(execution, 1)
    makers.log_row(
        execution,
        2,
        changes=True,
        command="systemctl restart nginx.service",
        status=ActionStatus.RUNNING,
        exit_code=None,
        finished_at=None,
    )

    after = reaped(execution)

    assert (after.status, after.error_code) == (Status.UNKNOWN, "WORKER_LOST")
    assert "The worker lost-worker was lost" in after.error_message
    assert "systemctl restart nginx.service" in after.error_message
    assert after.finished_at is not None
    assert after.success is False
    rows = ExecutionLog.objects.filter(execution=execution).order_by("seq")
    assert [row.status for row in rows] == [ActionStatus.SUCCESS, ActionStatus.UNKNOWN]
    event = makers.last_event("AUTOMATION_EXECUTION_UNKNOWN")
    assert (event.target_id, event.actor_name) == (str(execution.pk), "sweeping")
    assert claim(execution.pk, worker="next") is None


def test_what_was_lost_after_a_changing_command_says_that_this_one_had_ended() -> None:
    execution = left(server=plain())
    makers.log_row(execution, 1, changes=True, command="systemctl stop nginx.service")
    makers.log_row(execution, 2, changes=True, command="systemctl start nginx.service")
    makers.log_row(execution, 3, status=ActionStatus.RUNNING, finished_at=None)
    after = reaped(execution)
    assert (after.status, after.error_code) == (Status.UNKNOWN, "WORKER_LOST")
    assert "after this had ended: systemctl start nginx.service" in after.error_message


def test_of_commands_side_by_side_the_one_that_still_ran_is_named() -> None:
    execution = left(server=plain())
    makers.log_row(
        execution, 1, changes=True, command="slow", status=ActionStatus.RUNNING, finished_at=None
    )
    makers.log_row(execution, 2, changes=True, command="quick")
    assert "while this ran: slow" in reaped(execution).error_message


def test_a_plan_of_a_dry_run_is_no_command_in_flight() -> None:
    execution = left(is_dry_run=True)
    makers.log_row(execution, 1, changes=True, status=ActionStatus.PLANNED)
    assert reaped(execution).status == Status.PENDING


def test_a_change_of_an_earlier_attempt_does_not_count_for_this_one() -> None:
    execution = left(attempt=1, last_seq=1)
    makers.log_row(execution, 1, changes=True, attempt=1)
    after = reaped(execution)
    assert (after.status, after.resumes) == (Status.PENDING, False)


def test_what_was_to_be_cancelled_and_sent_nothing_is_cancelled() -> None:
    execution = left()
    Execution.objects.update(cancel_requested_at="2026-01-01T00:00:00Z")
    after = reaped(execution)
    assert (after.status, after.error_code) == (Status.CANCELLED, "")
    assert "before anything was sent" in after.result_summary
    assert makers.last_event("AUTOMATION_EXECUTION_CANCELLED").target_id == str(execution.pk)


@pytest.mark.parametrize(("attempts", "status"), [(4, Status.PENDING), (5, Status.FAILED)])
def test_what_loses_one_worker_after_the_other_fails_after_five(
    attempts: int, status: Status
) -> None:
    execution = left(claims=attempts - 1)
    after = reaped(execution)
    assert after.status == status
    if status is Status.FAILED:
        assert after.error_code == "WORKER_LOST"
        assert after.error_message.startswith("5 workers were lost with it")


def test_a_change_in_flight_is_gone_on_with_where_the_server_keeps_a_record() -> None:
    execution = left()
    in_flight(execution)
    after = reaped(execution)
    assert (after.status, after.resumes, after.error_code) == (Status.PENDING, True, "")
    found = claim(execution.pk, worker="next")
    assert found is not None
    assert (found.begin_seq, found.last_seq) == (0, after.last_seq)


def test_until_it_is_gone_on_with_nothing_else_changes_its_server() -> None:
    execution = left()
    in_flight(execution)
    other = makers.execution(server=execution.server, priority=1)
    reaped(execution)
    assert claim(other.pk, worker="other") is None
    assert claim(execution.pk, worker="next")


def test_a_record_that_may_have_been_removed_is_not_trusted() -> None:
    execution = left()
    in_flight(execution, started_at=timezone.now() - timedelta(days=6, minutes=1))
    assert reaped(execution).status == Status.UNKNOWN


def test_what_may_be_done_twice_is_done_again_where_there_is_no_record() -> None:
    execution = left(runbook="SAMPLE_REPEATABLE", server=plain())
    in_flight(execution)
    after = reaped(execution)
    assert (after.status, after.resumes) == (Status.PENDING, False)
    found = claim(execution.pk, worker="next")
    assert found is not None
    assert found.begin_seq == found.last_seq


def test_what_was_to_be_cancelled_is_not_done_again() -> None:
    execution = left(runbook="SAMPLE_REPEATABLE", server=plain())
    in_flight(execution)
    Execution.objects.update(cancel_requested_at="2026-01-01T00:00:00Z")
    assert reaped(execution).status == Status.UNKNOWN


@pytest.mark.parametrize("keeps_records", [True, False])
def test_what_changed_something_and_lost_five_workers_is_unknown(*, keeps_records: bool) -> None:
    execution = left(
        runbook="SAMPLE_REPEATABLE", claims=4, server=makers.server(keeps_records=keeps_records)
    )
    in_flight(execution)
    assert reaped(execution).status == Status.UNKNOWN


def rolling_back(**fields: Any) -> Execution:
    """Make an execution whose rollback a worker claimed, and was not heard of since."""
    return left(
        status=Status.FAILED,
        rollback_status=Status.PENDING,
        waiting_since=timezone.now(),
        last_seq=3,
        **fields,
    )


def test_a_rollback_that_sent_nothing_yet_is_queued_again() -> None:
    after = reaped(rolling_back())
    assert (after.status, after.rollback_status) == (Status.FAILED, Status.PENDING)
    assert not after.resumes
    found = claim(after.pk, worker="next")
    assert found is not None
    assert (found.is_rollback, found.attempt) == (True, 0)


def test_a_rollback_that_sent_something_is_gone_on_with() -> None:
    execution = rolling_back()
    in_flight(execution, 4)
    after = reaped(execution)
    assert (after.rollback_status, after.resumes) == (Status.PENDING, True)


def test_a_change_before_the_rollback_is_none_of_it() -> None:
    execution = rolling_back()
    makers.log_row(execution, 3, changes=True)
    assert not reaped(execution).resumes


def test_a_rollback_without_a_record_says_that_nobody_knows() -> None:
    execution = rolling_back(server=plain())
    in_flight(execution, 4, command="systemctl stop nginx.service")
    after = reaped(execution)
    assert (after.status, after.rollback_status) == (Status.FAILED, Status.UNKNOWN)
    assert "while this ran: systemctl stop nginx.service" in after.rollback_message
    event = makers.last_event("AUTOMATION_EXECUTION_ROLLBACK_FAILED")
    assert event.target_id == str(execution.pk)


def test_a_rollback_that_loses_one_worker_after_the_other_fails() -> None:
    after = reaped(rolling_back(claims=4))
    assert after.rollback_status == Status.FAILED
    assert after.rollback_message.startswith("5 workers were lost with it")


def test_a_rollback_that_was_to_be_cancelled_and_sent_nothing_is_cancelled() -> None:
    execution = rolling_back()
    Execution.objects.update(cancel_requested_at="2026-01-01T00:00:00Z")
    after = reaped(execution)
    assert (after.status, after.rollback_status) == (Status.FAILED, Status.CANCELLED)


def test_a_web_call_in_flight_is_not_asked_about() -> None:
    execution = left()
    in_flight(execution, step_type=StepType.API_CALL, command="POST https://api.example.com/x")
    after = reaped(execution)
    assert (after.status, after.error_code) == (Status.UNKNOWN, "WORKER_LOST")
    assert "while this ran: POST https://api.example.com/x" in after.error_message


def test_after_a_web_call_that_had_ended_it_is_gone_on_with() -> None:
    execution = left()
    makers.log_row(execution, 1, changes=True, step_type=StepType.API_CALL, exit_code=200)
    assert reaped(execution).resumes


def test_a_member_of_a_stopped_batch_is_gone_on_with() -> None:
    batch = Batch.objects.create(runbook=makers.entry(), max_parallel=1)
    execution = left(batch=batch)
    in_flight(execution)
    Batch.objects.update(stopped_at="2026-01-01T00:00:00Z")
    assert reaped(execution).resumes
    assert claim(execution.pk, worker="next")
