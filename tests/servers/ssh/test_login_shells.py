"""Commands mean the same whatever shell the login has, and whatever that prints as it starts."""

import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.ssh.ending import Outcome
from servers.ssh.errors import CommandStopped, CommandTimedOut, ShellUnavailable
from servers.ssh.pool import Pool
from servers.ssh.records import RecordState, read_record
from servers.ssh.session import Session
from servers.ssh.testing.requirement import require_sshd
from tests.servers.ssh.conftest import Result, command, run
from tests.servers.ssh.login_shell import SshdWithShell, require_shell
from tests.servers.ssh.openssh import carriers, process_name

pytestmark = pytest.mark.sshd

BANNER = "echo '*** Authorised use only! ***'"
PROFILES = {
    "bash": {".bashrc": f"{BANNER}\n{BANNER} >&2\nexport LC_ALL=tr_TR.UTF-8\nalias sh=false\n"},
    "dash": {},
    "fish": {".config/fish/config.fish": f"{BANNER}\n{BANNER} >&2\nalias sh false\n"},
    "tcsh": {".tcshrc": f"{BANNER}\nalias sh false\nset noglob\n"},
}
WORDS = ["it's", 'a "test"', "two\nlines", "-n", "$HOME `id` \\ ! * ~ # %", "", "{a,b}", "(x)", "^"]
RECORDED = pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])


@pytest.fixture(params=list(PROFILES))
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SshdWithShell]:
    """An sshd that lets the user in with that shell, whose profile prints what it likes."""
    require_sshd()
    server = SshdWithShell(tmp_path, require_shell(request.param))
    for name, text in PROFILES[request.param].items():
        profile = server.home / name
        profile.parent.mkdir(parents=True, exist_ok=True)
        profile.write_text(text)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def session(shell: SshdWithShell, pool: Pool) -> Iterator[Session]:
    with pool.session(shell.target()) as session:
        yield session


def test_it_really_is_the_login_shell(shell: SshdWithShell, session: Session) -> None:
    path = shell.passwd.read_text().splitlines()[0].rpartition(":")[2]
    assert run(session, 'printf %s "$SHELL"').stdout.decode() == path


@RECORDED
def test_both_streams_and_the_exit_code_are_the_commands(session: Session, recorded: bool) -> None:
    result = run(session, "echo out; echo err >&2; exit 3", recorded=recorded)
    assert (result.exit_code, result.stdout, result.stderr) == (3, b"out\n", b"err\n")


@RECORDED
def test_every_word_arrives_as_it_is(session: Session, recorded: bool) -> None:
    bytes_of_no_text = b"\xff\xfe".decode("utf-8", "surrogateescape")
    words = [*WORDS, bytes_of_no_text]
    result = run(session, shlex.join(["printf", "<%s>", *words]), recorded=recorded)
    expected = "".join(f"<{word}>" for word in words)
    assert result.stdout == expected.encode("utf-8", "surrogateescape")


@RECORDED
def test_input_arrives(session: Session, recorded: bool) -> None:
    secret = "s3cret'\"\\\n!%" * 20_000
    assert run(session, "cat", stdin=secret, recorded=recorded).stdout == secret.encode()


def test_a_signal_is_told_as_128_and_its_number(session: Session) -> None:
    assert run(session, "kill -s TERM $$").exit_code == 128 + 15


@RECORDED
def test_a_stop_ends_what_the_command_started(session: Session, recorded: bool) -> None:
    wanted = command(
        "sleep 600 & (setsid sleep 600 &) ; sleep 600", recorded=recorded, kill_after=2
    )
    mark = f"OPSM_STEP={wanted.action_id}"

    def stop() -> str | None:
        names = [process_name(pid) for pid in carriers(mark)]
        return "CANCELLED" if names.count("sleep") == 3 else None

    with pytest.raises(CommandStopped) as stopped:
        session.run(wanted, on_output=Result().take, stop=stop)
    assert stopped.value.ending.outcome is Outcome.STOPPED
    assert carriers(mark) == []


def test_a_time_limit_ends_it(session: Session) -> None:
    began = time.monotonic()
    with pytest.raises(CommandTimedOut) as late:
        run(session, "sleep 600", timeout=1, kill_after=1)
    assert late.value.ending.outcome is Outcome.STOPPED
    assert time.monotonic() - began < 300


def test_the_record_is_kept_and_read(session: Session) -> None:
    wanted = command("exit 7", recorded=True)
    assert run(session, wanted).exit_code == 7
    record = read_record(session, wanted.action_id)
    assert (record.state, record.exit_code) == (RecordState.ENDED, 7)


@pytest.mark.parametrize("name", ["false", "nologin"])
def test_a_login_without_a_shell_is_told(tmp_path: Path, pool: Pool, name: str) -> None:
    require_sshd()
    server = SshdWithShell(tmp_path, require_shell(name))
    server.start()
    try:
        told = pytest.raises(ShellUnavailable, match="its login shell did not start /bin/sh")
        with told, pool.session(server.target()):
            pass
    finally:
        server.stop()
