"""Executions whose connection or worker was lost, over a real SSH server: the truth is found."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from automation.engine.results import ActionStatus, Status
from automation.models import Execution, ExecutionLog
from automation.runner.asking import Asker
from automation.runner.process import WorkerProcess
from automation.services.executions import cancel
from servers.models import Server
from servers.ssh.testing import SshServer
from tests.automation import makers
from tests.automation.runner.conftest import expire, in_thread, reaped, wait_until
from tests.servers.ssh.openssh import carriers

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def lost_worker(committed: None) -> Iterator[WorkerProcess]:
    """A worker that will be taken for lost."""
    worker = WorkerProcess("lost-worker")
    worker.start()
    yield worker
    worker.close()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "go"
    yield path
    path.touch()


class Counted:
    """A script that waits for the gate and notes each time it was begun and ended."""

    def __init__(self, gate: Path, *, then: str = "echo all done; exit 0") -> None:
        self.gate = gate
        self.notes = gate.parent / "notes"
        self.script = (
            f"echo begun >> {self.notes}; while [ ! -e {gate} ]; do sleep 0.05; done;"
            f" echo ended >> {self.notes}; {then}"
        )

    def read(self) -> list[str]:
        return self.notes.read_text().split() if self.notes.exists() else []

    def wait_until_begun(self) -> None:
        wait_until(lambda: self.read() == ["begun"])


def scripted(server: Server, *writes: str, **fields: Any) -> Execution:
    return makers.execution(
        "SAMPLE_SCRIPTED", server=server, parameters={"writes": list(writes)}, **fields
    )


def rows_of(execution: Execution) -> list[ExecutionLog]:
    return list(ExecutionLog.objects.filter(execution=execution).order_by("seq"))


def lose(worker: WorkerProcess, execution: Execution, counted: Counted) -> threading.Thread:
    """Have a worker begin it, and then be taken for lost while the command runs."""
    thread = in_thread(lambda: worker.run(execution.pk))
    counted.wait_until_begun()
    wait_until(lambda: rows_of(execution))
    worker._leases.close()
    worker._leases.join(60)
    expire(execution)
    after = reaped(execution)
    assert (after.status, after.resumes, after.holds_server) == (Status.PENDING, True, True)
    return thread


def test_another_worker_goes_on_with_a_command_that_still_runs(
    lost_worker: WorkerProcess, worker: WorkerProcess, server: Server, gate: Path, tmp_path: Path
) -> None:
    counted = Counted(gate)
    execution = scripted(server, counted.script, f"echo second >> {counted.notes}")
    first = lose(lost_worker, execution, counted)

    second = in_thread(lambda: worker.run(execution.pk))
    wait_until(lambda: Execution.objects.get(pk=execution.pk).worker == "test-worker")
    gate.touch()
    second.join(60)
    first.join(60)

    execution.refresh_from_db()
    assert execution.status == Status.SUCCESS, execution.error_message
    assert counted.read() == ["begun", "ended", "second"]
    rows = rows_of(execution)
    assert [(row.exit_code, row.stdout) for row in rows] == [(0, "all done\n"), (0, "")]
    assert execution.attempt == 2


def test_another_worker_reads_back_how_a_command_had_ended(
    lost_worker: WorkerProcess, worker: WorkerProcess, server: Server, gate: Path
) -> None:
    counted = Counted(gate, then="echo out; echo err >&2; exit 7")
    execution = scripted(server, counted.script, f"echo never >> {counted.notes}")
    first = lose(lost_worker, execution, counted)
    gate.touch()
    first.join(60)

    worker.run(execution.pk)

    execution.refresh_from_db()
    assert (execution.status, execution.error_code) == (Status.FAILED, "COMMAND_FAILED")
    assert counted.read() == ["begun", "ended"]
    (row,) = rows_of(execution)
    assert (row.exit_code, row.stdout, row.stderr) == (7, "out\n", "err\n")
    assert execution.steps_done == [1, 2]


def test_the_late_result_of_the_lost_worker_changes_nothing(
    lost_worker: WorkerProcess, worker: WorkerProcess, server: Server, gate: Path
) -> None:
    counted = Counted(gate)
    execution = scripted(server, counted.script)
    first = lose(lost_worker, execution, counted)
    Execution.objects.filter(pk=execution.pk).update(
        status=Status.UNKNOWN, waiting_since=None, holds_server=False
    )
    gate.touch()
    first.join(60)
    execution.refresh_from_db()
    assert execution.status == Status.UNKNOWN
    assert rows_of(execution)[0].exit_code is None


def test_a_cancelled_execution_of_a_lost_worker_is_ended_on_the_server(
    lost_worker: WorkerProcess, worker: WorkerProcess, server: Server, gate: Path
) -> None:
    counted = Counted(gate)
    execution = scripted(server, counted.script)
    first = lose(lost_worker, execution, counted)
    cancel(actor=makers.admin(), execution=execution)
    execution.refresh_from_db()
    assert execution.status == Status.PENDING

    worker.run(execution.pk)
    first.join(60)

    execution.refresh_from_db()
    assert (execution.status, execution.cancel_outcome) == (Status.CANCELLED, "STOPPED")
    assert not carriers(str(rows_of(execution)[0].action_id))
    assert counted.read() == ["begun"]


def test_a_server_that_is_gone_leaves_a_cancelled_one_unknown(
    lost_worker: WorkerProcess,
    worker: WorkerProcess,
    server: Server,
    ssh_server: SshServer,
    gate: Path,
) -> None:
    counted = Counted(gate)
    execution = scripted(server, counted.script)
    first = lose(lost_worker, execution, counted)
    cancel(actor=makers.admin(), execution=execution)
    ssh_server.go_away()
    worker.run(execution.pk)
    gate.touch()
    first.join(60)
    execution.refresh_from_db()
    assert (execution.status, execution.cancel_outcome) == (Status.UNKNOWN, "UNREACHABLE")
    assert execution.ask_server_at is not None


def test_what_can_no_longer_be_gone_on_with_is_unknown_and_says_why(
    lost_worker: WorkerProcess, worker: WorkerProcess, server: Server, gate: Path
) -> None:
    counted = Counted(gate)
    execution = scripted(server, counted.script)
    first = lose(lost_worker, execution, counted)
    Execution.objects.filter(pk=execution.pk).update(parameters={"gone": 1})
    worker.run(execution.pk)
    gate.touch()
    first.join(60)
    execution.refresh_from_db()
    assert (execution.status, execution.error_code) == (Status.UNKNOWN, "WORKER_LOST")
    assert execution.result_summary == "It could not be gone on with."


def test_a_connection_that_is_cut_in_a_recorded_change_ends_with_the_true_result(
    worker: WorkerProcess, server: Server, ssh_server: SshServer, gate: Path
) -> None:
    counted = Counted(gate)
    execution = scripted(server, counted.script, f"echo second >> {counted.notes}")
    thread = in_thread(lambda: worker.run(execution.pk))
    counted.wait_until_begun()
    ssh_server.drop_connections()
    gate.touch()
    thread.join(60)
    execution.refresh_from_db()
    assert execution.status == Status.SUCCESS, execution.error_message
    assert counted.read() == ["begun", "ended", "second"]
    assert rows_of(execution)[0].stdout == "all done\n"


def test_a_cancel_while_the_end_is_looked_for_stops_it(
    worker: WorkerProcess, server: Server, ssh_server: SshServer, gate: Path
) -> None:
    counted = Counted(gate)
    execution = scripted(server, counted.script)
    thread = in_thread(lambda: worker.run(execution.pk))
    counted.wait_until_begun()
    ssh_server.drop_connections()
    cancel(actor=makers.admin(), execution=execution)
    thread.join(60)
    execution.refresh_from_db()
    assert (execution.status, execution.cancel_outcome) == (Status.CANCELLED, "STOPPED")
    assert counted.read() == ["begun"]


# --- a server that comes back only later


def unknown(server: Server, counted: Counted, worker: WorkerProcess, ssh: SshServer) -> Execution:
    """Have an execution end UNKNOWN because its server went away in the middle of a change."""
    execution = scripted(server, counted.script)
    thread = in_thread(lambda: worker.run(execution.pk))
    counted.wait_until_begun()
    port = ssh.port
    ssh.go_away()
    thread.join(120)
    execution.refresh_from_db()
    assert (execution.status, execution.error_code) == (Status.UNKNOWN, "CONNECTION_LOST")
    assert execution.ask_server_at is not None
    assert not execution.holds_server
    assert port == server.port
    return execution


def test_once_the_server_answers_an_unknown_execution_comes_to_its_true_end(
    worker: WorkerProcess, server: Server, ssh_server: SshServer, gate: Path
) -> None:
    counted = Counted(gate)
    execution = unknown(server, counted, worker, ssh_server)
    asker = Asker(pool=worker.pool)

    assert asker.ask_next()  # the server is still away
    execution.refresh_from_db()
    assert execution.status == Status.UNKNOWN
    assert not asker.ask_next()  # nothing is due now

    gate.touch()
    ssh_server.start()
    Execution.objects.update(ask_server_at="2026-01-01T00:00:00Z")
    assert asker.ask_next()
    execution.refresh_from_db()
    assert (execution.status, execution.resumes) == (Status.PENDING, True)
    worker.run(execution.pk)

    execution.refresh_from_db()
    assert execution.status == Status.SUCCESS, execution.error_message
    assert execution.error_message == ""
    assert counted.read() == ["begun", "ended"]
    assert [row.status for row in rows_of(execution)] == [ActionStatus.SUCCESS]


def test_a_server_that_lost_its_end_leaves_the_decision_to_a_person(
    worker: WorkerProcess, server: Server, ssh_server: SshServer, gate: Path, tmp_path: Path
) -> None:
    counted = Counted(gate)
    execution = unknown(server, counted, worker, ssh_server)
    gate.touch()
    wait_until(lambda: "ended" in counted.read())
    # As a reboot leaves it: begun, and no exit code.
    record = tmp_path / "home" / ".opsm" / str(rows_of(execution)[0].action_id)
    wait_until((record / "rc").exists)
    (record / "rc").unlink()
    (record / "sid").write_text("1 1 another-boot\n")
    ssh_server.start()
    assert Asker(pool=worker.pool).ask_next()
    execution.refresh_from_db()
    assert (execution.status, execution.ask_server_at) == (Status.UNKNOWN, None)
    assert "by a reboot for instance" in execution.error_message


def test_what_may_be_done_twice_is_done_again_when_its_end_is_lost(
    worker: WorkerProcess, server: Server, ssh_server: SshServer
) -> None:
    execution = makers.execution(
        "SAMPLE_REPEATABLE",
        server=server,
        status=Status.UNKNOWN,
        keeps_records=True,
        ask_server_at="2026-01-01T00:00:00Z",
    )
    row = makers.log_row(
        execution, 1, changes=True, status=ActionStatus.UNKNOWN, exit_code=None, finished_at=None
    )
    home = Path(ssh_server.environment["HOME"])
    record = home / ".opsm" / str(row.action_id)
    record.mkdir(parents=True)
    (record / "sid").write_text("1 1 another-boot\n")
    assert Asker(pool=worker.pool).ask_next()
    execution.refresh_from_db()
    assert (execution.status, execution.resumes) == (Status.PENDING, False)


@pytest.mark.parametrize("fields", [{"keeps_records": False}, {"keeps_records": True}])
def test_a_server_that_can_tell_nothing_is_not_asked(
    worker: WorkerProcess, server: Server, fields: dict[str, Any]
) -> None:
    execution = makers.execution(
        server=server, status=Status.UNKNOWN, ask_server_at="2026-01-01T00:00:00Z", **fields
    )
    if not fields["keeps_records"]:
        makers.log_row(execution, 1, changes=True, status=ActionStatus.UNKNOWN, exit_code=None)
    assert Asker(pool=worker.pool).ask_next()
    execution.refresh_from_db()
    assert (execution.status, execution.ask_server_at) == (Status.UNKNOWN, None)


def test_the_asker_goes_on_by_itself(worker: WorkerProcess, server: Server, settings: Any) -> None:
    settings.AUTOMATION_SWEEP_SECONDS = 0.1
    execution = makers.execution(
        server=server, status=Status.UNKNOWN, ask_server_at="2026-01-01T00:00:00Z"
    )
    asker = Asker(pool=worker.pool)
    asker.start()
    try:
        wait_until(lambda: Execution.objects.get(pk=execution.pk).ask_server_at is None)
    finally:
        asker.close()
        asker.join(60)
    assert not asker.is_alive()


def test_what_waits_for_its_turn_does_not_take_the_server_from_another(
    worker: WorkerProcess, server: Server
) -> None:
    makers.execution(server=server, status=Status.RUNNING)
    execution = makers.execution(
        server=server,
        status=Status.UNKNOWN,
        keeps_records=True,
        ask_server_at="2026-01-01T00:00:00Z",
    )
    makers.log_row(
        execution, 1, changes=True, status=ActionStatus.UNKNOWN, exit_code=None, finished_at=None
    )
    assert Asker(pool=worker.pool).ask_next()
    execution.refresh_from_db()
    assert (execution.status, execution.resumes, execution.holds_server) == (
        Status.PENDING,
        True,
        False,
    )
