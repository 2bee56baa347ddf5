from typing import Any

import pytest

from automation.engine.commands import words_of
from automation.engine.descriptions import describe
from automation.engine.errors import ParametersInvalid, SudoUnavailable
from automation.engine.params import parse
from automation.engine.results import ErrorCode, Status, Verdict
from automation.engine.rollback import rollback_plan
from automation.engine.testing import Rehearsal, rehearse, rehearse_rollback, reply
from automation.runbooks.disk_cleanup import CleanUpDisk
from automation.runbooks.disk_cleanup_scripts import (
    COPY_AND_TRUNCATE,
    FIND,
    RESTORE,
    TRUNCATE,
)
from automation.runbooks.protected_paths import PROTECTED
from tests.automation.runbooks.shell_words import key

FULL, EMPTY = reply("4096 100 5 5\n"), reply("4096 100 60 60\n")
TWO_FILES = "2 4096000\n6000 a.log\N{SYMBOL FOR NULL}2000 b c.log\N{SYMBOL FOR NULL}"


def leads(target: str, **protected: str) -> Any:
    places = [protected.get(place.strip("/"), place) for place in PROTECTED]
    return reply("\n".join([target, *places]) + "\n")


REPLIES: dict[str, Any] = {
    "stat -f": [FULL, FULL, EMPTY],
    "readlink": leads("/var/log"),
    "test -d /var/log": reply(),
    key(FIND): reply(TWO_FILES),
    key(TRUNCATE): reply("4096000 2 0 0\n"),
    key(COPY_AND_TRUNCATE): reply("4000000 2 0 0\n"),
}


def play(params: dict[str, Any] | None = None, *, dry: bool = False, **changed: Any) -> Rehearsal:
    return rehearse(CleanUpDisk, params or {}, {**REPLIES, **changed}, is_dry_run=dry)


def test_a_full_disk_is_cleaned() -> None:
    rehearsal = play()
    outcome = rehearsal.outcome
    assert (outcome.status, outcome.verdict) == (Status.SUCCESS, Verdict.FIXED)
    assert outcome.before is not None
    assert outcome.before.summary == (
        "The file system of /var/log is 95 % full (90 % counts as full)."
    )
    assert outcome.summary == (
        "Emptied 2 files in /var/log, which freed 3.9 MiB; its file system is 40 % full."
    )
    assert outcome.result == {
        "path": "/var/log",
        "before": {"usedPercent": 95, "usedBytes": 389120, "availableBytes": 20480},
        "filesFound": 2,
        "bytesFound": 4096000,
        "files": [{"path": "a.log", "bytes": 3072000}, {"path": "b c.log", "bytes": 1024000}],
        "filesEmptied": 2,
        "bytesFreed": 4096000,
        "filesFailed": 0,
        "after": {"usedPercent": 40, "usedBytes": 163840, "availableBytes": 245760},
    }
    (changing,) = [row for row in rehearsal.log if row.action.changes]
    assert changing.text.endswith(
        " sh /var/log -xdev -type f -links 1 -size +1073741823c -name '*.log' '!' "
        "-name '*.opsmanager-*'"
    )


def test_only_a_full_disk_needs_it() -> None:
    assert play(**{"stat -f": EMPTY}).outcome.verdict is Verdict.NOTHING_TO_FIX
    assert play({"usagePercent": 95}).outcome.before.healthy is False  # type: ignore[union-attr]
    assert play({"usagePercent": 96}).outcome.before.healthy is True  # type: ignore[union-attr]


def test_a_dry_run_shows_files_and_bytes() -> None:
    rehearsal = play(dry=True)
    assert rehearsal.outcome.summary.startswith(
        "Would affect 2 files of 3.9 MiB in /var/log. Would send 1 changing command: /bin/sh -c"
    )
    (told,) = [row.text for row in rehearsal.log if row.text.startswith("Found")]
    assert told == "Found 2 files of 3.9 MiB in /var/log:\n2.9 MiB “a.log”\n1000.0 KiB “b c.log”"
    assert len(rehearsal.planned) == 1


def test_of_many_files_the_largest_are_listed() -> None:
    many = "30 1000\n" + "".join(f"{i} {i}.log\0" for i in range(30, 0, -1))
    rehearsal = play(dry=True, **{key(FIND): reply(many)})
    (told,) = [row.text for row in rehearsal.log if row.text.startswith("Found")]
    assert told.endswith("\n5.5 KiB “11.log”\n... and 10 more files")


def test_finding_nothing_is_a_success_and_sends_nothing() -> None:
    rehearsal = play({"olderThanDays": 7}, **{key(FIND): reply("0 0\n")})
    assert rehearsal.outcome.status is Status.SUCCESS
    assert not rehearsal.outcome.changed
    assert rehearsal.outcome.result["bytesFreed"] == 0
    assert rehearsal.outcome.summary == (
        "There was nothing to empty in /var/log (files “*.log” of at least 1024 MiB that nobody "
        "wrote to for 7 days); its file system is 40 % full."
    )
    undone = rehearse_rollback(CleanUpDisk, {"keepCopies": True}, {}, data={}, steps_done=(1, 2, 3))
    assert undone.commands == []
    assert undone.outcome.status is Status.ROLLED_BACK


def test_without_copies_nothing_can_be_taken_back_and_it_says_so() -> None:
    outcome = play().outcome
    assert rollback_plan(CleanUpDisk(), outcome.steps_done) == []
    back = rehearse_rollback(
        CleanUpDisk, {}, {}, data=outcome.data, steps_done=(1, 2, 3, 4)
    ).outcome
    assert back.error_message == (
        "Nothing to roll back: The files were emptied, and no copies were asked for."
    )


def test_copies_are_put_back() -> None:
    params = {"keepCopies": True}
    outcome = play(params).outcome
    assert outcome.status is Status.SUCCESS
    suffix = outcome.result["copiesEndWith"]
    assert [
        title for _, title in rollback_plan(CleanUpDisk(keep_copies=True), outcome.steps_done)
    ] == ["Empty the files"]

    def back(answer: Any) -> Any:
        return rehearse_rollback(
            CleanUpDisk, params, {key(RESTORE): answer}, data=outcome.data, steps_done=(1, 2, 3, 4)
        )

    done = back(reply("0 2 0 0\n"))
    assert done.outcome.status is Status.ROLLED_BACK
    assert done.commands[0].endswith(f" sh /var/log {suffix}")
    assert "Only 1 of 2 copies could be found" in back(reply("0 1 0 0\n")).outcome.error_message
    failed = back(reply("0 1 1 0\n", stderr="not restored: ./a")).outcome
    assert failed.error_message.endswith("The server said: not restored: ./a")


def test_each_run_names_its_copies_anew() -> None:
    one, two = (play({"keepCopies": True}).outcome.data["suffix"] for _ in range(2))
    assert one != two


@pytest.mark.parametrize(
    ("target", "guard"),
    [
        ("/", "/"), ("/root", "/root"), ("/home/ann/log", "/home"), ("/etc/nginx", "/etc"),
        ("/usr/share", "/usr"), ("/lib64", "/lib64"), ("/lib/x", "/lib"), ("/proc/1", "/proc"),
        ("/var/log/../../etc", "/etc"), ("//etc", "/etc"), ("/sys/", "/sys"),
        ("/libx32", "/libx32"), ("/boot", "/boot"), ("/bin", "/bin"), ("/sbin", "/sbin"),
        ("/dev/shm", "/dev"),
    ],
)  # fmt: skip
def test_a_protected_folder_is_refused_before_anything_is_sent(target: str, guard: str) -> None:
    rehearsal = play({"targetPath": target})
    assert rehearsal.outcome.error_code is ErrorCode.VALIDATION
    assert f"is protected ({guard}): nothing is cleaned there." in rehearsal.outcome.error_message
    assert [text.split()[0] for text in rehearsal.commands] == ["stat"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (leads("/etc/cron.d"), "/var/log leads to /etc/cron.d, which is protected (/etc)"),
        (leads("/"), "/var/log leads to /, which is protected (/)"),
        (leads("/var/log", home="/var/log/h"), "/var/log is protected (/var/log/h)"),
        (leads("/var/log", root="/var"), "/var/log is protected (/var)"),
        (reply("", exit_code=1), "It can't be told where /var/log leads"),
        (leads("/var/a\nb"), "It can't be told where /var/log leads"),
        (leads("/var/a\x1bb"), "It can't be told where /var/log leads"),
    ],
)
def test_what_leads_to_a_protected_folder_is_refused(answer: Any, words: str) -> None:
    rehearsal = play(readlink=answer)
    assert rehearsal.outcome.error_code is ErrorCode.VALIDATION
    assert words in rehearsal.outcome.error_message
    assert not rehearsal.outcome.changed


def test_names_that_only_begin_like_a_protected_one_are_not() -> None:
    rehearsal = play(
        {"targetPath": "/etcetera"}, readlink=leads("/etcetera"), **{"test -d": reply()}
    )
    assert rehearsal.outcome.status is Status.SUCCESS


def test_a_folder_that_does_not_exist_is_told() -> None:
    rehearsal = play(**{"stat -f": reply(exit_code=1), "test -d": reply(exit_code=1)})
    missing = play(**{"stat -f": reply(exit_code=1), "test -d /var/log": reply(exit_code=1)})
    assert rehearsal.outcome.before is None
    assert missing.outcome.error_message == (
        "There is no folder /var/log on this server. Check targetPath."
    )


@pytest.mark.parametrize("text", ["", "1 2 3", "a b c d"])
def test_a_file_system_that_tells_nothing_is_an_error(text: str) -> None:
    outcome = play(**{"stat -f": reply(text)}).outcome
    assert outcome.error_message == "It can't be read how full /var/log is."


def test_a_file_system_without_blocks_is_not_full() -> None:
    assert play(**{"stat -f": reply("4096 0 0 0")}).outcome.result["after"]["usedPercent"] == 0


def test_files_that_could_not_be_emptied_are_a_failure_that_says_how_many() -> None:
    answer = reply("100 1 1 0\n", stderr="dd: failed to open './b c.log': Operation not permitted")
    outcome = play(**{key(TRUNCATE): answer}).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert outcome.error_message == (
        "1 file could not be emptied, 1 could. The server said: "
        "dd: failed to open './b c.log': Operation not permitted"
    )
    assert outcome.result["filesEmptied"] == 1


def test_a_search_that_failed_is_no_empty_disk() -> None:
    answer = reply("0 0 0 1\n", stderr="find: no -execdir here")
    outcome = play(**{key(TRUNCATE): answer}).outcome
    assert outcome.error_message == (
        "No file was emptied, since they could not be looked through: find: no -execdir here"
    )


def test_files_that_vanished_meanwhile_are_no_failure() -> None:
    outcome = play(**{key(TRUNCATE): reply("0 0 0 0\n")}).outcome
    assert outcome.status is Status.SUCCESS


def test_a_missing_sudo_is_told() -> None:
    outcome = play(**{"stat -f": SudoUnavailable("sudo wants a password.")}).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.SUDO)


def test_a_pattern_is_for_a_name_and_not_a_path() -> None:
    with pytest.raises(ParametersInvalid, match="leave out the /"):
        parse(CleanUpDisk, {"pattern": "../*"})


def test_age_and_size_become_tests_of_find() -> None:
    rehearsal = play({"minSizeMb": 0, "olderThanDays": 2, "pattern": "-delete"})
    (text,) = [row.text for row in rehearsal.log if row.action.changes]
    assert " -size +0c -name -delete " in text
    assert text.endswith(" -mmin +2880")


def test_a_script_and_its_arguments_are_separate_words() -> None:
    assert words_of([TRUNCATE, "/a"])[3:] == ("sh", "/a")


def test_the_parameters_are_those_of_the_contract() -> None:
    found = {p.name: (p.type, p.required, p.default) for p in describe(CleanUpDisk)}
    assert found == {
        "targetPath": ("absolute path", False, "/var/log"),
        "minSizeMb": ("whole number", False, 1024),
        "pattern": ("text", False, "*.log"),
        "olderThanDays": ("whole number", False, 0),
        "usagePercent": ("whole number", False, 90),
        "keepCopies": ("yes or no", False, False),
    }
