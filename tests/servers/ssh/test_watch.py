"""Silent servers are noticed, living ones left alone."""

import signal
import threading
import time

import pytest

from servers.ssh.login import log_in
from servers.ssh.watch import Watch
from tests.servers.ssh.conftest import wait_until
from tests.servers.ssh.openssh import Sshd
from tests.servers.ssh.proxy import Proxy

pytestmark = pytest.mark.sshd


@pytest.fixture
def watch():
    watch = Watch(silence_limit=6)
    yield watch
    watch.close()


def test_a_living_idle_server_is_left_alone(sshd: Sshd, watch: Watch) -> None:
    transport = log_in(sshd.target())
    watch.add(transport)
    time.sleep(9)
    assert transport.is_active()
    assert transport.silent_seconds < 6
    transport.end()


@pytest.mark.parametrize("how", ["frozen", "partitioned"])
def test_a_silent_server_is_noticed(sshd: Sshd, proxy: Proxy, watch: Watch, how: str) -> None:
    transport = log_in(sshd.target(port=proxy.port))
    watch.add(transport)
    # sshd answers from a process that it starts only after the login.
    transport.open_session(timeout=30).close()
    if how == "frozen":
        sshd.signal_connections(signal.SIGSTOP)
    else:
        proxy.stalled.set()
    wait_until(lambda: not transport.is_active())
    wait_until(lambda: transport not in threading.enumerate())


def test_a_dead_one_is_forgotten(sshd: Sshd, watch: Watch) -> None:
    transport = log_in(sshd.target())
    watch.add(transport)
    transport.end()
    wait_until(lambda: not watch._transports)


def test_a_process_that_overslept_does_not_blame_the_server(
    sshd: Sshd, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = log_in(sshd.target())
    watch.add(transport)
    # As if the worker had been stopped for a minute: its clock jumps between two looks.
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + 60)
    time.sleep(3)
    assert transport.is_active()
    monkeypatch.undo()
    transport.end()


def test_nothing_is_asked_during_a_key_exchange(unstarted_sshd: Sshd, watch: Watch) -> None:
    unstarted_sshd.start("LogLevel DEBUG1")
    transport = log_in(unstarted_sshd.target())

    def asked() -> int:
        return unstarted_sshd.log.read_text().count("rtype keepalive@openssh.com")

    transport.clear_to_send.clear()
    transport._ask()
    transport.clear_to_send.set()
    assert asked() == 0
    transport._ask()
    wait_until(lambda: asked() == 1)
    transport.end()


def test_one_thread_watches_all(sshd: Sshd, watch: Watch) -> None:
    def watchers() -> int:
        return sum(thread.name == "ssh-watch" for thread in threading.enumerate())

    before = watchers()
    transports = [log_in(sshd.target()) for _ in range(2)]
    for transport in transports:
        watch.add(transport)
    assert watchers() == before + 1
    for transport in transports:
        transport.end()


def test_closing_an_unused_watch_is_allowed() -> None:
    Watch().close()
