"""PROCESS_KILL on a real Debian server, over a real sshd."""

import time
from collections.abc import Iterator

import pytest

from automation.engine.results import ErrorCode, Status, Verdict
from automation.runbooks.process_kill import KillProcess
from automation.runbooks.process_scripts import ALIVE, SIGNAL
from tests.automation.runbooks.on_debian import Debian

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.sshd]

PLAIN = "exec sleep 86399"
STUBBORN = "trap '' TERM; while :; do sleep 0.2; done"


class Started:
    """Processes of units that systemd was asked to run; gone after the test."""

    def __init__(self, debian: Debian) -> None:
        self._debian = debian
        self._count = 0

    def process(self, script: str, *, user: str = "root") -> int:
        self._count += 1
        unit = f"try-{self._count}"
        self._debian.machine.run(
            *("systemd-run", f"--unit={unit}", f"--uid={user}", "--collect", "--quiet"),
            *("/bin/sh", "-c", script),
        )
        shown = self._debian.sh('systemctl show "$1" --property=MainPID --value', unit)
        time.sleep(0.5)  # a shell needs a moment to set its trap
        return int(shown)

    def end(self) -> None:
        self._debian.sh("systemctl kill --signal=KILL 'try-*' 2>/dev/null || :")


@pytest.fixture
def started(debian: Debian) -> Iterator[Started]:
    units = Started(debian)
    yield units
    units.end()


def lives(debian: Debian, pid: int) -> bool:
    return debian.sh('kill -0 "$1" 2>/dev/null && echo yes || :', str(pid)) == "yes\n"


def test_a_process_is_shown_ended_and_not_found_again(debian: Debian, started: Started) -> None:
    pid = started.process(PLAIN, user="nosudo")
    with debian.untouched():
        dry = debian.execute(KillProcess, {"pid": pid}, is_dry_run=True)
    assert dry.status is Status.SUCCESS, dry.error_message
    assert f"1 process: {pid} (nosudo, since " in dry.summary
    assert lives(debian, pid)

    done = debian.execute(KillProcess, {"name": "sleep", "user": "nosudo"})
    assert (done.status, done.verdict) == (Status.SUCCESS, Verdict.FIXED), done.error_message
    assert done.result["processes"][0]["commandLine"] == "sleep 86399"
    assert not lives(debian, pid)
    again = debian.execute(KillProcess, {"pid": pid})
    assert (again.status, again.verdict) == (Status.SUCCESS, Verdict.NOTHING_TO_FIX)
    assert not again.changed
    back = debian.roll_back(KillProcess, {"pid": pid}, done)
    assert "A process that has ended can't be brought back." in back.error_message


def test_what_ignores_term_is_killed_only_with_force(debian: Debian, started: Started) -> None:
    pid = started.process(STUBBORN)
    params = {"pid": pid, "graceSeconds": 1}
    refused = debian.execute(KillProcess, params)
    assert (refused.status, refused.verdict) == (Status.FAILED, Verdict.NOT_FIXED)
    assert f"Still there after TERM: pid {pid}." in refused.error_message
    assert lives(debian, pid)
    done = debian.execute(KillProcess, {**params, "force": True})
    assert (done.status, done.verdict) == (Status.SUCCESS, Verdict.FIXED), done.error_message
    assert done.result["killed"] is True
    assert not lives(debian, pid)


def test_more_than_expected_are_left_alone(debian: Debian, started: Started) -> None:
    pids = [started.process(PLAIN, user="nosudo") for _ in range(2)]
    named = {"name": "sleep", "user": "nosudo"}
    refused = debian.execute(KillProcess, named)
    assert "2 processes match and maxMatches is 1" in refused.error_message
    assert all(lives(debian, pid) for pid in pids)
    assert debian.execute(KillProcess, {**named, "maxMatches": 2}).status is Status.SUCCESS
    assert not any(lives(debian, pid) for pid in pids)


def test_pid_1_and_the_own_session_are_refused(debian: Debian) -> None:
    for params in ({"pid": 1}, {"name": "systemd", "maxMatches": 50, "user": "root"}):
        first = debian.execute(KillProcess, params)
        assert first.error_code is ErrorCode.VALIDATION
        assert "which nobody may kill" in first.error_message
    sshd = debian.execute(KillProcess, {"name": "sshd", "maxMatches": 50})
    assert "carries the ssh session" in sshd.error_message
    kernel = debian.execute(KillProcess, {"name": "nobody-has-this-name"})
    assert kernel.status is Status.SUCCESS
    assert debian.sh("systemctl is-active ssh") == "active\n"


def test_a_pid_that_was_given_away_meanwhile_is_not_signalled(
    debian: Debian, started: Started
) -> None:
    """The script is given another start time than the process has, as after a reuse."""
    pid = started.process(PLAIN)
    start = int(debian.sh('cat "/proc/$1/stat"', str(pid)).rpartition(") ")[2].split()[19])
    for script in (SIGNAL.words("KILL", "1", f"{pid}:{start + 1}"), ALIVE.words(f"{pid}:1")):
        assert debian.machine.run(*script).stdout == ""
    assert lives(debian, pid)
    assert debian.machine.run(*ALIVE.words(f"{pid}:{start}")).stdout == f"{pid}:{start}\n"


def test_a_name_that_looks_like_other_fields_deceives_nobody(
    debian: Debian, started: Started
) -> None:
    pid = started.process(r"printf 'x) S 1\n(y' >/proc/self/comm; sleep 86398; :")
    for name in ("x", "y"):
        done = debian.execute(KillProcess, {"name": name})
        assert (done.status, done.changed) == (Status.SUCCESS, False)
    assert debian.execute(KillProcess, {"pid": pid}).status is Status.SUCCESS
    assert not lives(debian, pid)
