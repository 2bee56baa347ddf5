"""The sshd that tests start is OpenSSH's, starts or says why not, and leaves nothing behind."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.ssh.pool import Pool
from servers.ssh.testing import SSHD_MISSING, Sshd, SshdFailed, local_processes, openssh
from servers.ssh.testing.requirement import require_sshd
from tests.servers.ssh.conftest import run, wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    require_sshd()
    server = Sshd(tmp_path)
    yield server
    server.stop()


def test_it_lets_the_user_in_and_commands_find_its_home(server: Sshd, pool: Pool) -> None:
    server.start()

    with pool.session(server.target()) as session:
        assert run(session, 'printf %s "$HOME"').stdout == str(server.home).encode()


@pytest.mark.parametrize("detach", ["", "setsid "], ids=["a child", "a daemon"])
def test_stopping_it_ends_what_its_commands_left_running(
    server: Sshd, pool: Pool, detach: str
) -> None:
    server.start()
    with pool.session(server.target()) as session:
        started = run(session, f"{detach}sleep 600 >/dev/null 2>&1 & echo $!")
    pid = int(started.stdout)
    wait_until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")

    server.stop()

    assert lives(pid) is False
    server.stop()


def test_why_it_did_not_start_is_told(server: Sshd) -> None:
    with pytest.raises(SshdFailed, match="NoSuchOption"):
        server.start("NoSuchOption yes")
    assert server.process is None


def test_a_missing_sshd_skips_and_fails_on_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openssh, "SSHD", None)
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception) as skipped:
        require_sshd()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception) as failed:
        require_sshd()
    assert skipped.value.msg == failed.value.msg == SSHD_MISSING


def test_a_process_that_has_ended_is_nobodys_child_and_takes_no_signal() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()

    assert local_processes.descendants(ended.pid) == []
    assert local_processes._parent(Path(f"/proc/{ended.pid}")) == 0
    local_processes.send(ended.pid, signal.SIGKILL)


def test_children_and_their_children_are_found() -> None:
    shell = subprocess.Popen(["sh", "-c", "sleep 600 & sleep 600 & wait"])
    try:
        wait_until(lambda: len(local_processes.descendants(shell.pid)) == 2)
        assert shell.pid in local_processes.descendants(os.getpid())
    finally:
        for pid in [shell.pid, *local_processes.descendants(shell.pid)]:
            local_processes.send(pid, signal.SIGKILL)
        shell.wait()


def lives(pid: int) -> bool:
    """Whether it runs; who was killed may need a moment to be gone."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = local_processes._read(Path(f"/proc/{pid}/stat")).rpartition(b") ")[2][:1]
        if state in (b"", b"Z", b"X"):
            return False
        time.sleep(0.02)
    return True
