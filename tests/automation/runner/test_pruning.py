import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from automation.engine.results import Status
from automation.models import Execution
from automation.runner.lease import Lease
from automation.runner.process import WorkerProcess
from automation.runner.transport import ServerTransport
from servers.models import Server
from servers.ssh.testing import SshServer
from servers.targets import accepted_keys
from tests.automation import makers
from tests.automation.runner.conftest import claimed

pytestmark = pytest.mark.usefixtures("committed")


def old_record(home: Path) -> Path:
    record = home / ".opsm" / str(uuid4())
    record.mkdir(parents=True)
    long_ago = time.time() - 9 * 24 * 3600
    os.utime(record, (long_ago, long_ago))
    return record


def run(worker: WorkerProcess, server: Server, runbook: str = "SAMPLE_SCRIPTED") -> Execution:
    parameters: dict[str, Any] = {"writes": ["true"]} if runbook == "SAMPLE_SCRIPTED" else {}
    execution = makers.execution(runbook, server=server, parameters=parameters)
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.status == Status.SUCCESS, execution.error_message
    return execution


def test_old_records_leave_a_server_that_was_changed_once_a_day(
    worker: WorkerProcess, server: Server, ssh_server: SshServer
) -> None:
    home = Path(ssh_server.environment["HOME"])
    first = old_record(home)
    run(worker, server, "SAMPLE_LOOKING")
    assert first.exists()
    run(worker, server)
    assert not first.exists()
    second = old_record(home)
    run(worker, server)
    assert second.exists()
    worker._pruner._pruned.clear()
    run(worker, server)
    assert not second.exists()


def test_a_server_without_records_is_left_in_peace(
    worker: WorkerProcess, server: Server, ssh_server: SshServer
) -> None:
    Server.objects.filter(pk=server.pk).update(keeps_records=False)
    record = old_record(Path(ssh_server.environment["HOME"]))
    run(worker, server)
    assert record.exists()


def test_a_server_that_is_gone_is_pruned_another_day(
    worker: WorkerProcess, server: Server, ssh_server: SshServer
) -> None:
    execution = makers.execution(server=server, keeps_records=True)
    transport = ServerTransport(
        server=server,
        keys=accepted_keys(server),
        pool=worker.pool,
        lease=Lease(claimed(), timeout=60),
        recorded=True,
        learn=list,
    )
    ssh_server.go_away()
    worker._pruner.after(execution, transport)
    assert execution.server_id in worker._pruner._pruned
