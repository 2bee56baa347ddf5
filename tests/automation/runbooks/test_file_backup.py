import shlex
from typing import Any

import pytest

from automation.engine.descriptions import describe
from automation.engine.errors import ParametersInvalid
from automation.engine.params import parse
from automation.engine.results import ErrorCode, Status
from automation.engine.rollback import rollback_plan
from automation.engine.testing import Rehearsal, rehearse, rehearse_rollback, reply
from automation.runbooks.file_backup import BackUpFiles
from automation.runbooks.file_backup_scripts import (
    ARCHIVES,
    CHECK,
    LOOK,
    MEASURE,
    PRUNE,
    RESTORE,
    WRITE,
)
from tests.automation.runbooks.shell_words import key

PARAMS = {"paths": ["/srv/a b", "/etc/nginx"]}
STORE = "/var/backups/opsmanager"
SPACE = "4096 100 50 50"
REPLIES: dict[str, Any] = {
    key(LOOK): reply(f"{SPACE}\n{STORE}\nthere /srv/a b\nthere /etc/nginx\n"),
    key(MEASURE): reply("12288\n"),
    key(ARCHIVES): reply("old-1\nold-2\n"),
    key(WRITE): reply("0 2048 abc\n"),
    key(CHECK): reply("abc 7\n"),
    key(PRUNE): reply("old-1\n"),
}


def play(params: dict[str, Any] | None = None, *, dry: bool = False, **changed: Any) -> Rehearsal:
    return rehearse(
        BackUpFiles, {**PARAMS, **(params or {})}, {**REPLIES, **changed}, is_dry_run=dry
    )


def sent(rehearsal: Rehearsal) -> list[str]:
    """Return the arguments of each changing command."""
    rows = (row for row in rehearsal.log if row.action.changes)
    return [row.text.rpartition(" sh ")[2] for row in rows]


def test_files_are_saved_and_the_oldest_archive_removed() -> None:
    rehearsal = play({"keep": 2})
    outcome = rehearsal.outcome
    assert outcome.status is Status.SUCCESS, outcome.error_message
    archive = outcome.result["archive"]
    assert archive.startswith(f"{STORE}/opsmanager-")
    assert archive.endswith("Z.tar.gz")
    assert outcome.summary == (
        f"Saved 7 files and folders in {archive} (2.0 KiB). 1 old archive removed."
    )
    assert outcome.result == {
        "availableBytes": 204800,
        "bytesToSave": 12288,
        "archives": ["old-1", "old-2"],
        "archive": archive,
        "bytes": 2048,
        "sha256": "abc",
        "entries": 7,
        "removed": ["old-1"],
    }
    name = archive.rpartition("/")[2]
    begin = name[: len("opsmanager-") + 13]
    assert sent(rehearsal) == [
        f"{STORE} {name} './srv/a b' ./etc/nginx",
        f"{STORE} {begin} 2",
    ]


def test_a_dry_run_shows_what_would_be_written_and_removed() -> None:
    rehearsal = play({"keep": 2, "compress": False}, dry=True)
    assert ".tar with 12.0 KiB of files before compression, and 1 old archive that would go." in (
        rehearsal.outcome.summary
    )
    assert len(rehearsal.planned) == 2
    assert any(row.text == "Older than the 2 to keep: old-1" for row in rehearsal.log)
    assert "would go" not in play(dry=True).outcome.summary


def test_archives_of_the_same_paths_share_how_their_names_begin() -> None:
    def begin(*paths: str) -> str:
        answer = reply("\n".join([SPACE, STORE, *(f"there {path}" for path in paths)]))
        archive = play({"paths": paths}, **{key(LOOK): answer}).outcome.result["archive"]
        return str(archive)[: len(STORE) + 24]

    assert begin("/a", "/b") == begin("/b", "/a")
    assert begin("/a", "/b") != begin("/a", "/c")


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ("there /srv/a b\nmissing /etc/nginx", "There is no /etc/nginx on this server."),
        ("link /mnt\nthere /etc/nginx", "/srv/a b (to /mnt) is a link"),
        ("there /var/backups\nthere /etc/nginx", "The destination lies in /srv/a b"),
    ],
)
def test_paths_that_can_t_be_saved_are_refused_first(look: str, words: str) -> None:
    outcome = play(**{key(LOOK): reply(f"{SPACE}\n{STORE}\n{look}\n")}).outcome
    assert outcome.error_code is ErrorCode.VALIDATION
    assert words in outcome.error_message
    assert not outcome.changed


@pytest.mark.parametrize("text", ["", f"{SPACE}\n{STORE}\n", "x\ny\nthere /a\nthere /b\n"])
def test_a_look_that_tells_nothing_is_an_error(text: str) -> None:
    outcome = play(**{key(LOOK): reply(text)}).outcome
    assert "It can't be read what is at /srv/a b, /etc/nginx." in outcome.error_message


def test_what_the_kernel_shows_is_no_file_to_save() -> None:
    outcome = play({"paths": ["/proc/1", "/sys"]}).outcome
    assert outcome.error_message == (
        "/proc/1, /sys holds no files of a disk, but what the kernel shows."
    )


def test_a_destination_in_what_is_saved_is_refused() -> None:
    outcome = play({"destination": "/etc/nginx/save"}).outcome
    assert "The destination lies in /etc/nginx" in outcome.error_message


def test_without_room_nothing_is_written() -> None:
    outcome = play(**{key(MEASURE): reply("204800\n")}).outcome
    assert outcome.error_code is ErrorCode.VALIDATION
    assert outcome.error_message.startswith(
        f"The archive may need 200.0 KiB, and {STORE} has room for 200.0 KiB."
    )


def test_an_archive_that_reads_otherwise_than_it_was_written_is_a_failure() -> None:
    rehearsal = play(**{key(CHECK): reply("abd 7\n")})
    assert "its checksum differs" in rehearsal.outcome.error_message
    assert len(sent(rehearsal)) == 1


def test_files_that_changed_meanwhile_are_told() -> None:
    rehearsal = play(**{key(WRITE): reply("1 2048 abc\n", stderr="tar: file changed as we read")})
    assert rehearsal.outcome.status is Status.SUCCESS
    assert any("Some files changed while they were read" in row.text for row in rehearsal.log)


def test_it_is_taken_back_from_its_archive() -> None:
    outcome = play().outcome
    assert [title for _, title in rollback_plan(BackUpFiles, outcome.steps_done)] == [
        "Write the archive"
    ]

    def back(data: dict[str, Any], **replies: Any) -> Rehearsal:
        known = {"test -f": reply(), key(RESTORE): reply(), **replies}
        return rehearse_rollback(BackUpFiles, PARAMS, known, data=data, steps_done=(1, 2, 3, 4))

    done = back(outcome.data)
    assert done.outcome.status is Status.ROLLED_BACK
    members = shlex.join(f".{path}" for path in PARAMS["paths"])
    assert sent(done) == [f"{STORE} {outcome.data['name']} abc {members}"]
    gone = back(outcome.data, **{"test -f": reply(exit_code=1)})
    assert "is gone" in gone.outcome.error_message
    assert back({}).commands == []


def test_there_is_at_least_one_path() -> None:
    with pytest.raises(ParametersInvalid, match="at least 1 items"):
        parse(BackUpFiles, {"paths": []})


def test_the_parameters_are_those_of_the_contract() -> None:
    found = {p.name: (p.type, p.required, p.default) for p in describe(BackUpFiles)}
    assert found == {
        "paths": ("list of absolute paths", True, None),
        "destination": ("absolute path", False, STORE),
        "compress": ("yes or no", False, True),
        "keep": ("whole number", False, 7),
    }
