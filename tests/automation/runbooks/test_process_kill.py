from typing import Any

import pytest

from automation.engine.descriptions import describe
from automation.engine.errors import ParametersInvalid, SudoUnavailable
from automation.engine.params import parse
from automation.engine.results import ErrorCode, Status, Verdict
from automation.engine.testing import Rehearsal, rehearse, rehearse_rollback, reply
from automation.runbooks.process_kill import KillProcess
from automation.runbooks.process_scripts import ALIVE, FIND, SIGNAL
from automation.runbooks.processes import processes_in
from tests.automation.runbooks.shell_words import key

BOOT = "1700000000 100\n"
SLEEP = "70 12345 1000 ann plain sleep 600\n"
NONE, ONE = reply(BOOT), reply(BOOT + SLEEP)
SENT = reply()
NAMED = {"name": "sleep"}


def play(
    params: dict[str, Any] | None = None,
    *,
    find: Any = (ONE, ONE, NONE),
    signal: Any = SENT,
    alive: Any = SENT,
    dry: bool = False,
) -> Rehearsal:
    replies = {key(FIND): find, key(SIGNAL): signal, key(ALIVE): alive}
    return rehearse(KillProcess, params or NAMED, replies, is_dry_run=dry)


def changes(rehearsal: Rehearsal) -> list[str]:
    """Return the arguments of each signal that was sent."""
    rows = (row for row in rehearsal.log if row.action.changes)
    return [row.text.rpartition(" sh ")[2] for row in rows]


def test_a_process_is_ended_and_its_command_line_kept() -> None:
    rehearsal = play()
    outcome = rehearsal.outcome
    assert (outcome.status, outcome.verdict) == (Status.SUCCESS, Verdict.FIXED)
    assert outcome.summary == "1 process ended by TERM: 70."
    assert outcome.result == {
        "processes": [
            {
                "pid": 70,
                "user": "ann",
                "startedAt": "2023-11-14T22:15:23Z",
                "commandLine": "sleep 600",
            }
        ],
        "signal": "TERM",
        "killed": False,
        "left": [],
    }
    assert changes(rehearsal) == ["TERM 10 70:12345"]
    assert outcome.before is not None
    assert outcome.before.values == {"processes": 1, "pids": [70]}
    assert outcome.before.summary == "There is 1 process named sleep."


def test_a_dry_run_shows_the_processes_and_sends_nothing() -> None:
    rehearsal = play(alive=reply("70:12345\n"), dry=True)
    assert rehearsal.outcome.status is Status.SUCCESS
    assert rehearsal.outcome.summary.startswith(
        "Would affect 1 process: 70 (ann, since 2023-11-14T22:15:23Z): sleep 600. "
        "Would send 1 changing command: "
    )
    forced = play({**NAMED, "force": True}, alive=reply("70:12345\n"), dry=True)
    assert len(forced.planned) == 2


def test_no_such_process_is_a_success() -> None:
    rehearsal = play(find=NONE)
    assert rehearsal.outcome.verdict is Verdict.NOTHING_TO_FIX
    assert changes(rehearsal) == []
    assert rehearsal.outcome.summary == "There was no process named sleep. Nothing was sent."
    of_ann = play({"pid": 70, "user": "bob"}, find=ONE)
    assert of_ann.outcome.summary == (
        "There was no process of bob with the pid 70. Nothing was sent."
    )


def test_kill_follows_only_with_force() -> None:
    alive = reply("70:12345\n")
    stays = play({**NAMED, "graceSeconds": 3}, alive=alive, find=ONE)
    assert changes(stays) == ["TERM 3 70:12345"]
    assert stays.outcome.error_message == (
        "Still there after TERM: pid 70. Wait longer (graceSeconds), or send KILL to it (force)."
    )
    assert (stays.outcome.error_code, stays.outcome.verdict) == (
        ErrorCode.COMMAND_FAILED,
        Verdict.NOT_FIXED,
    )
    forced = play({**NAMED, "force": True}, alive=[alive, reply()])
    assert changes(forced) == ["TERM 10 70:12345", "KILL 5 70:12345"]
    assert forced.outcome.summary == "1 process ended by KILL: 70."
    at_once = play({**NAMED, "force": True, "signal": "KILL"}, alive=alive, find=ONE)
    assert changes(at_once) == ["KILL 10 70:12345"]
    assert "It may hang in the kernel" in at_once.outcome.error_message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1 5 0 root session /sbin/init\n", "which nobody may kill"),
        ("2 5 0 root kernel [kthreadd]\n", "which nobody may kill"),
        ("9 5 0 root session sshd: ann\n", "carries the ssh session"),
    ],
)
def test_what_the_server_or_the_session_stands_on_is_refused(line: str, words: str) -> None:
    rehearsal = play(find=reply(BOOT + SLEEP + line))
    assert rehearsal.outcome.error_code is ErrorCode.VALIDATION
    assert words in rehearsal.outcome.error_message
    assert line.rpartition(" ")[2].strip() in rehearsal.outcome.error_message
    assert changes(rehearsal) == []


def test_a_session_that_is_another_one_by_now_is_told() -> None:
    outcome = play(signal=reply("refused 70:12345\n"), alive=reply("70:12345")).outcome
    assert outcome.error_message.startswith("pid 70 carries the ssh session")


def test_more_than_expected_are_left_alone() -> None:
    many = "".join(f"{pid} 5 0 root plain sleep {pid}\n" for pid in range(70, 85))
    refused = play(find=reply(BOOT + many))
    assert refused.outcome.error_code is ErrorCode.VALIDATION
    assert "15 processes match and maxMatches is 1" in refused.outcome.error_message
    assert refused.outcome.error_message.endswith("78, 79 and more.")
    two = reply(BOOT + SLEEP + SLEEP.replace("70", "71", 1))
    assert "They are: 70, 71." in play(find=two).outcome.error_message
    done = play({**NAMED, "maxMatches": 2}, find=[two, two, NONE])
    assert changes(done) == ["TERM 10 70:12345 71:12345"]
    assert done.outcome.summary == "2 processes ended by TERM: 70, 71."


@pytest.mark.parametrize(
    ("command_line", "found"),
    [
        ("/lib/systemd/systemd-journald", 1),
        ("systemd-journald: at work", 1),
        ("/lib/systemd/systemd-journalx", 0),
    ],
)
def test_a_name_longer_than_the_kernel_keeps_is_looked_for_in_the_command_line(
    command_line: str, found: int
) -> None:
    answer = reply(f"{BOOT}70 12345 0 root plain {command_line}\n")
    rehearsal = play({"name": "systemd-journald"}, find=answer)
    assert len(rehearsal.outcome.result["processes"]) == found
    assert rehearsal.commands[0].endswith("sh name systemd-journal")


def test_a_user_may_be_given_by_name_or_number() -> None:
    for user, count in (("ann", 1), ("1000", 1), ("bob", 0)):
        outcome = play({**NAMED, "user": user}, find=ONE).outcome
        assert len(outcome.result["processes"]) == count


def test_nothing_can_be_taken_back_and_it_says_so() -> None:
    back = rehearse_rollback(KillProcess, NAMED, {}, data={}, steps_done=(1, 2, 3)).outcome
    assert "Its command line is kept in the result" in back.error_message


def test_a_missing_sudo_is_told() -> None:
    outcome = play(find=SudoUnavailable("sudo wants a password.")).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.SUDO)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "exactly one"),
        ({"pid": 5, "name": "x"}, "exactly one"),
        ({"name": "x", "signal": "KILL"}, "needs force"),
        ({"name": "/bin/x"}, "without its path"),
        ({"name": "x", "user": "-u root"}, "is not the name of a user"),
        ({"pid": 0}, "at least 1"),
        ({"name": "x", "signal": "STOP"}, "Must be one of"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ParametersInvalid, match=words):
        parse(KillProcess, raw)


def test_a_command_line_with_the_ends_of_lines_stays_one() -> None:
    (process,) = processes_in(f"{BOOT}7 8 0 root plain a\x0bb\u2028c \n")
    assert process.command_line == "a\x0bb\u2028c"


def test_the_parameters_are_those_of_the_contract() -> None:
    found = {p.name: (p.type, p.required, p.default) for p in describe(KillProcess)}
    assert found == {
        "pid": ("whole number", False, None),
        "name": ("text", False, ""),
        "user": ("text", False, ""),
        "signal": (found["signal"][0], False, "TERM"),
        "graceSeconds": ("whole number", False, 10),
        "force": ("yes or no", False, False),
        "maxMatches": ("whole number", False, 1),
    }
