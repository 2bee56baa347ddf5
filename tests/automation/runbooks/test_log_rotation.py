from typing import Any

import pytest

from automation.engine.descriptions import describe
from automation.engine.errors import ParametersInvalid
from automation.engine.params import parse
from automation.engine.results import ErrorCode, Status
from automation.engine.testing import Rehearsal, rehearse, rehearse_rollback, reply
from automation.runbooks import log_rotation
from automation.runbooks.log_rotation import RotateLogs
from tests.automation.runbooks.shell_words import key

WHERE = key(log_rotation._FIND)
SIZES = key(log_rotation._SIZES)
ROTATED = key(log_rotation._ROTATED_SIZES)
PROGRAM = "/usr/sbin/logrotate"
PARAMS = {"config": "/etc/logrotate.d/web"}
TOLD = """\
considering log /srv/a b.log
considering log /srv/c.log
rotating log /srv/a b.log, log->rotateCount is 3
renaming /srv/a b.log.1 to /srv/a b.log.2 (rotatecount 3, logstart 1, i 1),
renaming /srv/a b.log to /srv/a b.log.1
"""
REPLIES: dict[str, Any] = {
    WHERE: reply(f"{PROGRAM}\n"),
    "test -f": reply(),
    f"{PROGRAM} -d": reply(stderr=TOLD),
    f"{PROGRAM} -v": reply(stderr=TOLD),
    SIZES: [reply("2048\n-\n"), reply("0\n-\n")],
    ROTATED: reply("100 .gz\n"),
}


def play(params: dict[str, Any] | None = None, *, dry: bool = False, **changed: Any) -> Rehearsal:
    return rehearse(
        RotateLogs, {**PARAMS, **(params or {})}, {**REPLIES, **changed}, is_dry_run=dry
    )


def test_logs_are_rotated_and_listed() -> None:
    rehearsal = play()
    outcome = rehearsal.outcome
    assert (outcome.status, outcome.verdict) == (Status.SUCCESS, None), outcome.error_message
    assert outcome.summary == "Rotated 1 log: /srv/a b.log.1.gz (100 bytes)."
    assert outcome.result == {
        "before": {"/srv/a b.log": 2048, "/srv/c.log": None},
        "rotated": [{"path": "/srv/a b.log.1.gz", "bytes": 100}],
        "after": {"/srv/a b.log": 0, "/srv/c.log": None},
    }
    changing = [row.text for row in rehearsal.log if row.action.changes]
    assert changing == [f"{PROGRAM} -v --force -- /etc/logrotate.d/web"]


def test_a_dry_run_shows_the_logs() -> None:
    rehearsal = play(dry=True)
    assert rehearsal.outcome.summary == (
        "Would affect 1 log of 2.0 KiB: /srv/a b.log. "
        f"Would send 1 changing command: {PROGRAM} -v --force -- /etc/logrotate.d/web"
    )
    assert any(row.text == "/srv/a b.log: 2.0 KiB, becomes /srv/a b.log.1" for row in rehearsal.log)


def test_what_is_not_due_is_left_alone() -> None:
    rehearsal = play({"force": False}, **{f"{PROGRAM} -d": reply(stderr="considering log /a\n")})
    assert rehearsal.outcome.summary == "No log of /etc/logrotate.d/web was due."
    assert not rehearsal.outcome.changed
    assert f"{PROGRAM} -d -- /etc/logrotate.d/web" in rehearsal.commands
    empty = play(**{f"{PROGRAM} -d": reply(stderr="Handling 0 logs\n")})
    assert (empty.outcome.status, empty.outcome.result["before"]) == (Status.SUCCESS, {})


def test_a_log_of_which_no_old_file_is_kept_is_rotated_too() -> None:
    told = reply(stderr="considering log /a\nrotating log /a, log->rotateCount is 0\n")
    outcome = play(**{f"{PROGRAM} -d": told, f"{PROGRAM} -v": told}).outcome
    assert outcome.summary == "Rotated 1 log: kept no old file."


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({WHERE: reply(exit_code=127)}, "logrotate is not installed on this server."),
        ({"test -f": reply(exit_code=1)}, "There is no file /etc/logrotate.d/web"),
        (
            {f"{PROGRAM} -d": reply(stderr="error: /x:3 unknown option\n", exit_code=1)},
            "logrotate can't use /etc/logrotate.d/web: error: /x:3 unknown option",
        ),
        ({f"{PROGRAM} -d": reply(exit_code=1)}, "it ended with exit code 1."),
        ({f"{PROGRAM} -d": reply(stderr="error: bad\n")}, "error: bad"),
    ],
)
def test_what_can_t_be_rotated_is_told_before_anything_is_changed(
    changed: dict[str, Any], words: str
) -> None:
    outcome = play(**changed).outcome
    assert outcome.error_code is ErrorCode.VALIDATION
    assert words in outcome.error_message
    assert not outcome.changed


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({f"{PROGRAM} -v": reply(exit_code=1, stderr="error: no")}, "exit code 1: error: no"),
        ({f"{PROGRAM} -v": reply()}, "logrotate rotated 0 of 1 log."),
        ({ROTATED: reply("-\n")}, "logrotate told of /srv/a b.log.1, which is not there."),
        ({ROTATED: reply("1\n2\n")}, "could not be read"),
    ],
)
def test_a_rotation_that_went_wrong_is_told(changed: dict[str, Any], words: str) -> None:
    outcome = play(**changed).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert words in outcome.error_message


def test_nothing_can_be_taken_back_and_it_says_so() -> None:
    back = rehearse_rollback(RotateLogs, PARAMS, {}, data={}, steps_done=(1, 2, 3, 4)).outcome
    assert "A rotation can't be taken back" in back.error_message


def test_the_configuration_is_an_absolute_path() -> None:
    with pytest.raises(ParametersInvalid, match="is not an absolute path"):
        parse(RotateLogs, {"config": "--state=/etc/passwd"})


def test_the_parameters_are_those_of_the_contract() -> None:
    found = {p.name: (p.type, p.required, p.default) for p in describe(RotateLogs)}
    assert found == {
        "config": ("absolute path", True, None),
        "force": ("yes or no", False, True),
    }


def test_a_name_with_a_line_break_is_one_name() -> None:
    told = """\
considering log /srv/new
line.log
  log needs rotating
rotating log /srv/new
line.log, log->rotateCount is 2
renaming /srv/new
line.log.1 to /srv/new
line.log.2 (rotatecount 2, logstart 1, i 1),
renaming /srv/new
line.log to /srv/new
line.log.1
"""
    spoken = reply(stderr=told)
    outcome = play(
        **{
            f"{PROGRAM} -d": spoken,
            f"{PROGRAM} -v": spoken,
            SIZES: [reply("2048\n"), reply("0\n")],
            ROTATED: reply("100 \n"),
        }
    ).outcome
    assert outcome.status is Status.SUCCESS, outcome.error_message
    assert outcome.result["before"] == {"/srv/new\nline.log": 2048}
    assert outcome.result["rotated"] == [{"path": "/srv/new\nline.log.1", "bytes": 100}]


def test_a_name_that_is_no_text_can_t_be_looked_for_and_is_no_failure() -> None:
    outcome = play(
        **{f"{PROGRAM} -v": reply(stderr=TOLD.replace("a b", "a�b")), ROTATED: reply("-\n")}
    ).outcome
    assert outcome.status is Status.SUCCESS, outcome.error_message
    assert outcome.result["rotated"] == [{"path": "/srv/a�b.log.1", "bytes": None}]
