"""LOG_ROTATION on a real Debian server, with its own logrotate, over a real sshd."""

from collections.abc import Iterator

import pytest

from automation.engine.results import ErrorCode, Status
from automation.runbooks.log_rotation import RotateLogs
from tests.automation.runbooks.on_debian import PLAYGROUND, Debian

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.sshd]

CONFIG = f"{PLAYGROUND}/it's a config"
PARAMS = {"config": CONFIG}


@pytest.fixture
def logs(debian: Debian) -> Iterator[str]:
    """A folder with logs, one empty, and a configuration for them."""
    debian.sh(
        """cd -- "$1" && mkdir logs && seq 100000 >'logs/web app.log' && seq 10 >logs/b.log
        : >logs/empty.log && printf '%s/logs/*.log {\nrotate 2\ncompress\nnotifempty\n}\n' \
        "$1" >"$2" && chmod 644 "$2" && cp /var/lib/logrotate/status kept 2>/dev/null || :""",
        PLAYGROUND,
        CONFIG,
    )
    yield f"{PLAYGROUND}/logs"
    debian.sh('if [ -e "$1/kept" ]; then cp "$1/kept" /var/lib/logrotate/status; fi', PLAYGROUND)


def test_a_dry_run_shows_what_would_be_rotated_and_changes_nothing(
    debian: Debian, logs: str
) -> None:
    with debian.untouched():
        done = debian.execute(RotateLogs, PARAMS, is_dry_run=True)
    assert done.status is Status.SUCCESS, done.error_message
    assert done.summary.startswith(
        f"Would affect 2 logs of 575.1 KiB: {logs}/b.log, {logs}/web app.log. "
        "Would send 1 changing command: "
    )
    assert done.result["before"] == {
        f"{logs}/web app.log": 588895,
        f"{logs}/b.log": 21,
        f"{logs}/empty.log": 0,
    }


def test_logs_are_rotated_and_listed_and_then_none_is_left_to_rotate(
    debian: Debian, logs: str
) -> None:
    done = debian.execute(RotateLogs, PARAMS)
    assert done.status is Status.SUCCESS, done.error_message
    assert {file["path"] for file in done.result["rotated"]} == {
        f"{logs}/web app.log.1.gz",
        f"{logs}/b.log.1.gz",
    }
    assert all(file["bytes"] > 0 for file in done.result["rotated"])
    assert debian.sh('zcat "$1/web app.log.1.gz" | wc -l', logs) == "100000\n"
    assert done.summary.startswith("Rotated 2 logs: ")
    again = debian.execute(RotateLogs, PARAMS)
    assert again.status is Status.SUCCESS, again.error_message
    assert not again.changed
    assert again.summary == f"No log of {CONFIG} was due."
    back = debian.roll_back(RotateLogs, PARAMS, done)
    assert "A rotation can't be taken back" in back.error_message


def test_without_force_only_what_is_due_is_rotated(debian: Debian, logs: str) -> None:
    done = debian.execute(RotateLogs, {**PARAMS, "force": False})
    assert (done.status, done.changed) == (Status.SUCCESS, False), done.error_message
    debian.sh("""sed -i 's/^rotate/size 100k\\nrotate/' "$1" """, CONFIG)
    done = debian.execute(RotateLogs, {**PARAMS, "force": False})
    assert [file["path"] for file in done.result["rotated"]] == [f"{logs}/web app.log.1.gz"]


def test_a_configuration_that_is_unsound_is_refused_before_anything_changes(
    debian: Debian, logs: str
) -> None:
    debian.sh("""sed -i 's/^rotate.*/rotate many/' "$1" """, CONFIG)
    before = debian.files()
    done = debian.execute(RotateLogs, PARAMS)
    assert done.error_code is ErrorCode.VALIDATION
    assert f"logrotate can't use {CONFIG}: error:" in done.error_message
    missing = debian.execute(RotateLogs, {"config": "/etc/logrotate.d/none"})
    assert "There is no file /etc/logrotate.d/none on this server." in missing.error_message
    debian.sh("""sed -i 's/^rotate.*/rotate 2/' "$1"; chmod 666 "$1" """, CONFIG)
    writable = debian.execute(RotateLogs, PARAMS)
    assert writable.status is Status.SUCCESS or "logrotate can't use" in writable.error_message
    assert not writable.changed
    assert len(debian.files()) == len(before)


def test_a_script_of_the_configuration_that_fails_is_told(debian: Debian, logs: str) -> None:
    script = "postrotate\\n  echo the daemon is gone >\\&2; exit 3\\nendscript"
    debian.sh(f"""sed -i 's/^compress/{script}/' "$1" """, CONFIG)
    done = debian.execute(RotateLogs, PARAMS)
    assert (done.status, done.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert "error" in done.error_message


def test_copies_that_are_truncated_are_listed_too(debian: Debian, logs: str) -> None:
    debian.sh("""sed -i 's/^compress/copytruncate/' "$1" """, CONFIG)
    done = debian.execute(RotateLogs, PARAMS)
    assert done.status is Status.SUCCESS, done.error_message
    rotated = {file["path"]: file["bytes"] for file in done.result["rotated"]}
    assert rotated == {f"{logs}/web app.log.1": 588895, f"{logs}/b.log.1": 21}
    assert done.result["after"][f"{logs}/b.log"] == 0
