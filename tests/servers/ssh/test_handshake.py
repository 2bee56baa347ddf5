"""Things that accept a connection and are no SSH server, or none that can be talked to."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from servers.ssh.errors import BannerFailed, Incompatible
from servers.ssh.handshake import shake_hands
from servers.ssh.transport import Transport, require_internals
from tests.servers.ssh.openssh import Sshd


@contextmanager
def listening(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """A port where every connection is answered by ``answer`` and then closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                while True:
                    with listener.accept()[0] as client:
                        answer(client)
            except OSError:
                pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def attempt(port: int, timeout: float = 10) -> Transport:
    return shake_hands("127.0.0.1", port, label=f"web1 (127.0.0.1:{port})", timeout=timeout)


def test_a_server_that_closes_at_once_may_be_overloaded() -> None:
    with listening(lambda _: None) as port, pytest.raises(BannerFailed, match="MaxStartups") as it:
        attempt(port)
    assert it.value.transient


def test_a_server_that_says_nothing(
    monkeypatch: pytest.MonkeyPatch, thread_count: Callable[[], int]
) -> None:
    monkeypatch.setattr("servers.ssh.handshake._HANDSHAKE_EXTRA", 0.5)
    before = thread_count()
    silence = threading.Event()
    with listening(lambda _: silence.wait(60)) as port:
        with pytest.raises(BannerFailed, match="kept silent") as caught:
            attempt(port, timeout=0.5)
        silence.set()
    assert not caught.value.transient
    assert thread_count() <= before


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 64],
    ids=["web server", "broken banner", "broken packets"],
)
def test_something_that_is_no_ssh_server(greeting: bytes) -> None:
    with (
        listening(lambda client: client.sendall(greeting)) as port,
        pytest.raises(BannerFailed, match="closed the connection during the SSH handshake"),
    ):
        attempt(port)


def test_ssh_1_is_too_old() -> None:
    with (
        listening(lambda client: client.sendall(b"SSH-1.5-old\r\n")) as port,
        pytest.raises(Incompatible, match="very old"),
    ):
        attempt(port)


@pytest.mark.sshd
def test_the_cheap_key_exchange_is_preferred(unstarted_sshd: Sshd) -> None:
    unstarted_sshd.start("LogLevel DEBUG1")
    attempt(unstarted_sshd.port).end()
    assert "kex: algorithm: curve25519-sha256" in unstarted_sshd.log.read_text()


@pytest.mark.sshd
def test_ending_twice_does_no_harm(sshd: Sshd, thread_count: Callable[[], int]) -> None:
    before = thread_count()
    transport = attempt(sshd.port)
    transport.end()
    transport.end()
    assert thread_count() <= before


def test_a_paramiko_without_what_we_build_on_is_refused_at_import() -> None:
    with pytest.raises(ImportError, match=r"no Transport._active_check_timeout"):
        require_internals(object)
