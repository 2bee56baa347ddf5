"""Committed rows, worker processes, and real SSH servers for them."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from automation.engine.ports import Action
from automation.engine.results import StepType
from automation.models import Execution
from automation.runner.claim import Claim, claim
from automation.runner.journal import Journal
from automation.runner.process import WorkerProcess
from automation.runner.sweep import reap
from servers.models import Server
from servers.services import host_keys
from servers.ssh.host_keys import HostKey
from servers.ssh.testing import KeyPair, SshServer, generate_key
from tests.automation import makers
from tests.automation.runner.committed import delete_all
from tests.support.servers import password_credential


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the test commit, so that other threads see its rows; delete them afterwards.

    It takes the place of pytest-django's, which rolls back, and by its name has the test database
    made.
    """
    with django_db_blocker.unblock():
        assert str(connection.settings_dict["NAME"]).startswith("test_")
        yield
        delete_all()
        connection.close()


@pytest.fixture
def committed(rows: None) -> None:
    """Have the library's rows committed."""


@pytest.fixture
def journal(committed: None) -> Iterator[Journal]:
    """A running journal."""
    journal = Journal()
    journal.start()
    yield journal
    journal.close()
    journal.join(30)
    assert not journal.is_alive()


@pytest.fixture
def worker(committed: None) -> Iterator[WorkerProcess]:
    """A running worker process."""
    worker = WorkerProcess("test-worker")
    worker.start()
    yield worker
    worker.close()


@pytest.fixture
def host_pair() -> KeyPair:
    return generate_key()


@pytest.fixture
def ssh_server(tmp_path: Path, host_pair: KeyPair) -> Iterator[SshServer]:
    """A real SSH server whose commands run on this machine."""
    home = tmp_path / "home"
    home.mkdir()
    with SshServer(
        host_key=host_pair.private_key,
        passwords={"noc": "s3cret"},
        environment={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home)},
    ) as server:
        yield server


@pytest.fixture
def server(committed: None, ssh_server: SshServer, host_pair: KeyPair) -> Server:
    """Its row, with a credential and the accepted host key."""
    row = makers.server(port=ssh_server.port)
    row.credential = password_credential(username="noc", password="s3cret")
    row.save()
    accept(row, host_pair)
    return row


def accept(server: Server, pair: KeyPair) -> None:
    key = HostKey(type=pair.type, blob_base64=pair.public_key)
    host_keys.pin(
        server=server, type=key.type, public_key=key.blob_base64, fingerprint=key.fingerprint
    )


def action(seq: int = 1, *, changes: bool = False, text: str = "true", step: int = 1) -> Action:
    return Action(
        id=uuid4(),
        seq=seq,
        step_number=step,
        step_name="First",
        type=StepType.SSH_COMMAND,
        text=text,
        changes=changes,
    )


def claimed(**fields: object) -> Claim:
    """Make an execution and claim it."""
    found = claim(makers.execution(**fields).pk, worker="test-worker")
    assert found is not None
    return found


def reloaded(claim: Claim) -> Execution:
    return Execution.objects.get(pk=claim.execution_id)


def in_thread(work: Callable[[], object]) -> threading.Thread:
    """Do the work in a thread with a database connection of its own, and start it."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_until(holds: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.05)


def left(**fields: Any) -> Execution:
    """Make an execution whose worker claimed it, and was not heard of since."""
    execution = makers.execution(**fields)
    assert claim(execution.pk, worker="lost-worker")
    expire(execution)
    execution.refresh_from_db()
    return execution


def expire(execution: Execution) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE automation_execution SET lease_until = clock_timestamp() - interval '1 s'"
            " WHERE id = %s",
            [execution.pk],
        )


def reaped(execution: Execution) -> Execution:
    assert reap(worker="sweeping", grace=0) == 1
    return Execution.objects.get(pk=execution.pk)
