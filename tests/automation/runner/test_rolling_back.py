"""Rollbacks by a worker, on a real SSH server."""

from pathlib import Path
from typing import Any

import pytest

from automation.engine.results import ActionStatus, Status
from automation.models import Execution, ExecutionLog
from automation.runner.process import WorkerProcess
from automation.services.executions import cancel
from automation.services.rollbacks import roll_back
from opsmanager.audit.models import AuditEvent
from servers.models import Server
from tests.automation import makers
from tests.automation.runner.conftest import expire, in_thread, reaped, wait_until
from tests.servers.ssh.openssh import carriers

pytestmark = pytest.mark.usefixtures("committed")


def mended(worker: WorkerProcess, server: Server, path: Path) -> Execution:
    execution = makers.execution(
        server=server, parameters={"path": str(path)}, total_steps=1, step_titles=["Make the file"]
    )
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.status == Status.SUCCESS, execution.error_message
    assert (path.exists(), execution.steps_done) == (True, [1])
    return execution


def ended(worker: WorkerProcess, execution: Execution) -> Execution:
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert not execution.is_live
    assert (execution.lease_until, execution.holds_server) == (None, False)
    return execution


def test_another_worker_takes_it_back_and_appends_to_the_same_log(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "made"
    execution = mended(worker, server, path)
    roll_back(actor=makers.admin(), execution=execution)
    other = WorkerProcess("another-worker")
    other.start()
    try:
        after = ended(other, execution)
    finally:
        other.close()

    assert not path.exists()
    assert (after.status, after.rollback_status) == (Status.ROLLED_BACK, Status.SUCCESS)
    assert after.rollback_performed
    assert after.rollback_message == "Taken back: “Make the file”."
    assert (after.steps_done, after.attempt) == ([], 1)
    assert after.result_summary == f"{path} was made."
    rows = list(ExecutionLog.objects.filter(execution=execution).order_by("seq"))
    assert [row.seq for row in rows] == [1, 2, 3, 4]
    assert (rows[-1].step_number, rows[-1].step_name) == (1, "Take back: Make the file")
    verbs = (
        AuditEvent.objects.filter(target_id=str(execution.pk))
        .order_by("seq")
        .values_list("verb", flat=True)
    )
    assert list(verbs)[-2:] == [
        "AUTOMATION_EXECUTION_ROLLBACK_REQUESTED",
        "AUTOMATION_EXECUTION_ROLLED_BACK",
    ]


def test_a_rollback_that_fails_leaves_the_execution_as_it_was_and_can_be_tried_again(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "made"
    execution = mended(worker, server, path)
    path.unlink()
    path.mkdir()
    roll_back(actor=makers.admin(), execution=execution)
    after = ended(worker, execution)
    assert (after.status, after.rollback_status) == (Status.SUCCESS, Status.FAILED)
    assert "exit code 1" in after.rollback_message
    assert after.steps_done == [1]
    assert not after.rollback_performed
    assert makers.last_event("AUTOMATION_EXECUTION_ROLLBACK_FAILED").outcome == "FAILED"

    path.rmdir()
    path.touch()
    roll_back(actor=makers.admin(), execution=after)
    assert ended(worker, after).status == Status.ROLLED_BACK


def test_a_rollback_needs_the_server_to_itself(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    execution = mended(worker, server, tmp_path / "made")
    running = makers.execution(server=server, status=Status.RUNNING)
    roll_back(actor=makers.admin(), execution=execution)
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.rollback_status == Status.PENDING
    Execution.objects.filter(pk=running.pk).update(holds_server=False)
    assert ended(worker, execution).status == Status.ROLLED_BACK


SLOW = "SAMPLE_SLOWLY_BACK"


def slow(worker: WorkerProcess, server: Server, gate: Path) -> Execution:
    execution = makers.execution(
        SLOW, server=server, parameters={"gate": str(gate)}, total_steps=1, step_titles=["Do it"]
    )
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.status == Status.SUCCESS, execution.error_message
    roll_back(actor=makers.admin(), execution=execution)
    return execution


def undo_row(execution: Execution) -> ExecutionLog | None:
    return ExecutionLog.objects.filter(
        execution=execution, status=ActionStatus.RUNNING, changes=True
    ).first()


def test_a_cancelled_rollback_ends_its_command_and_says_so(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    gate = tmp_path / "go"
    execution = slow(worker, server, gate)
    thread = in_thread(lambda: worker.run(execution.pk))
    wait_until(lambda: carriers(str(gate)))
    cancel(actor=makers.admin(), execution=execution)
    thread.join(60)
    execution.refresh_from_db()
    assert (execution.status, execution.rollback_status) == (Status.SUCCESS, Status.CANCELLED)
    assert execution.rollback_message.startswith("Cancelled taking back step 1")
    assert not carriers(str(gate))


def test_a_rollback_whose_worker_was_lost_is_gone_on_with(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    gate, lost_worker = tmp_path / "go", WorkerProcess("lost-worker")
    lost_worker.start()
    execution = slow(lost_worker, server, gate)
    first = in_thread(lambda: lost_worker.run(execution.pk))
    wait_until(lambda: carriers(str(gate)) and undo_row(execution))
    lost_worker._leases.close()
    lost_worker._leases.join(60)
    expire(execution)
    after = reaped(execution)
    assert (after.rollback_status, after.resumes) == (Status.PENDING, True)

    second = in_thread(lambda: worker.run(execution.pk))
    wait_until(lambda: Execution.objects.get(pk=execution.pk).worker == "test-worker")
    gate.touch()
    second.join(60)
    first.join(60)
    lost_worker.close()
    execution.refresh_from_db()
    assert execution.status == Status.ROLLED_BACK, execution.rollback_message
    assert (tmp_path / "go.undone").read_text() == "once\n"


def test_a_rollback_of_what_is_no_longer_deployed_fails(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    execution = mended(worker, server, tmp_path / "made")
    roll_back(actor=makers.admin(), execution=execution)
    type(execution.runbook).objects.filter(pk=execution.runbook_id).update(runbook_id="GONE")
    after = ended(worker, execution)
    assert (after.status, after.rollback_status) == (Status.SUCCESS, Status.FAILED)
    assert "There is no runbook GONE" in after.rollback_message


def test_a_run_of_the_steps_is_not_what_a_rollback_is_given(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    """The undo finds what the steps kept, as it was stored."""
    execution = makers.execution("SAMPLE_KEEPING", server=server, parameters={}, total_steps=1)
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.context == {"kept": "from the step"}
    roll_back(actor=makers.admin(), execution=execution)
    ended(worker, execution)
    last: Any = ExecutionLog.objects.filter(execution=execution).order_by("-seq").first()
    assert last.command == "echo 'from the step'"
