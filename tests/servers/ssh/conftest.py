"""A real sshd, a pool and commands, for the tests of the SSH layer."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from servers.ssh.pool import Pool
from servers.ssh.session import RemoteCommand, Session
from tests.servers.ssh.openssh import SSHD, Sshd


@pytest.fixture
def unstarted_sshd(tmp_path: Path) -> Iterator[Sshd]:
    if SSHD is None:
        explain = "OpenSSH's sshd is not installed (Debian: openssh-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(explain)
        pytest.skip(explain)
    server = Sshd(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def sshd(unstarted_sshd: Sshd) -> Sshd:
    unstarted_sshd.start()
    return unstarted_sshd


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture
def session(sshd: Sshd, pool: Pool) -> Iterator[Session]:
    with pool.session(sshd.target()) as session:
        yield session


@dataclass
class Result:
    """What a command gave back, and the callbacks that collect it."""

    exit_code: int | None = None
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    def take(self, stream: str, chunk: bytes) -> None:
        getattr(self, stream).extend(chunk)


def command(text: str, **changes: object) -> RemoteCommand:
    values = {
        "text": text,
        "action_id": uuid4(),
        "timeout": 60,
        "recorded": False,
        "sudo": False,
        **changes,
    }
    return RemoteCommand(**values)  # type: ignore[arg-type]


def run(
    session: Session,
    text: str | RemoteCommand,
    *,
    stop: Callable[[], str | None] = lambda: None,
    **changes: object,
) -> Result:
    result = Result()
    wanted = text if isinstance(text, RemoteCommand) else command(text, **changes)
    result.exit_code = session.run(wanted, on_output=result.take, stop=stop)
    return result
