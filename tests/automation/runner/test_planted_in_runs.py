"""Secrets in runs over a real SSH server: nothing of them is stored, logged or sent."""

import io
import logging
import shlex
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection

from automation.engine import Shell
from automation.engine.results import ActionStatus, Status, StepType
from automation.models import Execution, ExecutionLog
from automation.runner.claim import claim
from automation.runner.masking import Masking
from automation.runner.process import WorkerProcess
from opsmanager.settings.logging import LOGGING
from servers.models import Server
from servers.ssh.testing import SshServer
from tests.automation import makers
from tests.automation.runner.conftest import expire, reaped
from tests.support.servers import password_credential

SECRET = "S3CR3T-9b1f77aa-Zz"


@pytest.fixture
def server(server: Server, ssh_server: SshServer) -> Server:
    """The server, with a credential whose password is the secret."""
    ssh_server.passwords["noc"] = SECRET
    server.credential = password_credential(name="planted", username="noc", password=SECRET)
    server.save()
    return server


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, at DEBUG, as the settings have it written."""
    output = io.StringIO()
    fields = dict(LOGGING["formatters"]["line"])  # type: ignore[index]
    handler = logging.StreamHandler(output)
    handler.setFormatter(fields.pop("()")(**fields))
    root = logging.getLogger()
    level, root.level = root.level, logging.DEBUG
    root.addHandler(handler)
    yield output
    root.removeHandler(handler)
    root.level = level


def in_database(word: str) -> list[str]:
    """Return the tables that hold the word, whichever they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p')"
        )
        tables = [row[0] for row in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def scripted(server: Server, **parameters: object) -> Execution:
    return makers.execution("SAMPLE_SCRIPTED", server=server, parameters=parameters)


def test_the_credential_is_masked_in_output_errors_and_logs(
    worker: WorkerProcess, server: Server, tmp_path: Path, log: io.StringIO
) -> None:
    file = tmp_path / "file"
    file.write_text(f"line of {SECRET}\nnext {SECRET[:7]}")
    execution = scripted(
        server,
        reads=[
            f"cat {file}; printf %s '{SECRET[7:]}'; printf %s '{SECRET}' | od -An -tx1 | tr -d ' '"
        ],
        writes=[f"cat {file} >&2; echo password=hunter2; exit 3"],
    )
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.status == Status.FAILED
    read, change = ExecutionLog.objects.filter(execution=execution).order_by("seq")
    assert read.stdout.startswith("line of ***\nnext ***")
    assert change.stderr.startswith("line of ***\nnext ")
    assert change.stdout == "password=***\n"
    assert SECRET not in read.command + change.command
    assert "***" in execution.error_message
    # What somebody entered as an ordinary parameter is stored as it was entered.
    Execution.objects.filter(pk=execution.pk).update(parameters={})
    assert in_database(SECRET) == []
    assert SECRET.encode().hex() not in read.stdout
    assert SECRET not in log.getvalue()


def test_a_rollback_is_refused_when_what_it_needs_was_masked(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    execution = makers.execution(
        "SAMPLE_MENDING",
        server=server,
        parameters={"path": str(tmp_path / "x")},
        status=Status.SUCCESS,
        waiting_since=None,
        context={"before": "password=***"},
        steps_done=[1, 2],
    )
    Execution.objects.filter(pk=execution.pk).update(
        rollback_status=Status.PENDING, waiting_since=execution.queued_at
    )
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.rollback_status == Status.FAILED
    assert "OpsManager does not store" in execution.rollback_message
    assert execution.steps_done == [1, 2]
    assert not ExecutionLog.objects.filter(execution=execution).exists()


def test_what_was_made_up_once_and_masked_is_not_gone_on_with(
    worker: WorkerProcess, server: Server
) -> None:
    execution = scripted(server, writes=["echo one"])
    Execution.objects.filter(pk=execution.pk).update(
        resumes=True, once={"password": "***"}, keeps_records=True
    )
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert (execution.status, execution.error_code) == (Status.FAILED, "WORKER_LOST")
    assert "made up once" in execution.error_message


def test_masked_output_of_a_lost_worker_is_not_gone_on_with(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    execution = scripted(server, reads=["echo password=x"], writes=[f"touch {file}"])
    lost = makers.execution("SAMPLE_SCRIPTED", server=server, parameters=execution.parameters)
    execution.delete()
    begin_as_a_lost_worker(lost)
    worker.run(lost.pk)
    lost.refresh_from_db()
    assert (lost.status, lost.error_code) == (Status.UNKNOWN, "WORKER_LOST")
    assert "without the secrets in it" in lost.error_message
    assert not file.exists()


def begin_as_a_lost_worker(execution: Execution) -> None:
    """Leave what a worker leaves that read, was about to change, and was lost."""
    Execution.objects.filter(pk=execution.pk).update(keeps_records=True)
    claimed = claim(execution.pk, worker="lost-worker")
    assert claimed is not None
    script = execution.parameters
    for seq, text, output, changes in (
        (1, script["reads"][0], "password=***\n", False),
        (2, script["writes"][0], "", True),
    ):
        ExecutionLog.objects.create(
            execution=execution,
            seq=seq,
            queued_at=execution.queued_at,
            action_id=uuid4(),
            attempt=1,
            step_number=seq,
            step_name="Step",
            step_type=StepType.SSH_COMMAND,
            command=shell(text),
            changes=changes,
            stdout=output,
            exit_code=None if changes else 0,
            status=ActionStatus.RUNNING if changes else ActionStatus.SUCCESS,
            started_at=execution.queued_at,
        )
    Execution.objects.filter(pk=execution.pk).update(last_seq=2)
    expire(execution)
    assert reaped(execution).resumes


def shell(script: str) -> str:
    return Masking().text(shlex.join(Shell(script).words()))
