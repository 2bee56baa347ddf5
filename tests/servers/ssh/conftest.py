"""A real sshd, a pool and commands, for the tests of the SSH layer."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import paramiko
import pytest

from servers.ssh.host_keys import HostKey
from servers.ssh.pool import Pool
from servers.ssh.session import RemoteCommand, Session
from servers.ssh.target import Target
from servers.ssh.testing import SshServer, generate_key
from servers.ssh.testing.requirement import require_sshd
from servers.ssh.transport import Transport
from tests.servers.ssh.openssh import Sshd
from tests.servers.ssh.proxy import Proxy


@pytest.fixture
def unstarted_sshd(tmp_path: Path) -> Iterator[Sshd]:
    require_sshd()
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


@pytest.fixture
def proxy(sshd: Sshd) -> Iterator[Proxy]:
    proxy = Proxy(sshd.port)
    yield proxy
    proxy.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Target]]:
    """Starts servers whose logins and commands a test decides; returns the target of each."""
    with ExitStack() as servers:

        def start(**options: object) -> Target:
            key = generate_key()
            options = {"passwords": {"noc": "s3cret"}, **options}
            server = servers.enter_context(SshServer(host_key=key.private_key, **options))
            return Target(
                name="web2",
                hostname="127.0.0.1",
                port=server.port,
                username="noc",
                password="s3cret",
                host_keys=(HostKey(type=key.type, blob_base64=key.public_key),),
            )

        yield start


def wait_until(holds: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.05)


@pytest.fixture
def thread_count() -> Callable[[], int]:
    """Counts the threads of the SSH layer's own connections, not those of the tests' servers."""

    def count() -> int:
        return sum(
            isinstance(thread, (Transport, threading.Timer)) or thread.name.startswith("ssh-")
            for thread in threading.enumerate()
        )

    return count


@pytest.fixture
def sftp_only() -> Iterator[Target]:
    """A server that lets everybody in and runs no command."""
    key = generate_key()
    host_key = paramiko.Ed25519Key.from_private_key(io.StringIO(key.private_key))

    class Policy(paramiko.ServerInterface):
        def check_auth_password(self, username: str, password: str) -> int:
            return paramiko.AUTH_SUCCESSFUL

        def check_channel_request(self, kind: str, chanid: int) -> int:
            return paramiko.OPEN_SUCCEEDED

    transports: list[paramiko.Transport] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            transport = paramiko.Transport(listener.accept()[0])
            transports.append(transport)
            transport.add_server_key(host_key)
            transport.start_server(server=Policy())

        thread = threading.Thread(target=serve)
        thread.start()
        yield Target(
            name="files",
            hostname="127.0.0.1",
            port=listener.getsockname()[1],
            username="noc",
            password="s3cret",
            host_keys=(HostKey(type=key.type, blob_base64=key.public_key),),
        )
        thread.join()
    for transport in transports:
        transport.close()
