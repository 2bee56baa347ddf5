"""Reading commands one after the other in a shell on a real sshd."""

import shlex
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from servers.ssh import shared
from servers.ssh.ending import Outcome
from servers.ssh.errors import ChannelLost, CommandStopped, CommandTimedOut, ShellUnavailable
from servers.ssh.pool import Pool
from servers.ssh.session import Session
from tests.servers.ssh.conftest import Result, command, run, wait_until
from tests.servers.ssh.openssh import Sshd, carriers, send

pytestmark = pytest.mark.sshd


def read(session: Session, text: str, **changes: object) -> Result:
    """Run a shell text as one program in a shared shell."""
    return run(session, command(f"sh -c {shlex.quote(text)}", shared=True, **changes))


def shells(session: Session) -> list[shared.SharedShell]:
    return session._connection._idle


def test_both_streams_and_exit_codes_of_each_come_back(session: Session) -> None:
    for code in (0, 3, 127):
        result = read(session, f"echo out{code}; printf err{code} >&2; exit {code}")
        assert result.exit_code == code
        assert (result.stdout, result.stderr) == (b"out%d\n" % code, b"err%d" % code)
    assert len(shells(session)) == 1


def test_the_text_reaches_the_program_as_it_is(session: Session) -> None:
    words = ["a b", "'", '"', "$HOME", "`id`", "\\", "*", "line\nline", "é", "-n", ""]
    result = run(session, command(shlex.join(["printf", "%s|", *words]), shared=True))
    assert result.stdout.decode() == "".join(f"{word}|" for word in words)


def test_what_is_no_program_is_not_found(session: Session) -> None:
    result = run(session, command("no-such-program", shared=True))
    assert result.exit_code == 127
    assert b"not found" in result.stderr
    assert read(session, "echo here").stdout == b"here\n"


def test_a_signal_is_told_as_128_and_its_number(session: Session) -> None:
    assert read(session, "kill -9 $$").exit_code == 137
    assert read(session, "echo here").stdout == b"here\n"


def test_nothing_is_left_to_the_next_one(session: Session) -> None:
    read(session, "cd /; umask 077; X=1; export X; exec 3>&1; trap '' INT")
    said = read(session, 'pwd; umask; echo "${X:-none}"; [ -e /proc/$$/fd/3 ] || echo closed')
    assert said.stdout.split()[1:] == [b"0022", b"none", b"closed"]
    assert said.stdout.split()[0] != b"/"


def test_each_begins_at_home_and_nothing_is_held_there_afterwards(
    session: Session, sshd: Sshd
) -> None:
    here, shell = read(session, "pwd; echo $PPID").stdout.decode().split()
    assert here == str(sshd.home)
    assert Path(f"/proc/{shell}/cwd").readlink() == Path("/")


def test_each_has_a_session_and_a_mark_of_its_own(session: Session) -> None:
    one, other = uuid4(), uuid4()
    text = "read -r stat </proc/$$/stat; set -- ${stat##*) }; echo $4 $$ $OPSM_STEP $LC_OPSM_STEP"
    for action_id in (one, other):
        sid, pid, mark, same = read(session, text, action_id=action_id).stdout.decode().split()
        assert sid == pid
        assert mark == same == str(action_id)


def test_its_input_is_empty(session: Session) -> None:
    assert read(session, "cat; echo end").stdout == b"end\n"


def test_much_output_on_both_streams(session: Session) -> None:
    size = 5_000_000
    result = read(session, f"head -c {size} /dev/zero & head -c {size} /dev/zero >&2; wait")
    assert (len(result.stdout), len(result.stderr)) == (size, size)
    assert read(session, "echo here").stdout == b"here\n"


def test_many_at_once_have_shells_of_their_own(session: Session) -> None:
    def work(number: int) -> bytes:
        return b"".join(bytes(read(session, f"echo {number}").stdout) for _ in range(20))

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(work, range(16))) == [b"%d\n" % n * 20 for n in range(16)]
    assert 1 <= len(shells(session)) <= 8


def test_idle_shells_make_room_for_channels(session: Session) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: read(session, "sleep 0.5"), range(8)))
        assert len(shells(session)) > 1
        done = list(threads.map(lambda _: run(session, "sleep 0.5; echo here"), range(8)))
    assert [result.stdout for result in done] == [b"here\n"] * 8


def test_a_server_that_allows_one_channel_gets_one(unstarted_sshd: Sshd, pool: Pool) -> None:
    unstarted_sshd.start("MaxSessions 1")
    with pool.session(unstarted_sshd.target()) as session:
        for _ in range(3):
            assert read(session, "echo shared").stdout == b"shared\n"
            assert run(session, "echo alone").stdout == b"alone\n"


def test_one_that_is_to_stop_is_ended_and_its_shell_with_it(session: Session) -> None:
    action_id, result = uuid4(), Result()

    def stop() -> str | None:
        return "CANCELLED" if result.stdout else None

    text = shlex.join(["sh", "-c", "echo now; sleep 301 & sleep 302"])
    wanted = command(text, shared=True, action_id=action_id)
    with pytest.raises(CommandStopped) as stopped:
        session.run(wanted, on_output=result.take, stop=stop)
    assert stopped.value.ending.outcome is Outcome.STOPPED
    assert carriers(str(action_id)) == []
    assert shells(session) == []
    assert read(session, "echo here").stdout == b"here\n"


def test_one_that_takes_too_long_is_ended(session: Session) -> None:
    action_id = uuid4()
    with pytest.raises(CommandTimedOut):
        read(session, "sleep 300", action_id=action_id, timeout=1)
    assert carriers(str(action_id)) == []


def test_a_shell_that_died_meanwhile_is_not_used(session: Session) -> None:
    read(session, "true")
    (shell,) = shells(session)
    shell.channel.close()
    assert read(session, "echo here").stdout == b"here\n"
    assert shells(session) != [shell]


def test_a_shell_that_dies_as_it_is_used_is_taken_for_another(session: Session) -> None:
    pid = int(read(session, "echo $PPID").stdout)
    (shell,) = shells(session)
    # It looks well until something is asked of it.
    send(pid, signal.SIGKILL)
    wait_until(lambda: shell.channel.closed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared.SharedShell, "is_usable", True)
        assert read(session, "echo here").stdout == b"here\n"


def test_one_whose_shell_dies_is_lost(session: Session) -> None:
    read(session, "true")
    with pytest.raises(ChannelLost):
        read(session, "kill -9 $PPID; sleep 1")
    assert read(session, "echo here").stdout == b"here\n"


def test_an_error_of_who_listens_leaves_the_shell_behind(session: Session) -> None:
    def fail(stream: str, chunk: bytes) -> None:
        raise RuntimeError("full")

    with pytest.raises(RuntimeError, match="full"):
        session.run(command("echo out", shared=True), on_output=fail, stop=lambda: None)
    assert shells(session) == []


def test_a_connection_that_breaks_as_a_shell_is_ended_is_no_fault(session: Session) -> None:
    read(session, "true")
    (shell,) = shells(session)

    def broken() -> None:
        raise EOFError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shell.channel, "close", broken)
        shell.close()
    shell.close()


def test_an_old_shell_is_not_used_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_LONGEST_LIFE", 0.0)
    read(session, "true")
    time.sleep(0.01)
    assert shells(session) == []


def test_where_there_is_no_setsid_each_has_a_channel(session: Session) -> None:
    session._connection.has_shared_shells = False
    assert read(session, "echo here").stdout == b"here\n"
    assert shells(session) == []


def test_a_server_that_runs_nothing_says_so(session: Session) -> None:
    connection = session._connection
    connection.shell = "exec /bin/no-such-shell"
    with pytest.raises(ShellUnavailable, match="did not start /bin/sh"):
        read(session, "true")
