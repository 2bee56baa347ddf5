"""Secret parameters on their way from a launch to a command on a real SSH server."""

from pathlib import Path

import pytest

from automation.engine.results import ErrorCode, Status
from automation.models import Execution, ExecutionLog
from automation.runner.process import WorkerProcess
from automation.services.executions import Launch, launch
from automation.services.rollbacks import roll_back
from servers.models import Server
from tests.automation import makers

pytestmark = pytest.mark.usefixtures("committed")

SECRET = "hunter2 hunter2"


def launched(server: Server, path: Path) -> Execution:
    return launch(
        Launch(
            actor=makers.admin(),
            runbook=makers.entry("SAMPLE_SECRETIVE"),
            server=server,
            parameters={"password": SECRET, "path": str(path)},
        )
    )


def ended(worker: WorkerProcess, execution: Execution) -> Execution:
    worker.run(execution.pk)
    execution.refresh_from_db()
    return execution


def test_the_worker_opens_it_and_it_reaches_the_command_by_its_standard_input(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    execution = ended(worker, launched(server, tmp_path / "kept"))
    assert execution.status == Status.SUCCESS, execution.error_message
    assert (tmp_path / "kept").read_text() == SECRET
    (row,) = ExecutionLog.objects.filter(execution=execution, changes=True)
    assert "hunter2" not in row.command


def test_its_rollback_has_it_too(worker: WorkerProcess, server: Server, tmp_path: Path) -> None:
    execution = ended(worker, launched(server, tmp_path / "kept"))
    roll_back(actor=makers.admin(), execution=execution)
    assert ended(worker, execution).status == Status.ROLLED_BACK, execution.rollback_message
    assert (tmp_path / "kept").read_text() == SECRET[::-1]


def test_a_worker_without_the_key_sends_nothing_and_says_what_is_missing(
    worker: WorkerProcess, server: Server, tmp_path: Path, settings
) -> None:
    execution = launched(server, tmp_path / "kept")
    settings.CREDENTIAL_PRIVATE_KEYS = []
    after = ended(worker, execution)
    assert (after.status, after.error_code) == (Status.FAILED, ErrorCode.VALIDATION)
    assert "OPSMANAGER_CREDENTIAL_PRIVATE_KEYS" in after.error_message
    assert not ExecutionLog.objects.filter(execution=execution).exists()
    assert not (tmp_path / "kept").exists()
