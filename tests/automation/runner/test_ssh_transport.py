"""What commands of a runbook do to their output and their connection, on a real sshd."""

import sys
import time

import pytest

from automation.engine import Run, Runbook, Shell
from automation.engine.output import MIB
from automation.engine.results import ActionStatus, CancelOutcome, ErrorCode, Status
from automation.testing.real_server import RealServer
from tests.automation.engine.samples import with_steps
from tests.servers.ssh.openssh import carriers

pytest_plugins = ("automation.testing.plugin",)
pytestmark = pytest.mark.sshd

SIZE = 50_000_000
CHANGES = pytest.mark.parametrize("changes", [False, True], ids=["reading", "changing"])


def sending(script: str, *arguments: str, changes: bool = False) -> type[Runbook]:
    """Define a runbook of one step that sends a script, and keeps what came of it."""

    def step(_runbook: Runbook, run: Run) -> None:
        send = run.change if changes else run.read
        answer = send(Shell(script), *arguments, ok=None)
        run.result.update(code=answer.exit_code, length=len(answer.stdout), head=answer.stdout[:99])

    return with_steps(step, changes=changes)


@CHANGES
@pytest.mark.parametrize(
    "filler", ["tr '\\0' x", "cat", "tr '\\0' '\\377'", "tr '\\0' '\\n'"],
    ids=["without newlines", "zero bytes", "no text", "empty lines"],
)  # fmt: skip
def test_fifty_megabytes_are_cut_in_the_middle_and_that_is_said(
    real_server: RealServer, filler: str, changes: bool
) -> None:
    script = f"echo begin; head -c {SIZE} /dev/zero | {filler}; echo; echo end"
    done = real_server.run(sending(script, changes=changes), {})

    assert done.outcome.status is Status.SUCCESS, done.outcome
    assert done.outcome.result["code"] == 0
    [row] = done.log
    assert len(row.stdout.encode()) <= MIB + 100
    assert row.stdout.startswith("begin\n")
    assert row.stdout.endswith("\nend\n")
    assert "bytes left out ...]\n" in row.stdout
    assert "\0" not in row.stdout


def test_what_is_left_out_is_counted_to_the_byte(real_server: RealServer) -> None:
    script = f"head -c {SIZE} /dev/zero | tr '\\0' x"
    [row] = real_server.run(sending(script), {}).log

    assert f"\n[... {SIZE - MIB:,} bytes left out ...]\n" in row.stdout
    assert row.stdout.count("x") == MIB


@CHANGES
def test_binary_output_is_kept_readable(real_server: RealServer, changes: bool) -> None:
    script = r"printf 'a\000b\377\376c\033[1md\r\n'; printf '\303' >&2; printf '\244' >&2"
    [row] = real_server.run(sending(script, changes=changes), {}).log

    assert row.stdout == "a\u2400b\ufffd\ufffdc\033[1md\r\n"
    assert row.stderr == "ä"


@CHANGES
@pytest.mark.parametrize("closes", ["exec >&-", "exec 2>&-", "exec >&- 2>&- <&-"])
def test_a_command_that_closes_its_output_and_lives_on_is_waited_for(
    real_server: RealServer, changes: bool, closes: str
) -> None:
    script = f"echo before; {closes}; sleep 2; echo x | sed -n 'w done'; exit 7"
    began = time.monotonic()
    done = real_server.run(sending(script, changes=changes), {})

    assert done.outcome.result["code"] == 7
    assert [row.stdout for row in done.log] == ["before\n"]
    assert time.monotonic() - began >= 2
    assert (real_server.home / "done").exists()


@CHANGES
def test_such_a_command_is_ended_when_its_time_is_over(
    real_server: RealServer, changes: bool
) -> None:
    script = "exec >&- 2>&-; sleep 600 & sleep 600; sleep 600"
    done = real_server.run(sending(script, changes=changes), {}, timeout=2)

    assert done.outcome.status is Status.TIMEOUT, done.outcome
    assert done.outcome.cancel_outcome is CancelOutcome.STOPPED
    assert carriers(str(done.log[0].action.id)) == []


CUT = f"""\
end="import os, sys; os.kill(int(sys.argv[1]), 9)"
pid=$$
while :; do
  pid=$(cut -d ' ' -f 4 "/proc/$pid/stat")
  case $(cat "/proc/$pid/comm") in sshd*) {sys.executable} -c "$end" "$pid"; break ;; esac
done
"""
"""Kills the sshd that serves the command, as a server that drops the connection does."""


def test_a_change_whose_connection_is_dropped_comes_to_its_end_and_tells_it(
    real_server: RealServer,
) -> None:
    script = f"{CUT} sleep 1; touch done; echo heard; exit 7"
    done = real_server.run(sending(script, changes=True), {})

    assert done.outcome.status is Status.SUCCESS, done.outcome
    assert done.outcome.result == {"code": 7, "length": 6, "head": "heard\n"}
    assert [(row.status, row.exit_code) for row in done.log] == [(ActionStatus.SUCCESS, 7)]
    assert (real_server.home / "done").exists()


def test_a_reading_command_whose_connection_is_dropped_is_a_failure(
    real_server: RealServer,
) -> None:
    done = real_server.run(sending(f"{CUT} sleep 600"), {})

    assert (done.outcome.status, done.outcome.error_code) == (
        Status.FAILED,
        ErrorCode.CONNECTION_LOST,
    )


def test_the_next_execution_gets_a_connection_of_its_own(real_server: RealServer) -> None:
    real_server.run(sending(f"{CUT} sleep 600"), {})

    assert real_server.run(sending("echo here"), {}).outcome.result["head"] == "here\n"
