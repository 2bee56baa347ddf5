"""DISK_CLEANUP on a real Debian server, over a real sshd, with the names people fear."""

import pytest

from automation.engine.results import ErrorCode, Status
from automation.runbooks.disk_cleanup import CleanUpDisk
from tests.automation.runbooks.on_debian import PLAYGROUND, Debian

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.sshd]

PARAMS = {"targetPath": PLAYGROUND, "minSizeMb": 1}
LARGE = 2 * 1024 * 1024
ODD_NAMES = ["plain", "with space", "a'b\"c", "new\nline", "-rf", "$(reboot)", "st*r?[x]", "\\101"]


@pytest.fixture
def folder(debian: Debian) -> str:
    """A folder with large files of odd names and a few that are not to be touched."""
    debian.sh(
        """cd -- "$1" && mkdir 'sub dir' && shift
        for name do yes -- "$name" | head -c 2097152 >"sub dir/$name.log"; done
        yes x | head -c 2097152 >"$(printf 'bad\\377byte').log"
        yes y | head -c 2097152 >other.txt; echo small >small.log
        yes z | head -c 2097152 >target; ln -s target link.log
        yes w | head -c 2097152 >twice.log; ln twice.log twice.too
        mkdir folder.log; chmod 640 'sub dir/plain.log'; chown 65534 'sub dir/plain.log'
        """,
        PLAYGROUND,
        *ODD_NAMES,
    )
    return PLAYGROUND


def contents(debian: Debian, folder: str) -> str:
    return debian.sh(
        'cd -- "$1" && { find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum'
        " && find . -printf '%p %m %U %i %l\\0' | LC_ALL=C sort -z | tr '\\0' '\\n'; } | cat -v",
        folder,
    )


def large_files(debian: Debian) -> int:
    return len(debian.sh("find /srv -size +1000k -type f -printf .", PLAYGROUND))


def test_a_dry_run_shows_what_it_would_empty_and_changes_nothing(
    debian: Debian, folder: str
) -> None:
    with debian.untouched():
        done = debian.execute(CleanUpDisk, PARAMS, is_dry_run=True)
    assert done.status is Status.SUCCESS, done.error_message
    assert done.result["filesFound"] == len(ODD_NAMES) + 1
    assert done.result["bytesFound"] >= LARGE * (len(ODD_NAMES) + 1)
    assert {f["path"] for f in done.result["files"]} >= {f"sub dir/{n}.log" for n in ODD_NAMES}
    assert done.summary.startswith(f"Would affect 9 files of 18.0 MiB in {folder}.")


def test_large_files_are_emptied_and_nothing_else_and_that_twice(
    debian: Debian, folder: str
) -> None:
    done = debian.execute(CleanUpDisk, PARAMS)
    assert done.status is Status.SUCCESS, done.error_message
    assert done.result["filesEmptied"] == len(ODD_NAMES) + 1
    assert done.result["bytesFreed"] == done.result["bytesFound"] > 0
    sizes = debian.sh("find \"$1\" -type f -printf '%f %s\\n' | grep -v '^new\\|^line'", folder)
    assert {"other.txt 2097152", "target 2097152", "twice.log 2097152", "small.log 6"} <= set(
        sizes.splitlines()
    )
    assert large_files(debian) == 4
    again = debian.execute(CleanUpDisk, PARAMS)
    assert again.status is Status.SUCCESS
    assert not again.changed
    assert again.result["filesFound"] == 0
    back = debian.roll_back(CleanUpDisk, PARAMS, done)
    assert "no copies were asked for" in back.error_message


def test_what_was_copied_is_put_back_before_what_was_written_since(
    debian: Debian, folder: str
) -> None:
    params = {**PARAMS, "keepCopies": True}
    before = contents(debian, folder)
    done = debian.execute(CleanUpDisk, params)
    assert done.status is Status.SUCCESS, done.error_message
    assert done.result["bytesFreed"] > 0
    assert large_files(debian) == 4
    assert contents(debian, folder) != before
    back = debian.roll_back(CleanUpDisk, params, done)
    assert back.status is Status.ROLLED_BACK, back.error_message
    assert contents(debian, folder) == before

    done = debian.execute(CleanUpDisk, params)
    debian.sh('echo later >>"$1/sub dir/plain.log"; rm "$1/sub dir/with space.log"', folder)
    assert debian.roll_back(CleanUpDisk, params, done).status is Status.ROLLED_BACK
    assert debian.sh('tail -c 9 "$1/sub dir/plain.log"', folder) == "\npllater\n"
    assert debian.sh('stat -c %s "$1/sub dir/plain.log"', folder) == f"{LARGE + 6}\n"
    assert debian.sh('head -c 11 "$1/sub dir/with space.log"', folder) == "with space\n"
    assert debian.sh('find "$1" -name "*.opsmanager-*"', folder) == ""


def test_what_leads_into_etc_is_refused(debian: Debian) -> None:
    debian.sh('ln -s /etc "$1/logs"; ln -s loop "$1/loop"', PLAYGROUND)
    before = debian.files()
    for target in (f"{PLAYGROUND}/logs", f"{PLAYGROUND}/logs/ssh", "/var/log/../../etc", "/"):
        done = debian.execute(CleanUpDisk, {**PARAMS, "targetPath": target, "minSizeMb": 0})
        assert done.error_code is ErrorCode.VALIDATION
        assert "is protected" in done.error_message
    done = debian.execute(CleanUpDisk, {**PARAMS, "targetPath": f"{PLAYGROUND}/loop"})
    assert "It can't be told where" in done.error_message
    done = debian.execute(CleanUpDisk, {**PARAMS, "targetPath": f"{PLAYGROUND}/none"})
    assert f"There is no folder {PLAYGROUND}/none on this server." in done.error_message
    assert debian.files() == before


def test_files_exchanged_for_links_all_the_time_lead_nowhere(debian: Debian) -> None:
    """A user who owns the folder swaps a file and a link to another's file as fast as can be."""
    debian.sh(
        """cd -- "$1" && mkdir d && yes precious | head -c 2097152 >precious
        yes b | head -c 2097152 >bait; ln -s ../precious lnk
        cat >swap <<'END'
        while [ -e go ]; do
          cp bait d/x.new; mv d/x.new d/x.log; cp -P lnk d/x.new; mv d/x.new d/x.log
        done
END
        touch go; sh swap >/dev/null 2>&1 &""",
        PLAYGROUND,
    )
    try:
        for keep in (False, True, False, True, False, True):
            debian.execute(
                CleanUpDisk, {**PARAMS, "keepCopies": keep, "targetPath": f"{PLAYGROUND}/d"}
            )
    finally:
        debian.sh('rm "$1/go"', PLAYGROUND)
    assert debian.sh('stat -c %s "$1/precious"', PLAYGROUND) == "2097152\n"
    assert (
        debian.sh(
            'find "$1/d" -name "*.opsmanager-*" -exec zcat {} + | grep -c pre || :', PLAYGROUND
        )
        == "0\n"
    )


def test_on_a_full_disk_a_copy_that_does_not_fit_leaves_its_file_alone(debian: Debian) -> None:
    debian.sh(
        """mkdir "$1/small" && mount -t tmpfs -o size=4m tmpfs "$1/small" &&
        head -c 3500000 /dev/urandom >"$1/small/noise.log" """,
        PLAYGROUND,
    )
    target = f"{PLAYGROUND}/small"
    try:
        kept = debian.execute(CleanUpDisk, {**PARAMS, "targetPath": target, "keepCopies": True})
        assert kept.error_code is ErrorCode.COMMAND_FAILED
        assert "1 file could not be emptied, 0 could." in kept.error_message
        assert "No space left on device" in kept.error_message
        assert debian.sh('ls "$1"', target) == "noise.log\n"
        assert debian.sh('stat -c %s "$1/noise.log"', target) == "3500000\n"
        params = {**PARAMS, "targetPath": target, "usagePercent": 80}
        done = debian.execute(CleanUpDisk, params)
        assert done.verdict == "FIXED"
        assert done.result["after"]["usedPercent"] == 0
    finally:
        debian.sh('umount "$1"', target)
