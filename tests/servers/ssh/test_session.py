"""Commands on a real sshd: output, input, exit codes, time limits and stops."""

import hashlib
import shlex
import signal
import threading
import time
from contextlib import closing
from uuid import uuid4

import pytest

from servers.ssh.connection import Connection
from servers.ssh.ending import Outcome
from servers.ssh.errors import (
    AlreadyStarted,
    ChannelLost,
    CommandStopped,
    CommandTimedOut,
    RecordUnavailable,
)
from servers.ssh.pool import Pool
from servers.ssh.session import RemoteCommand, Session
from tests.servers.ssh.conftest import Result, command, run, wait_until
from tests.servers.ssh.openssh import Sshd, carriers, send

pytestmark = pytest.mark.sshd

RECORDED = pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])

STUBBORN_FAMILY = """
trap '' TERM
sh -c 'trap "" TERM; setsid sleep 301 & sleep 302 & wait' &
sh -c 'trap "" TERM; sleep 303; sleep 303; sleep 303' &
(setsid -f sleep 304)
echo ready
wait; sleep 305; sleep 305
"""


class TestOutput:
    @RECORDED
    def test_both_streams_and_the_exit_code_come_back(
        self, session: Session, recorded: bool
    ) -> None:
        result = run(session, "echo out; echo err >&2; exit 3", recorded=recorded)
        assert (result.exit_code, result.stdout, result.stderr) == (3, b"out\n", b"err\n")

    def test_bytes_are_left_as_they_are(self, session: Session) -> None:
        result = run(session, r"printf '\000\377\376\r\n\033[1mno newline'")
        assert result.stdout == b"\x00\xff\xfe\r\n\x1b[1mno newline"

    @pytest.mark.parametrize("options", [(), ("RekeyLimit 4M",)], ids=["plain", "rekeying"])
    def test_fifty_megabytes_on_both_streams(
        self, unstarted_sshd: Sshd, pool: Pool, options: tuple[str, ...]
    ) -> None:
        unstarted_sshd.start(*options)
        size = 50_000_000
        text = f"head -c {size} /dev/zero & head -c {size} /dev/zero >&2; wait"
        counts = {"stdout": 0, "stderr": 0}

        def count(stream: str, chunk: bytes) -> None:
            counts[stream] += len(chunk)

        with pool.session(unstarted_sshd.target()) as session:
            assert session.run(command(text), on_output=count, stop=lambda: None) == 0
        assert counts == {"stdout": size, "stderr": size}

    def test_output_arrives_while_the_command_runs(self, session: Session) -> None:
        asked = threading.Event()
        result = Result()

        def stop() -> str | None:
            if result.stdout:
                asked.set()
                return "SEEN"
            return None

        with pytest.raises(CommandStopped):
            session.run(command("echo now; sleep 300"), on_output=result.take, stop=stop)
        assert asked.is_set()

    def test_what_a_login_prints_is_dropped(self, unstarted_sshd: Sshd, pool: Pool) -> None:
        banner = unstarted_sshd.folder / "banner"
        banner.write_text("Authorised use only!\n")
        # As a login shell's profile would, before it comes to what it was asked for.
        noise = "echo welcome; printf 'careful, no newline' >&2"
        unstarted_sshd.start(
            f"Banner {banner}", f'ForceCommand {noise}; eval "$SSH_ORIGINAL_COMMAND"'
        )
        with pool.session(unstarted_sshd.target()) as session:
            result = run(session, "echo out; echo err >&2")
        assert (result.stdout, result.stderr) == (b"out\n", b"err\n")

    @RECORDED
    def test_a_daemon_that_keeps_stdout_does_not_hold_up_the_result(
        self, session: Session, recorded: bool
    ) -> None:
        began = time.monotonic()
        result = run(session, "setsid sleep 30 & echo started", recorded=recorded)
        assert (result.exit_code, result.stdout) == (0, b"started\n")
        assert time.monotonic() - began < 25

    def test_a_daemon_that_keeps_talking_does_not_either(self, session: Session) -> None:
        began = time.monotonic()
        chatter = "(i=0; while [ $i -lt 60 ]; do echo tick; i=$((i+1)); sleep 0.5; done) &"
        result = run(session, f"{chatter} exit 4")
        assert result.exit_code == 4
        assert time.monotonic() - began < 25


class TestCommand:
    @pytest.mark.parametrize(
        "words",
        [
            ["it's", 'a "test"', "two\nlines", "\ttab ", "", "$HOME `id` \\ ! * ~ #"],
            ["-n", "--", "%s", "${x:-y}", "a;b", "&& false", "}\n{", "opsm_id=1"],
            [b"\xff\xfe".decode("utf-8", "surrogateescape"), "ünïcödé"],
        ],
    )
    @RECORDED
    def test_every_word_arrives_as_it_is(
        self, session: Session, words: list[str], recorded: bool
    ) -> None:
        result = run(session, shlex.join(["printf", "<%s>", *words]), recorded=recorded)
        expected = "".join(f"<{word}>" for word in words)
        assert result.stdout == expected.encode("utf-8", "surrogateescape")

    @RECORDED
    def test_input_arrives_whole_and_is_in_no_argument_list(
        self, session: Session, recorded: bool
    ) -> None:
        secret = "hunter2'\"\\\n%s" + "x" * 3_000_000
        seen = "grep -l hunter[2] /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null"
        result = run(session, f"{seen}; sha256sum", stdin=secret, recorded=recorded)
        assert result.stdout.decode() == f"{hashlib.sha256(secret.encode()).hexdigest()}  -\n"

    @RECORDED
    def test_without_input_there_is_none(self, session: Session, recorded: bool) -> None:
        assert run(session, "cat; echo end", recorded=recorded).stdout == b"end\n"

    @RECORDED
    def test_ignored_input_does_no_harm(self, session: Session, recorded: bool) -> None:
        result = run(session, "exit 5", stdin="x" * 1_000_000, recorded=recorded)
        assert (result.exit_code, result.stderr) == (5, b"")

    @RECORDED
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("true", 0),
            ("exit 255", 255),
            ("exit 213", 213),
            ("exit 214", 214),
            ("kill -s KILL $$", 137),
            ("kill -s TERM $$", 143),
            ("sh -c 'kill -s SEGV $$'", 139),
            ("no-such-command-here", 127),
            ("if", 2),
        ],
    )
    def test_exit_codes(self, session: Session, text: str, code: int, recorded: bool) -> None:
        assert run(session, text, recorded=recorded).exit_code == code

    def test_the_command_finds_a_plain_environment(self, session: Session) -> None:
        wanted = command('echo "$LC_ALL $OPSM_STEP"; umask; set | grep -c "^opsm_"; trap')
        result = run(session, wanted)
        assert result.stdout.decode().split("\n")[0] == f"C {wanted.action_id}"
        assert result.stdout.decode().split("\n")[2] == "0"

    def test_a_record_leaves_umask_and_signals_alone(self, session: Session) -> None:
        text = "umask; grep -E '^Sig(Ign|Blk|Cgt)' /proc/self/status"
        plain = run(session, text).stdout
        assert run(session, text, recorded=True).stdout == plain

    def test_programs_of_the_administrator_are_found(self, session: Session) -> None:
        assert ":/usr/sbin:" in run(session, "echo $PATH").stdout.decode()

    def test_the_login_is_known_to_be_root_or_not(self, session: Session) -> None:
        assert session.is_root == (run(session, "id -u").stdout == b"0\n")


class TestStop:
    @RECORDED
    def test_a_time_limit_leaves_no_grandchild_that_ignores_term(
        self, session: Session, recorded: bool
    ) -> None:
        wanted = command(STUBBORN_FAMILY, timeout=1.5, kill_after=2, recorded=recorded)
        with pytest.raises(
            CommandTimedOut, match=r"within 1.5 seconds. Nothing of it is"
        ) as caught:
            run(session, wanted)
        assert caught.value.ending.outcome is Outcome.STOPPED
        assert carriers(str(wanted.action_id)) == []

    @RECORDED
    def test_a_stop_ends_the_command_and_what_left_its_session(
        self, session: Session, recorded: bool
    ) -> None:
        result = Result()
        wanted = command(STUBBORN_FAMILY.replace("trap", ": trap"), recorded=recorded)
        with pytest.raises(CommandStopped, match="CANCELLED") as caught:
            session.run(
                wanted, on_output=result.take, stop=lambda: "CANCELLED" if result.stdout else None
            )
        assert caught.value.reason == "CANCELLED"
        assert caught.value.ending.outcome is Outcome.STOPPED
        assert carriers(str(wanted.action_id)) == []

    def test_a_stop_before_the_first_byte_sends_nothing(self, session: Session, sshd: Sshd) -> None:
        trace = sshd.folder / "trace"
        with pytest.raises(CommandStopped) as caught:
            run(session, f"touch {trace}", stop=lambda: "CANCELLED")
        assert caught.value.ending.outcome is Outcome.STOPPED
        assert not trace.exists()

    def test_a_stop_right_after_sending_leaves_nothing(self, session: Session) -> None:
        answers = iter([None])
        wanted = command("sleep 300", timeout=300)
        with pytest.raises(CommandStopped) as caught:
            run(session, wanted, stop=lambda: next(answers, "CANCELLED"))
        assert caught.value.ending.outcome is Outcome.STOPPED
        assert carriers(str(wanted.action_id)) == []

    def test_the_last_words_are_heard(self, session: Session) -> None:
        result = Result()
        text = "trap 'echo cleaning up; exit 1' TERM; echo ready; while :; do sleep 0.1; done"
        with pytest.raises(CommandStopped):
            session.run(
                command(text),
                on_output=result.take,
                stop=lambda: "CANCELLED" if result.stdout else None,
            )
        assert result.stdout == b"ready\ncleaning up\n"

    def test_other_commands_of_the_same_server_live_on(self, session: Session) -> None:
        other = Result()
        thread = threading.Thread(
            target=lambda: setattr(other, "exit_code", run(session, "sleep 4; exit 7").exit_code)
        )
        thread.start()
        with pytest.raises(CommandTimedOut):
            run(session, "sleep 300", timeout=0.5)
        thread.join()
        assert other.exit_code == 7

    def test_a_refused_second_start_leaves_the_first_alone(self, session: Session) -> None:
        wanted = command("sleep 3; exit 6", recorded=True)
        first = Result()
        thread = threading.Thread(
            target=lambda: setattr(first, "exit_code", run(session, wanted).exit_code)
        )
        thread.start()
        wait_until(lambda: carriers(str(wanted.action_id)))
        answers = iter([None])
        with pytest.raises((CommandStopped, AlreadyStarted)):
            run(session, wanted, stop=lambda: next(answers, "CANCELLED"))
        thread.join()
        assert first.exit_code == 6

    def test_with_one_channel_per_connection_another_connection_ends_it(
        self, unstarted_sshd: Sshd, pool: Pool
    ) -> None:
        unstarted_sshd.start("MaxSessions 1")
        wanted = command("sleep 300", timeout=1)
        with pool.session(unstarted_sshd.target()) as session:
            with pytest.raises(CommandTimedOut) as caught:
                run(session, wanted)
            assert caught.value.ending.outcome is Outcome.STOPPED
            assert carriers(str(wanted.action_id)) == []
            assert run(session, "echo usable").stdout == b"usable\n"

    def test_an_end_that_was_seen_before_is_not_waited_for(self, session: Session) -> None:
        wanted = command("true")
        connection, process = session._open(
            Connection.open_process, wanted, lambda *_: None, lambda: None
        )
        with closing(process):
            process.start(connection.shell, session._payload(wanted, connection))
            wait_until(lambda: process.poll(0.1) and process._channel.closed)
            process.poll(0)
            began = time.monotonic()
            assert process.poll(60)
        assert time.monotonic() - began < 30

    def test_a_server_that_is_gone_cannot_be_asked(self, sshd: Sshd, session: Session) -> None:
        result = Result()

        def stop() -> str | None:
            if not result.stdout:
                return None
            sshd.stop()
            return "CANCELLED"

        with pytest.raises((CommandStopped, ChannelLost)) as caught:
            session.run(command("echo on; sleep 60"), on_output=result.take, stop=stop)
        if isinstance(caught.value, CommandStopped):
            assert caught.value.ending.outcome is Outcome.UNREACHABLE
            assert "may still run" in str(caught.value)

    def test_a_frozen_server_cannot_be_asked_and_that_is_said_soon(
        self, sshd: Sshd, session: Session
    ) -> None:
        result = Result()
        asked_at: list[float] = []

        def stop() -> str | None:
            if not result.stdout:
                return None
            sshd.freeze()
            asked_at.append(time.monotonic())
            return "CANCELLED"

        with pytest.raises(CommandStopped) as caught:
            session.run(command("echo on; sleep 100"), on_output=result.take, stop=stop)
        assert caught.value.ending.outcome is Outcome.UNREACHABLE
        assert time.monotonic() - asked_at[0] < 45


class TestRecord:
    def test_a_second_start_is_refused(self, session: Session, sshd: Sshd) -> None:
        trace = sshd.folder / "trace"
        wanted = command(f"echo once >> {trace}", recorded=True)
        assert run(session, wanted).exit_code == 0
        with pytest.raises(AlreadyStarted, match="web1 has a record"):
            run(session, wanted)
        assert trace.read_text() == "once\n"

    def test_of_many_simultaneous_starts_one_runs(self, pool: Pool, sshd: Sshd) -> None:
        trace = sshd.folder / "trace"
        wanted = command(f"echo once >> {trace}", recorded=True)
        refused = []

        def start() -> None:
            with pool.session(sshd.target()) as session:
                try:
                    run(session, wanted)
                except AlreadyStarted as error:
                    refused.append(error)

        threads = [threading.Thread(target=start) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert trace.read_text() == "once\n"
        assert len(refused) == 7

    def test_a_home_that_cannot_be_written_is_said_before_anything_runs(
        self, unstarted_sshd: Sshd, pool: Pool
    ) -> None:
        trace = unstarted_sshd.folder / "trace"
        (unstarted_sshd.home / ".opsm").write_text("in the way")
        unstarted_sshd.start()
        with (
            pool.session(unstarted_sshd.target()) as session,
            pytest.raises(RecordUnavailable, match=r"mkdir: .*Make ~/.opsm of the login writable"),
        ):
            run(session, f"touch {trace}", recorded=True)
        assert not trace.exists()

    def test_a_record_that_cannot_be_filled_is_said_before_anything_runs(
        self, unstarted_sshd: Sshd, pool: Pool
    ) -> None:
        trace = unstarted_sshd.folder / "trace"
        tools = unstarted_sshd.folder / "tools"
        tools.mkdir()
        # As on a full disk: the directory appears, a file in it cannot.
        (tools / "mkdir").write_text('#!/bin/sh\nfor d; do :; done\n/bin/mkdir -p "$d/sid"\n')
        (tools / "mkdir").chmod(0o755)
        unstarted_sshd.start(env={"PATH": f"{tools}:/usr/bin:/bin"})
        with (
            pool.session(unstarted_sshd.target()) as session,
            pytest.raises(RecordUnavailable, match="sid cannot be written"),
        ):
            run(session, f"touch {trace}", recorded=True)
        assert not trace.exists()
        assert list(unstarted_sshd.home.glob(".opsm/*-*-*")) == []

    def test_the_record_is_nobody_elses_to_read(self, session: Session, sshd: Sshd) -> None:
        run(session, "true", recorded=True)
        assert (sshd.home / ".opsm").stat().st_mode & 0o777 == 0o700

    def test_the_server_itself_ends_what_nobody_waits_for(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("servers.ssh.session._SERVER_LIMIT_EXTRA", -60)
        wanted = command("sleep 300", timeout=60, kill_after=1, recorded=True)
        assert run(session, wanted).exit_code == 124


class TestLoss:
    def test_a_connection_that_breaks_says_that_it_may_have_run(
        self, session: Session, sshd: Sshd
    ) -> None:
        wanted = command("sleep 300")
        breaker = threading.Thread(target=_break_when_running, args=(sshd, wanted))
        breaker.start()
        with pytest.raises(ChannelLost, match="so it may have run"):
            run(session, wanted)
        breaker.join()
        for pid in carriers(str(wanted.action_id)):
            send(pid, signal.SIGKILL)

    def test_a_wrapper_that_is_killed_is_an_unknown_outcome(self, session: Session) -> None:
        with pytest.raises(ChannelLost):
            run(session, "kill -s KILL $PPID")

    def test_a_dead_connection_is_replaced_before_anything_is_sent(
        self, session: Session, sshd: Sshd
    ) -> None:
        assert run(session, "echo one").stdout == b"one\n"
        sshd.signal_connections(signal.SIGKILL)
        time.sleep(0.5)
        assert run(session, "echo two").stdout == b"two\n"

    def test_a_frozen_sshd_is_noticed(self, session: Session, sshd: Sshd) -> None:
        wanted = command("sleep 120", timeout=120)
        frozen_at: list[float] = []

        def freeze() -> None:
            wait_until(lambda: carriers(str(wanted.action_id)))
            sshd.signal_connections(signal.SIGSTOP)
            frozen_at.append(time.monotonic())

        thread = threading.Thread(target=freeze)
        thread.start()
        with pytest.raises(ChannelLost):
            run(session, wanted)
        thread.join()
        assert time.monotonic() - frozen_at[0] < 30

    def test_errors_of_the_caller_pass_through_and_free_the_channel(
        self, session: Session, pool: Pool
    ) -> None:
        def fail(stream: str, chunk: bytes) -> None:
            raise LookupError(stream)

        with pytest.raises(LookupError):
            session.run(command("echo out; sleep 1"), on_output=fail, stop=lambda: None)
        assert pool.stats().channels == 0


def _break_when_running(sshd: Sshd, wanted: RemoteCommand) -> None:
    wait_until(lambda: carriers(str(wanted.action_id)))
    sshd.signal_connections(signal.SIGKILL)


def test_the_input_is_in_no_repr() -> None:
    assert "hunter2" not in repr(command("cat", stdin="hunter2", action_id=uuid4()))
