import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import paramiko
import pytest
from django.db import DataError, connection

from automation.engine.errors import LeaseLost
from automation.engine.results import ActionStatus, Outcome, Status
from automation.models import CatalogEntry, Execution, ExecutionLog
from automation.runner.finish import finish
from automation.runner.lease import Lease
from automation.runner.process import WorkerProcess, this_process
from automation.services.executions import cancel
from opsmanager.audit.models import AuditEvent
from opsmanager.common import pulse
from servers.models import HostKey, HostKeyState, Server
from servers.ssh.testing import KeyPair, SshServer, generate_key
from servers.ssh.testing.process import Process, launch_locally
from servers.ssh.testing.requirement import require_sshd
from tests.automation import makers
from tests.automation.runner.committed import outage
from tests.automation.runner.conftest import accept, claimed, in_thread, reloaded, wait_until
from tests.servers.ssh.openssh import Sshd, carriers, free_port
from tests.support.servers import key_credential, password_credential

NO_TRACE = ("Traceback", 'File "', "hunter2")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A file for which commands wait; it comes at the latest when the test is over."""
    path = tmp_path / "go"
    yield path
    path.touch()


def waiting(gate: Path, then: str = "true") -> str:
    return f"while [ ! -e {gate} ]; do sleep 0.05; done; {then}"


def scripted(
    server: Server, *, fields: dict[str, Any] | None = None, **parameters: Any
) -> Execution:
    return makers.execution(
        "SAMPLE_SCRIPTED", server=server, parameters=parameters, **(fields or {})
    )


def done(worker: WorkerProcess, execution: Execution) -> Execution:
    """Run it here and return it as it ended."""
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.is_final
    assert not any(mark in execution.error_message for mark in NO_TRACE)
    return execution


def begun(worker: WorkerProcess, execution: Execution) -> threading.Thread:
    """Run it in a thread of its own, and return once its first command runs."""
    thread = in_thread(lambda: worker.run(execution.pk))
    wait_until(lambda: rows_of(execution, status=ActionStatus.RUNNING))
    return thread


def rows_of(execution: Execution, **wanted: Any) -> list[ExecutionLog]:
    return list(ExecutionLog.objects.filter(execution=execution, **wanted).order_by("seq"))


def test_a_run_reads_changes_assesses_and_says_whether_it_fixed(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "wanted file"
    execution = done(
        worker, makers.execution(server=server, parameters={"path": str(path)}, total_steps=1)
    )

    assert path.exists()
    assert (execution.status, execution.verdict) == (Status.SUCCESS, "FIXED")
    assert execution.result_summary == f"{path} was made."
    assert execution.assessment_before["values"] == {"exists": False}
    assert execution.assessment_after["values"] == {"exists": True}
    assert (execution.worker, execution.attempt) == ("test-worker", 1)
    rows = rows_of(execution)
    assert [(row.seq, row.step_number, row.exit_code) for row in rows] == [
        (1, 0, 1),
        (2, 1, 0),
        (3, 2, 0),
    ]
    assert [row.changes for row in rows] == [False, True, False]
    assert all(row.duration_ms is not None for row in rows)
    assert execution.last_seq == 3
    verbs = (
        AuditEvent.objects.filter(target_id=str(execution.pk))
        .order_by("seq")
        .values_list("verb", flat=True)
    )
    assert list(verbs) == ["AUTOMATION_EXECUTION_COMPLETED"]


def test_a_dry_run_reads_and_shows_the_change_without_making_it(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "wanted"
    execution = scripted(
        server, reads=["echo it was read"], writes=[f"touch {path}"], fields={"is_dry_run": True}
    )

    done(worker, execution)

    assert execution.status == Status.SUCCESS
    assert rows_of(execution)[0].stdout == "it was read\n"
    assert not path.exists()
    assert not (tmp_path / "home" / ".opsm").exists()
    shown = rows_of(execution, status=ActionStatus.PLANNED)
    assert [row.command for row in shown] == [f"/bin/sh -c 'touch {path}' sh"]
    assert shown[0].changes
    assert f"touch {path}" in execution.result_summary


def test_output_is_in_the_log_while_the_command_runs(
    worker: WorkerProcess, server: Server, gate: Path
) -> None:
    script = f"echo one; echo two >&2; {waiting(gate, 'echo three')}"
    execution = scripted(server, reads=[script])
    thread = begun(worker, execution)

    wait_until(lambda: rows_of(execution, stdout="one\n", stderr="two\n"))
    (row,) = rows_of(execution)
    assert (row.status, row.exit_code) == (ActionStatus.RUNNING, None)
    execution.refresh_from_db()
    assert (execution.status, execution.current_step) == (Status.RUNNING, 1)
    gate.touch()
    thread.join(60)

    (row,) = rows_of(execution)
    assert (row.stdout, row.status, row.exit_code) == ("one\nthree\n", ActionStatus.SUCCESS, 0)


def test_no_database_connection_is_held_while_a_command_runs(
    worker: WorkerProcess, server: Server, gate: Path
) -> None:
    thread = begun(worker, scripted(server, writes=[waiting(gate)]))

    def others() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])

    # The leases' thread connects for a moment now and then.
    wait_until(lambda: others() == 0)
    assert thread.is_alive()
    gate.touch()
    thread.join(60)


def test_the_intent_of_a_change_is_in_the_log_when_the_command_begins(
    worker: WorkerProcess, server: Server, gate: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "begun"
    execution = scripted(server, writes=[f"touch {mark}; {waiting(gate)}"])
    thread = in_thread(lambda: worker.run(execution.pk))
    wait_until(mark.exists)
    (row,) = rows_of(execution)
    assert (row.status, row.changes) == (ActionStatus.RUNNING, True)
    gate.touch()
    thread.join(60)


def test_a_cancel_ends_the_command_on_the_server(
    worker: WorkerProcess, server: Server, gate: Path
) -> None:
    mark = uuid4().hex
    execution = scripted(server, writes=[f"MARK={mark}; export MARK; {waiting(gate)}"])
    thread = begun(worker, execution)
    wait_until(lambda: carriers(mark))

    cancel(actor=makers.admin(), execution=execution)
    thread.join(60)

    execution.refresh_from_db()
    assert (execution.status, execution.cancel_outcome) == (Status.CANCELLED, "STOPPED")
    assert execution.result_summary.startswith("Cancelled in step 2 of 2")
    wait_until(lambda: not carriers(mark))
    assert [row.status for row in rows_of(execution)] == [ActionStatus.CANCELLED]


def test_a_command_that_takes_too_long_is_ended(
    worker: WorkerProcess, server: Server, gate: Path
) -> None:
    execution = done(worker, scripted(server, writes=[waiting(gate)], limit=1))
    assert (execution.status, execution.error_code) == (Status.TIMEOUT, "TIMEOUT")
    assert execution.cancel_outcome == "STOPPED"
    assert "did not end within 1 seconds" in execution.error_message


def test_an_execution_that_takes_too_long_is_ended(
    worker: WorkerProcess, server: Server, gate: Path
) -> None:
    execution = scripted(server, reads=[waiting(gate)], fields={"timeout_seconds": 3})
    done(worker, execution)
    assert (execution.status, execution.error_code) == (Status.TIMEOUT, "TIMEOUT")


def test_a_connection_that_is_cut_in_a_change_without_a_record_leaves_it_unknown(
    worker: WorkerProcess, server: Server, ssh_server: SshServer, gate: Path
) -> None:
    Server.objects.filter(pk=server.pk).update(keeps_records=False)
    execution = scripted(server, writes=[waiting(gate)])
    thread = begun(worker, execution)
    wait_until(lambda: carriers(str(gate)))

    ssh_server.drop_connections()
    thread.join(60)

    execution.refresh_from_db()
    assert (execution.status, execution.error_code) == (Status.UNKNOWN, "CONNECTION_LOST")
    assert str(gate) in execution.error_message
    assert "Look at the server" in execution.error_message
    assert [row.status for row in rows_of(execution)] == [ActionStatus.UNKNOWN]


def test_a_connection_that_is_cut_in_a_reading_command_is_a_failure(
    worker: WorkerProcess, server: Server, ssh_server: SshServer, gate: Path
) -> None:
    execution = scripted(server, reads=[waiting(gate)])
    thread = begun(worker, execution)
    wait_until(lambda: carriers(str(gate)))
    ssh_server.drop_connections()
    thread.join(60)
    execution.refresh_from_db()
    assert (execution.status, execution.error_code) == (Status.FAILED, "CONNECTION_LOST")


def test_a_command_that_fails_is_told_with_its_last_lines(
    worker: WorkerProcess, server: Server
) -> None:
    execution = done(worker, scripted(server, writes=["echo no space left >&2; exit 28"]))
    assert (execution.status, execution.error_code) == (Status.FAILED, "COMMAND_FAILED")
    assert "ended with exit code 28: no space left" in execution.error_message
    (row,) = rows_of(execution)
    assert (row.exit_code, row.stderr) == (28, "no space left\n")


def test_output_with_bytes_that_are_no_text_is_kept_readable(
    worker: WorkerProcess, server: Server
) -> None:
    execution = done(worker, scripted(server, reads=["printf 'a\\000b\\377c\\303'"]))
    assert execution.status == Status.SUCCESS
    assert rows_of(execution)[0].stdout == "a␀b�c�"


def test_a_wrong_credential_is_told_and_nothing_is_sent(
    worker: WorkerProcess, server: Server
) -> None:
    server.credential = password_credential("wrong", username="noc", password="hunter2")
    server.save()
    execution = done(worker, scripted(server, writes=["true"]))
    assert (execution.status, execution.error_code) == (Status.FAILED, "AUTHENTICATION")
    assert server.name in execution.error_message
    assert rows_of(execution) == []


def test_a_server_without_a_credential_is_told(worker: WorkerProcess, server: Server) -> None:
    server.credential = None
    server.save()
    execution = done(worker, scripted(server, reads=["true"]))
    assert (execution.status, execution.error_code) == (Status.FAILED, "AUTHENTICATION")
    assert f"{server.name} has no credential" in execution.error_message


def test_an_unknown_host_key_stops_and_is_kept_for_a_person_to_judge(
    worker: WorkerProcess, server: Server, host_pair: KeyPair
) -> None:
    HostKey.objects.all().delete()
    execution = done(worker, scripted(server, writes=["true"]))
    assert (execution.status, execution.error_code) == (Status.FAILED, "HOST_KEY")
    assert server.name in execution.error_message
    key = HostKey.objects.get(server=server)
    assert (key.state, key.public_key) == (HostKeyState.OFFERED, host_pair.public_key)


def test_a_changed_host_key_stops_and_is_kept_for_a_person_to_judge(
    worker: WorkerProcess, server: Server, host_pair: KeyPair
) -> None:
    HostKey.objects.all().delete()
    accept(server, generate_key())
    execution = done(worker, scripted(server, writes=["true"]))
    assert (execution.status, execution.error_code) == (Status.FAILED, "HOST_KEY")
    offered = HostKey.objects.get(server=server, state=HostKeyState.OFFERED)
    assert offered.public_key == host_pair.public_key


def test_a_host_key_of_a_type_that_is_no_longer_offered_stops(
    worker: WorkerProcess, server: Server
) -> None:
    key = paramiko.RSAKey.generate(2048)
    HostKey.objects.update(type="ssh-rsa", public_key=key.get_base64())
    execution = done(worker, scripted(server, writes=["true"]))
    assert (execution.status, execution.error_code) == (Status.FAILED, "HOST_KEY")
    assert not HostKey.objects.filter(state=HostKeyState.OFFERED).exists()


def test_a_server_that_is_not_there_is_told(worker: WorkerProcess, server: Server) -> None:
    server.port = free_port()
    server.save()
    execution = done(worker, scripted(server, writes=["true"]))
    assert (execution.status, execution.error_code) == (Status.FAILED, "CONNECTION")
    assert f"{server.name} (127.0.0.1:{server.port})" in execution.error_message


@pytest.fixture
def without_sudo() -> Iterator[str]:
    """A PATH with everything but sudo, readable for everybody."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    for tool in [*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()]:
        link = folder / tool.name
        if tool.name != "sudo" and not link.exists():
            link.symlink_to(tool)
    yield str(folder)
    shutil.rmtree(folder)


def unprivileged(command: str, environment: Any) -> Process:
    """Start the command as a user who is not root, whoever runs the tests."""
    if os.geteuid() != 0:
        return launch_locally(command, environment)
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh", "-c"]
    return launch_locally(
        " ".join(f"'{word}'" for word in words) + ' "$COMMAND"',
        {**environment, "COMMAND": command},
    )


def test_missing_sudo_is_told(
    worker: WorkerProcess, server: Server, ssh_server: SshServer, without_sudo: str
) -> None:
    ssh_server.environment = {"PATH": without_sudo, "HOME": "/nonexistent"}
    ssh_server.launch = unprivileged
    execution = done(worker, scripted(server, reads=["true"], asRoot=True))
    assert (execution.status, execution.error_code) == (Status.FAILED, "SUDO")
    assert execution.error_message.startswith(
        f"This needs root: noc is not root on {server.name}, and there is no sudo."
    )
    assert rows_of(execution)[0].command == "sudo -n -- /bin/sh -c true sh"


@pytest.mark.parametrize(
    ("bug", "message"),
    [
        ("step", "SAMPLE_FAULTY has a fault (RuntimeError, in step 1 of 1"),
        ("parse", "OpsManager itself failed while it ran this."),
    ],
)
def test_a_bug_of_a_runbook_fails_without_a_stack_trace(
    worker: WorkerProcess, server: Server, bug: str, message: str
) -> None:
    execution = done(
        worker, makers.execution("SAMPLE_FAULTY", server=server, parameters={"bug": bug})
    )
    assert (execution.status, execution.error_code) == (Status.FAILED, "INTERNAL")
    assert message in execution.error_message
    assert rows_of(execution) == []


def test_a_result_that_cannot_be_stored_is_left_out_and_the_end_stands(
    worker: WorkerProcess, server: Server
) -> None:
    execution = done(
        worker, makers.execution("SAMPLE_FAULTY", server=server, parameters={"bug": "result"})
    )
    assert (execution.status, execution.result_data) == (Status.SUCCESS, {})
    assert execution.result_summary == "Its result holds what can't be stored, and was left out."
    assert rows_of(execution)[0].command == "a note with a NUL: ␀ and half a character: ?"


def test_parameters_that_the_code_no_longer_takes_are_told(
    worker: WorkerProcess, server: Server
) -> None:
    execution = done(worker, makers.execution(server=server, parameters={"colour": "red"}))
    assert (execution.status, execution.error_code) == (Status.FAILED, "VALIDATION")
    assert execution.result_summary == "Nothing was sent."
    assert "colour" in execution.error_message


def test_a_runbook_whose_code_is_gone_fails_and_says_so(
    worker: WorkerProcess, server: Server
) -> None:
    gone = CatalogEntry.objects.create(runbook_id="GONE", title="Gone")
    execution = done(worker, makers.execution(gone, server=server))
    assert (execution.status, execution.error_code) == (Status.FAILED, "INTERNAL")
    assert execution.error_message == "There is no runbook GONE."


def test_an_execution_that_is_delivered_twice_runs_once(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "count"
    execution = scripted(server, writes=[f"echo ran >> {path}"])
    threads = [in_thread(lambda: worker.run(execution.pk)) for _ in range(6)]
    for thread in threads:
        thread.join(60)
    worker.run(execution.pk)
    assert path.read_text() == "ran\n"


def test_two_changes_of_one_server_run_one_after_the_other(
    worker: WorkerProcess, server: Server, gate: Path
) -> None:
    first = scripted(server, writes=[waiting(gate)])
    second = scripted(server, writes=["true"])
    thread = begun(worker, first)
    worker.run(second.pk)
    second.refresh_from_db()
    assert second.status == Status.PENDING
    gate.touch()
    thread.join(60)
    assert done(worker, second).status == Status.SUCCESS


def test_an_outage_of_the_database_in_a_run_loses_nothing(
    worker: WorkerProcess, server: Server, gate: Path
) -> None:
    execution = scripted(server, reads=[f"echo before; {waiting(gate, 'echo after')}"])
    thread = begun(worker, execution)
    with outage():
        gate.touch()
        thread.join(2.5)
        assert thread.is_alive()
    thread.join(60)
    execution.refresh_from_db()
    assert execution.status == Status.SUCCESS
    assert rows_of(execution)[0].stdout == "before\nafter\n"


def test_an_end_waits_for_the_database_to_come_back(worker: WorkerProcess) -> None:
    claim = claimed()
    lease = Lease(claim, timeout=60)
    ends: list[object] = []
    with outage():
        outcome = Outcome(status=Status.SUCCESS, summary="Done.")
        thread = in_thread(
            lambda: ends.append(
                worker._written(partial(finish, claim, worker=worker.name), claim, outcome, lease)
            )
        )
        thread.join(1.5)
        assert thread.is_alive()
    thread.join(60)
    assert ends == [True]
    assert reloaded(claim).status == Status.SUCCESS


def test_who_lost_its_lease_sends_nothing_and_writes_no_end(
    worker: WorkerProcess, server: Server, gate: Path, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    execution = scripted(server, writes=[waiting(gate), f"touch {late}"])
    thread = begun(worker, execution)
    Execution.objects.filter(pk=execution.pk).update(fence=10**9, worker="another")
    gate.touch()
    thread.join(60)
    execution.refresh_from_db()
    assert (execution.status, execution.worker) == (Status.RUNNING, "another")
    assert not late.exists()
    assert execution.finished_at is None


class Overtaken(WorkerProcess):
    """Loses its execution to another worker between its last action and its end."""

    def _execute(self, *_: Any) -> Outcome:
        Execution.objects.update(fence=10**9, worker="another")
        return Outcome(status=Status.SUCCESS, summary="Too late.")


def test_a_result_that_comes_too_late_changes_nothing(committed: None) -> None:
    execution = makers.execution()
    Overtaken("slow").run(execution.pk)
    execution.refresh_from_db()
    assert (execution.status, execution.worker) == (Status.RUNNING, "another")
    assert execution.result_summary == ""
    assert not AuditEvent.objects.filter(target_id=str(execution.pk)).exists()


def test_a_lease_that_is_lost_in_a_command_stops_the_work(
    worker: WorkerProcess, server: Server, gate: Path
) -> None:
    execution = scripted(server, writes=[waiting(gate)])
    thread = begun(worker, execution)
    Execution.objects.filter(pk=execution.pk).update(fence=10**9)
    for lease in list(worker._leases._held.values()):
        lease.stop("LEASE_LOST")
    thread.join(60)
    assert not thread.is_alive()
    execution.refresh_from_db()
    assert execution.status == Status.RUNNING


def test_a_result_of_which_nothing_can_be_stored_is_left_to_the_sweep(
    worker: WorkerProcess,
) -> None:
    claim = claimed()
    nothing_to_leave_out = Outcome(
        status=Status.SUCCESS,
        summary="Its result holds what can't be stored, and was left out.",
        steps_done=(10**6,),
    )
    with pytest.raises(DataError):
        worker._written(
            partial(finish, claim, worker=worker.name),
            claim,
            nothing_to_leave_out,
            Lease(claim, timeout=60),
        )
    assert reloaded(claim).status == Status.RUNNING


def test_an_outage_that_outlasts_the_lease_ends_the_work_without_a_word(
    worker: WorkerProcess,
) -> None:
    claim = claimed()
    lease = Lease(claim, timeout=60)
    lease._good_until = 0
    with outage(), pytest.raises(LeaseLost, match="could not be written in time"):
        worker._written(
            partial(finish, claim, worker=worker.name),
            claim,
            Outcome(status=Status.SUCCESS, summary="Done."),
            lease,
        )
    assert reloaded(claim).status == Status.RUNNING


def test_a_worker_says_good_bye(committed: None) -> None:
    worker = WorkerProcess("short-lived")
    worker.start()
    wait_until(lambda: [p.name for p in pulse.seen()] == ["short-lived"])
    worker.close()
    assert list(pulse.seen()) == []


def test_a_worker_tells_of_itself_with_each_heartbeat(committed: None) -> None:
    worker = WorkerProcess("telling")
    worker._leases_lost = 2
    worker.start()
    wait_until(lambda: bool(pulse.seen()))
    details = pulse.seen().get().details
    worker.close()
    assert (details["running"], details["leasesLost"], details["connections"]) == (0, 2, 0)
    assert details["journalSeconds"] >= 0


def test_a_worker_ends_also_while_the_database_is_away(committed: None) -> None:
    worker = WorkerProcess()
    worker.start()
    with outage():
        worker.close()


def test_a_worker_process_has_one_of_these() -> None:
    assert this_process() is this_process()
    assert this_process().name.endswith(f":{os.getpid()}")


@pytest.mark.sshd
def test_a_run_over_openssh_with_a_key(worker: WorkerProcess, tmp_path: Path) -> None:
    require_sshd()
    (tmp_path / "sshd").mkdir()
    sshd = Sshd(tmp_path / "sshd")
    sshd.start()
    try:
        target = sshd.target()
        row = makers.server(port=sshd.port)
        row.credential = key_credential(sshd.private_key, username=target.username)
        row.save()
        key = sshd.host_keys[0]
        accept(row, KeyPair(type=key.type, public_key=key.blob_base64, private_key=""))
        path = tmp_path / "made"
        execution = done(worker, makers.execution(server=row, parameters={"path": str(path)}))
        assert (execution.status, execution.verdict) == (Status.SUCCESS, "FIXED")
        assert path.exists()
        records = list((sshd.home / ".opsm").iterdir())
        assert len(records) == 1
    finally:
        sshd.stop()


def test_a_command_that_the_guard_refuses_is_not_sent_and_audited(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "made"
    execution = done(
        worker, scripted(server, writes=[f"touch {path}; mkfs.ext4 /dev/no-such-disk"])
    )

    assert (execution.status, execution.error_code) == (Status.FAILED, "DANGEROUS_COMMAND")
    assert "MAKE_FILE_SYSTEM" in execution.error_message
    assert not path.exists()
    row = rows_of(execution)[-1]
    assert "mkfs.ext4 /dev/no-such-disk" in row.command
    assert "It makes a file system where data may be. (rule MAKE_FILE_SYSTEM)" in row.error_message
    assert not (tmp_path / "home" / ".opsm").exists()
    verbs = (
        AuditEvent.objects.filter(target_id=str(execution.pk))
        .order_by("seq")
        .values_list("verb", flat=True)
    )
    assert set(verbs) == {"AUTOMATION_EXECUTION_FAILED", "AUTOMATION_DANGEROUS_COMMAND_BLOCKED"}


def test_the_setting_lets_everything_pass(
    worker: WorkerProcess, server: Server, tmp_path: Path, settings: Any
) -> None:
    settings.AUTOMATION_ENABLE_DANGEROUS_COMMANDS = True
    path = tmp_path / "made"
    done(worker, scripted(server, reads=[f"touch {path}"]))
    assert path.exists()
