"""FILE_BACKUP on a real Debian server, over a real sshd, with the names people fear."""

import pytest

from automation.engine.results import ErrorCode, Status
from automation.runbooks.file_backup import BackUpFiles
from automation.runbooks.file_backup_scripts import WRITE
from tests.automation.runbooks.on_debian import PLAYGROUND, Debian

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.sshd]

SOURCES = [f"{PLAYGROUND}/site's files", f"{PLAYGROUND}/-rf", f"{PLAYGROUND}/[a]*"]
STORE = f"{PLAYGROUND}/store of mine"
PARAMS = {"paths": SOURCES, "destination": STORE}


@pytest.fixture
def sources(debian: Debian) -> None:
    """Two folders and a file, with odd names in them."""
    debian.sh(
        """cd -- "$1" && mkdir -p "site's files/sub" ./-rf && echo star >'[a]*'
        cd "site's files" && ln -s /etc/passwd link && seq 100000 >numbers
        printf x >"$(printf 'bad\\377byte')" && printf y >'new
line' && printf z >--help && chmod 640 numbers && chown 65534 numbers && mkdir empty""",
        PLAYGROUND,
    )


def tree(debian: Debian) -> str:
    return debian.sh(
        """cd -- "$1" && find . -path './store*' -prune -o -type f -print0 | LC_ALL=C sort -z |
        xargs -0 sha256sum | cat -v; find . -mindepth 1 -path './store*' -prune -o -printf \
        '%p %y %m %U %l\\0' | LC_ALL=C sort -z | tr '\\0' '\\n' | cat -v""",
        PLAYGROUND,
    )


def stored(debian: Debian) -> list[str]:
    return debian.sh('ls -A -- "$1" 2>/dev/null || :', STORE).splitlines()


def test_a_dry_run_shows_the_archive_and_changes_nothing(debian: Debian, sources: None) -> None:
    with debian.untouched():
        done = debian.execute(BackUpFiles, PARAMS, is_dry_run=True)
    assert done.status is Status.SUCCESS, done.error_message
    assert done.summary.startswith(f"Would affect {STORE}/opsmanager-")
    assert done.result["bytesToSave"] > 500_000


@pytest.mark.parametrize("compress", [True, False])
def test_files_are_saved_verified_and_put_back(
    debian: Debian, sources: None, *, compress: bool
) -> None:
    params = {**PARAMS, "compress": compress}
    before = tree(debian)
    done = debian.execute(BackUpFiles, params)
    assert done.status is Status.SUCCESS, done.error_message
    assert done.result["archive"].endswith(".tar.gz" if compress else ".tar")
    assert done.result["entries"] == 10
    assert (done.result["bytes"] < 400_000) is compress
    assert debian.sh('sha256sum "$1"', done.result["archive"]).split()[0] == done.result["sha256"]
    assert debian.sh('stat -c "%a %U" "$1" "$2"', STORE, done.result["archive"]) == (
        "700 root\n600 root\n"
    )
    assert debian.sh('cd -- "$1" && sha256sum -c --quiet *.sha256', STORE) == ""
    assert tree(debian) == before

    debian.sh(
        """cd -- "$1/site's files" && rm -f -- --help link && echo broken >numbers
        chmod 777 numbers; echo no >"../[a]*"; ln -s /etc/hosts link; rmdir empty""",
        PLAYGROUND,
    )
    assert tree(debian) != before
    back = debian.roll_back(BackUpFiles, params, done)
    assert back.status is Status.ROLLED_BACK, back.error_message
    assert tree(debian) == before
    assert debian.roll_back(BackUpFiles, params, done).status is Status.ROLLED_BACK


def test_the_oldest_archives_of_the_same_paths_are_removed(debian: Debian, sources: None) -> None:
    debian.sh('mkdir -p -- "$1" && touch -- "$1/other.tar" "$1/opsmanager-x.tar.gz"', STORE)
    params = {**PARAMS, "keep": 2}
    archives = []
    for _ in range(3):
        done = debian.execute(BackUpFiles, params)
        assert done.status is Status.SUCCESS, done.error_message
        archives.append(done.result["archive"].rpartition("/")[2])
    assert done.result["removed"] == archives[:1] or len(set(archives)) == 3
    left = stored(debian)
    assert {"other.tar", "opsmanager-x.tar.gz"} <= set(left)
    assert len(left) == 2 + 2 * 2
    assert done.summary.endswith("1 old archive removed.")
    gone = next(name for name in archives if name not in left)
    assert gone in archives[:2]


def test_an_archive_that_is_gone_or_changed_restores_nothing(debian: Debian, sources: None) -> None:
    done = debian.execute(BackUpFiles, PARAMS)
    before = tree(debian)
    debian.sh('printf x >>"$1"', done.result["archive"])
    back = debian.roll_back(BackUpFiles, PARAMS, done)
    assert (back.status, back.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert "its checksum differs" in back.error_message
    debian.sh('rm -- "$1"', done.result["archive"])
    assert "is gone" in debian.roll_back(BackUpFiles, PARAMS, done).error_message
    assert tree(debian) == before


def test_what_can_t_be_saved_is_told_and_nothing_changes(debian: Debian, sources: None) -> None:
    debian.sh('ln -s /etc "$1/etc"; mkdir "$1/in"', PLAYGROUND)
    before = debian.files()
    for paths, destination, words in (
        ([f"{PLAYGROUND}/none", "/etc/hostname"], STORE, f"There is no {PLAYGROUND}/none on"),
        ([f"{PLAYGROUND}/etc"], STORE, f"{PLAYGROUND}/etc (to /etc) is a link"),
        ([PLAYGROUND], STORE, f"The destination lies in {PLAYGROUND}"),
        (["/etc"], f"{PLAYGROUND}/etc/deep", "The destination lies in /etc"),
        (["/"], STORE, "The destination lies in /"),
        (["/proc/1"], STORE, "/proc/1 holds no files of a disk"),
    ):
        done = debian.execute(BackUpFiles, {"paths": paths, "destination": destination})
        assert done.error_code is ErrorCode.VALIDATION, done
        assert words in done.error_message
    assert debian.files() == before


def test_a_full_disk_is_told_before_and_leaves_no_half_archive(
    debian: Debian, sources: None
) -> None:
    small = f"{PLAYGROUND}/small"
    debian.sh('mkdir "$1" && mount -t tmpfs -o size=64k tmpfs "$1"', small)
    try:
        done = debian.execute(BackUpFiles, {**PARAMS, "destination": f"{small}/a/b"})
        assert done.error_code is ErrorCode.VALIDATION
        assert f"and {small}/a/b has room for 64.0 KiB." in done.error_message
        # The script alone, as when the disk fills up right after it was measured.
        words = WRITE.words(small, "half.tar", f".{SOURCES[0]}")
        assert debian.machine.run(*words, check=False).returncode != 0
        assert debian.sh('ls -A "$1"', small) == ""
    finally:
        debian.sh('umount "$1"', small)
