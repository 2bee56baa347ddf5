"""Connections, and a sentence for each way in which one does not come about."""

import errno
import socket
from collections.abc import Iterator

import pytest

from servers.ssh import sockets
from servers.ssh.errors import Unreachable
from tests.servers.ssh.openssh import free_port


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        yield listener


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def failure(hostname: str, port: int = 22, timeout: float = 10) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        sockets.open_socket(hostname, port, label=f"web1 ({hostname}:{port})", timeout=timeout)
    assert f"web1 ({hostname}:{port})" in str(caught.value)
    return caught.value


def test_a_connection_sends_at_once_and_notices_a_dead_peer(listener: socket.socket) -> None:
    port = port_of(listener)
    with sockets.open_socket("127.0.0.1", port, label="web1", timeout=10) as connection:
        tcp = socket.IPPROTO_TCP
        assert connection.getsockopt(tcp, socket.TCP_NODELAY)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert connection.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == 20_000
        assert connection.getsockopt(tcp, socket.TCP_KEEPIDLE) == 10


def test_options_unknown_to_the_platform_are_left_out(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")
    sockets.open_socket("127.0.0.1", port_of(listener), label="web1", timeout=10).close()


def test_a_closed_port() -> None:
    port = free_port()
    error = failure("127.0.0.1", port)
    assert f"nothing listens on port {port}" in str(error)
    assert error.transient


def test_an_unknown_name() -> None:
    error = failure("no-such-host.invalid")
    assert "the name no-such-host.invalid was not found" in str(error)


@pytest.mark.parametrize("hostname", ["a" * 64, "web..example", "\udc80"])
def test_an_impossible_name(hostname: str) -> None:
    with pytest.raises(Unreachable, match=r"not a possible host name|was not found"):
        sockets.open_socket(hostname, 22, label="web1", timeout=10)


def test_a_server_that_does_not_answer(listener: socket.socket) -> None:
    # Linux answers no further connection once the backlog is full.
    address = listener.getsockname()
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(address)
        fillers.append(filler)
    error = failure("127.0.0.1", port_of(listener), timeout=1)
    for filler in fillers:
        filler.close()
    assert "did not answer within 1 seconds" in str(error)
    assert not error.transient


@pytest.mark.parametrize(
    ("raised", "sentence", "transient"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), "There is no route to", False),
        (OSError(errno.ECONNRESET, "Connection reset by peer"), "Connection reset by peer", True),
        (OSError("odd"), "cannot be reached: odd", True),
        (socket.gaierror(socket.EAI_AGAIN, "Try again"), "was not found", True),
        (socket.gaierror(socket.EAI_NONAME, "Unknown"), "was not found", False),
    ],
)
def test_each_failure_has_its_sentence(
    monkeypatch: pytest.MonkeyPatch, raised: OSError, sentence: str, transient: bool
) -> None:
    # The kernel's answers of networks that this machine does not have.
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(socket, "create_connection", fail)
    error = failure("192.0.2.1")
    assert sentence in str(error)
    assert error.transient is transient
