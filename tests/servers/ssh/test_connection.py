"""What a connection learns about a server, and servers that answer oddly."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from servers.ssh.connection import Connection, connect
from servers.ssh.ending import Ending, Outcome
from servers.ssh.errors import (
    ChannelLost,
    CommandTimedOut,
    RecordUnavailable,
    ShellUnavailable,
    Unreachable,
)
from servers.ssh.pool import Pool
from servers.ssh.processes import end_processes
from servers.ssh.records import read_record
from servers.ssh.target import Target
from servers.ssh.testing import Process
from servers.ssh.watch import Watch
from tests.servers.ssh.conftest import command, run, wait_until
from tests.servers.ssh.openssh import Sshd, carriers

Serve = Callable[..., Target]


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    watch.close()


def launcher(*, own_session: bool = True, shell: str = "/bin/sh") -> Callable[..., Process]:
    """Starts commands as a server with other habits than sshd's does."""

    def launch(text: str, environment: Mapping[str, str]) -> Process:
        return subprocess.Popen(
            [shell, "-c", text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=dict(environment),
            start_new_session=own_session,
            process_group=None if own_session else 0,
        )

    return launch


def saying(answer: str, word: str = "$$") -> Callable[..., Process]:
    """A server whose shell answers every script but the probe with ``answer``."""
    script = f"""
    script=$(cat)
    id=${{script#*opsm_id=}} id=${{id%%opsm_text*}}
    printf 'opsm:%s:%s\\n' $id {word} | tee /dev/stderr
    case $script in *timeout\\ -k\\ 1\\ 1*) echo 1000 no ;; *) {answer} ;; esac
    """
    return lambda _, environment: launcher()(script, environment)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with the programs of a small server, to take some away or replace them."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("id", "grep", "sleep", "setsid", "timeout", "true", "mkdir", "sh"):
        real = subprocess.run(
            ["sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True
        )
        path = real.stdout.strip()
        (folder / name).symlink_to(path if path.startswith("/") else f"/bin/{name}")
    return folder


@pytest.mark.sshd
def test_an_sshd_tells_its_login_and_its_tools(sshd: Sshd, watch: Watch) -> None:
    connection = connect(sshd.target(), watch)
    assert connection.uid == os.getuid()
    assert connection.has_timeout
    assert connection.shell == "exec /bin/sh"
    connection.close()
    assert not connection.alive


class TestHabits:
    """Of servers that are not OpenSSH on Debian."""

    def test_without_a_session_of_its_own_a_command_gets_one(
        self, serve: Serve, pool: Pool
    ) -> None:
        target = serve(launch=launcher(own_session=False))
        wanted = command("sleep 300 & sleep 300", timeout=1, kill_after=1)
        with pool.session(target) as session:
            assert session._connection.shell == "exec setsid -w /bin/sh"
            with pytest.raises(Exception, match="Nothing of it is left"):
                run(session, wanted)
        assert carriers(str(wanted.action_id)) == []

    def test_without_setsid_processes_are_found_by_their_mark(
        self, serve: Serve, pool: Pool, tools: Path
    ) -> None:
        (tools / "setsid").unlink()
        # The lean PATH has no /usr/sbin to be extended by: setsid is really missing.
        (tools / "sh").unlink()
        target = serve(launch=launcher(own_session=False), environment={"PATH": str(tools)})
        wanted = command("sleep 300 & sleep 300", timeout=1, kill_after=1)
        with pool.session(target) as session:
            assert session._connection.shell == "exec /bin/sh"
            with pytest.raises(Exception, match="Nothing of it is left"):
                run(session, wanted)
        assert carriers(str(wanted.action_id)) == []

    def test_without_timeout_commands_run_without_the_servers_limit(
        self, serve: Serve, pool: Pool, tools: Path, tmp_path: Path
    ) -> None:
        (tools / "timeout").unlink()
        environment = {"PATH": str(tools), "HOME": str(tmp_path)}
        with pool.session(serve(environment=environment)) as session:
            assert not session._connection.has_timeout
            assert run(session, "exit 9", recorded=True).exit_code == 9

    def test_without_pipes_a_recorded_command_runs_all_the_same(
        self, serve: Serve, pool: Pool, tools: Path, tmp_path: Path
    ) -> None:
        # The tools of this server have no mkfifo, and its PATH is extended by nothing that has.
        environment = {"PATH": str(tools), "HOME": str(tmp_path)}
        with pool.session(serve(environment=environment)) as session:
            assert run(session, "echo ran; exit 9", recorded=True).stdout == b"ran\n"

    def test_a_login_shell_that_is_no_shell(self, serve: Serve, watch: Watch) -> None:
        def launch(_: str, environment: Mapping[str, str]) -> Process:
            return launcher()("echo This account is currently not available.; exit 1", environment)

        with pytest.raises(ShellUnavailable, match="It said: This account is currently not"):
            connect(serve(launch=launch), watch)

    def test_a_login_shell_that_says_nothing(self, serve: Serve, watch: Watch) -> None:
        def launch(_: str, environment: Mapping[str, str]) -> Process:
            return launcher()("exit 1", environment)

        with pytest.raises(ShellUnavailable, match=r"so nothing was run\.$"):
            connect(serve(launch=launch), watch)

    def test_a_server_that_refuses_to_run_commands(self, sftp_only: Target, watch: Watch) -> None:
        with pytest.raises(ShellUnavailable, match="refuses to run commands"):
            connect(sftp_only, watch)

    def test_a_connection_that_breaks_right_after_the_login(
        self, serve: Serve, watch: Watch
    ) -> None:
        def launch(_: str, environment: Mapping[str, str]) -> Process:
            return launcher()("kill -s KILL $$", environment)

        with pytest.raises(Unreachable, match="right after the login"):
            connect(serve(launch=launch), watch)


class TestAnswers:
    @pytest.mark.parametrize(
        ("said", "ending"),
        [
            ("echo ended", Ending(outcome=Outcome.STOPPED)),
            ("echo left 77 9", Ending(outcome=Outcome.STILL_RUNNING, pids=(9, 77))),
            ("echo what?", Ending(outcome=Outcome.UNREACHABLE)),
            ("exit 1", Ending(outcome=Outcome.UNREACHABLE)),
        ],
    )
    @pytest.mark.parametrize("sudo", [False, True])
    def test_what_the_server_says_of_a_commands_end_is_believed(
        self, serve: Serve, watch: Watch, said: str, ending: Ending, sudo: bool
    ) -> None:
        connection = connect(serve(launch=saying(said)), watch)
        action = command("").action_id
        found = end_processes(connection, action_id=action, session_id=5, kill_after=0.5, sudo=sudo)
        connection.close()
        assert found == ending

    @pytest.mark.parametrize(
        ("said", "sentence"),
        [("echo what?", "what"), ("echo no room >&2", "no room"), (":", "it said nothing")],
    )
    def test_a_record_that_makes_no_sense_is_no_record(
        self, serve: Serve, pool: Pool, said: str, sentence: str
    ) -> None:
        with (
            pool.session(serve(launch=saying(said))) as session,
            pytest.raises(RecordUnavailable, match=sentence),
        ):
            read_record(session, command("").action_id)

    def test_what_could_not_be_ended_is_named(self, serve: Serve, pool: Pool) -> None:
        said = "case $script in *sleep\\ 5*) sleep 5 ;; *) echo left 9 77 ;; esac"
        with (
            pool.session(serve(launch=saying(said))) as session,
            pytest.raises(CommandTimedOut, match="process 9, 77 still runs on web2") as caught,
        ):
            run(session, "sleep 5", timeout=0.5)
        assert caught.value.ending.outcome is Outcome.STILL_RUNNING

    def test_of_a_refused_start_there_is_nothing_to_end(self, serve: Serve, pool: Pool) -> None:
        # Were anything ended here, it would be the first start's.
        said = "case $script in *sleep\\ 5*) sleep 5 ;; *) echo left 9 77 ;; esac"
        target = serve(launch=saying(said, word="started-before"))
        with pool.session(target) as session, pytest.raises(CommandTimedOut) as caught:
            run(session, "sleep 5", timeout=0.5)
        assert caught.value.ending.outcome is Outcome.STOPPED

    def test_an_answer_that_never_comes_is_not_waited_for(self, serve: Serve, watch: Watch) -> None:
        connection = connect(serve(launch=saying("sleep 30")), watch)
        with pytest.raises(ChannelLost, match="did not answer within 1 seconds"):
            connection.ask("anything", timeout=1)
        connection.close()

    def test_a_command_that_never_began_is_not_called_stopped(
        self, serve: Serve, pool: Pool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("servers.ssh.session._BEGIN_PATIENCE", 1.0)
        probed: list[str] = []

        def launch(text: str, environment: Mapping[str, str]) -> Process:
            probed.append(text)
            return launcher()(text if len(probed) == 1 else "sleep 30", environment)

        with (
            pool.session(serve(launch=launch)) as session,
            pytest.raises(Exception, match="could not be asked to end it") as caught,
        ):
            run(session, "true", timeout=0.5)
        assert caught.value.ending.outcome is Outcome.UNREACHABLE


class TestSudo:
    """As an unprivileged login would, on a server whose sudo is a script of ours."""

    def prepare(self, tools: Path, sudo: str) -> dict[str, str]:
        for name, text in {"id": "echo 1000", "sudo": sudo}.items():
            (tools / name).unlink(missing_ok=True)
            (tools / name).write_text(f"#!/bin/sh\n{text}\n")
            (tools / name).chmod(0o755)
        return {"PATH": str(tools)}

    @pytest.mark.parametrize("allows", [True, False], ids=["any command", "no shell"])
    def test_processes_of_root_are_ended_through_sudo(
        self, serve: Serve, pool: Pool, tools: Path, tmp_path: Path, allows: bool
    ) -> None:
        trace = tmp_path / "sudo.log"
        action = 'shift; exec "$@"' if allows else "echo sudo: not allowed >&2; exit 1"
        environment = self.prepare(tools, f'echo "$1 $2" >> {trace}\n{action}')
        wanted = command("sleep 300", timeout=1, kill_after=1, sudo=True)
        with pool.session(serve(environment=environment)) as session:
            assert not session.is_root
            with pytest.raises(Exception, match="Nothing of it is left"):
                run(session, wanted)
        assert trace.read_text() == "-n /bin/sh\n"
        assert carriers(str(wanted.action_id)) == []


@pytest.mark.sshd
def test_no_more_commands_than_channels_run_at_once(sshd: Sshd, watch: Watch) -> None:
    connection = connect(sshd.target(), watch, max_channels=1)

    def open_one(keep_trying: Callable[[], None]) -> object:
        return connection.open_process(
            action_id=command("").action_id, on_output=lambda *_: None, keep_trying=keep_trying
        )

    def give_up() -> None:
        raise InterruptedError

    first = open_one(give_up)
    with pytest.raises(InterruptedError):
        open_one(give_up)
    assert connection.channels == 1
    first.close()
    assert connection.channels == 0
    open_one(give_up).close()
    connection.close()


@pytest.mark.sshd
def test_inquiries_wait_for_their_turn(sshd: Sshd, watch: Watch) -> None:
    connection: Connection = connect(sshd.target(), watch)
    waited: list[None] = []

    def give_up() -> None:
        waited.append(None)
        raise InterruptedError

    gate = connection._inquiries
    gate.acquire()
    gate.acquire()
    with pytest.raises(InterruptedError):
        connection.ask("true", meanwhile=give_up)
    gate.release()
    gate.release()
    assert waited
    connection.close()


@pytest.mark.sshd
def test_a_connection_that_breaks_before_the_command_is_taken(sshd: Sshd, watch: Watch) -> None:
    connection = connect(sshd.target(), watch)
    process = connection.open_process(
        action_id=command("").action_id, on_output=lambda *_: None, keep_trying=lambda: None
    )
    sshd.signal_connections(signal.SIGKILL)
    wait_until(lambda: not connection.alive)
    with pytest.raises(ChannelLost):
        process.start(connection.shell, b"exit 0")
    process.close()
    connection.close()


@pytest.mark.sshd
def test_a_lost_connection_opens_no_channel_and_says_so(sshd: Sshd, watch: Watch) -> None:
    connection = connect(sshd.target(), watch)
    sshd.signal_connections(signal.SIGKILL)
    with pytest.raises((Unreachable, ChannelLost)):
        connection.ask("true")
    assert connection.channels == 0
    connection.close()
