"""What people fear, on a real Debian server and over our own SSH: each is told, none does harm."""

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from automation.engine import Run, Runbook, Shell
from automation.engine.results import ErrorCode, Outcome, Status, Verdict
from automation.runbooks.disk_cleanup import CleanUpDisk
from automation.runbooks.file_backup import BackUpFiles
from automation.runbooks.log_rotation import RotateLogs
from automation.runbooks.process_kill import KillProcess
from automation.runbooks.service_restart import RestartService
from servers.ssh.records import RecordState, read_record
from tests.automation.engine.samples import with_steps
from tests.automation.runbooks.over_our_ssh import OurSsh
from tests.servers.ssh.conftest import wait_until
from tests.servers.systemd.machines import BootMachine, SystemdMachine

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.sshd]

PLACE = "/srv/opsmanager-bad-input"
ODD_FOLDERS = ["with space", "a'b\"c", "-rf", "st*r?[x]", "$(reboot)", "\\101", "ünïcödé 😀", "~"]


@pytest.fixture(params=["root", "ops"])
def ssh(request: pytest.FixtureRequest, systemd_machine: SystemdMachine) -> Iterator[OurSsh]:
    """The shared machine, used as root and as a user who has sudo without a password."""
    sh(systemd_machine, 'mkdir -p -- "$1"', PLACE)
    with OurSsh(systemd_machine, request.param) as ssh:
        yield ssh
    sh(systemd_machine, 'umount -q "$1"/* || :; rm -rf -- "$1"', PLACE)


def sh(machine: SystemdMachine, script: str, *arguments: str) -> str:
    """Run a script on it as root, past sshd, to arrange or to look; return what it prints."""
    return machine.run("sh", "-c", script, "sh", *arguments).stdout


@pytest.mark.parametrize("name", ODD_FOLDERS)
def test_a_folder_of_any_name_is_cleaned_and_none_beside_it(ssh: OurSsh, name: str) -> None:
    sh(
        ssh.machine,
        """cd -- "$1" && for each in "./$2" star other A reboot; do
        mkdir -p -- "$each" && head -c 2000000 /dev/zero >"$each/big.log"; done""",
        PLACE,
        name,
    )
    params = {"targetPath": f"{PLACE}/{name}", "minSizeMb": 1}
    done = ssh.execute(CleanUpDisk, {**params, "keepCopies": True})

    assert done.status is Status.SUCCESS, done
    assert done.result["path"] == f"{PLACE}/{name}"
    left = sh(ssh.machine, 'find "$1" -name big.log -size +100k -printf "%P\\n"', PLACE)
    assert sorted(left.splitlines()) == [
        "A/big.log", "other/big.log", "reboot/big.log", "star/big.log"
    ]  # fmt: skip


def test_folders_of_any_name_below_are_cleaned_and_put_back(ssh: OurSsh) -> None:
    sh(
        ssh.machine,
        """cd -- "$1" && for each in 'new
line' "$(printf 'bad\\377byte')" ./-exec ' ' '{}' ';'; do
        mkdir -- "$each" && seq 200000 >"$each/-delete.log"; done""",
        PLACE,
    )
    look = 'find "$1" -type f -exec sha256sum {} + | cut -c1-64 | sort | uniq -c'
    before = sh(ssh.machine, look, PLACE)
    params = {"targetPath": PLACE, "minSizeMb": 1, "keepCopies": True}
    done = ssh.execute(CleanUpDisk, params)

    assert (done.status, done.result["filesEmptied"]) == (Status.SUCCESS, 6), done
    assert sh(ssh.machine, look, PLACE) != before
    assert ssh.roll_back(CleanUpDisk, params, done).status is Status.ROLLED_BACK
    assert sh(ssh.machine, look, PLACE) == before


def test_logs_of_any_name_are_rotated(ssh: OurSsh) -> None:
    sh(
        ssh.machine,
        """cd -- "$1" && mkdir logs && for each in 'new
line' "$(printf 'bad\\377byte')" ./-f 'a "b'; do seq 1000 >"logs/$each.log"; done
        printf '%s/logs/*.log {\nrotate 2\nnocompress\n}\n' "$1" >"$1/-its config"
        chmod 644 "$1/-its config" """,
        PLACE,
    )
    done = ssh.execute(RotateLogs, {"config": f"{PLACE}/-its config"})

    assert done.status is Status.SUCCESS, done
    rotated = sh(ssh.machine, 'find "$1/logs" -name "*.log.1" -size +1 -printf x', PLACE)
    assert rotated == "xxxx"
    assert len(done.result["rotated"]) == 4


def test_files_that_vanish_between_the_look_and_the_change_are_no_failure(ssh: OurSsh) -> None:
    sh(
        ssh.machine,
        'cd -- "$1" && for n in 1 2 3; do head -c 2000000 /dev/zero >"$n.log"; done',
        PLACE,
    )

    def vanish() -> None:
        sh(ssh.machine, 'rm -- "$1/1.log" "$1/3.log"', PLACE)

    done = ssh.execute(
        CleanUpDisk,
        {"targetPath": PLACE, "minSizeMb": 1},
        before_change={"Empty the files": vanish},
    )

    assert done.status is Status.SUCCESS, done
    assert done.result["filesFound"] == 3
    assert (done.result["filesEmptied"], done.result["filesFailed"]) == (1, 0)
    assert done.result["bytesFreed"] == done.result["bytesFound"] // 3


@pytest.mark.parametrize("keep_copies", [False, True])
def test_files_that_vanish_while_the_others_are_emptied_are_no_failure(
    ssh: OurSsh, keep_copies: bool
) -> None:
    """As soon as the first of many is empty, a rotation takes all that are not."""
    many = 400
    sh(
        ssh.machine,
        'cd -- "$1" && for n in $(seq "$2"); do head -c 5000 /dev/urandom >"$n.log"; done',
        PLACE,
        str(many),
    )
    sh(
        ssh.machine,
        """cd -- "$1" || exit 1
        { until [ -n "$(find . -name '*.log' -size 0 -print -quit)" ]; do :; done
        find . -name '*.log' -size +0 -delete; } </dev/null >/dev/null 2>&1 &""",
        PLACE,
    )
    done = ssh.execute(
        CleanUpDisk, {"targetPath": PLACE, "minSizeMb": 0, "keepCopies": keep_copies}
    )

    assert done.status is Status.SUCCESS, done
    assert done.result["filesFound"] == many
    assert 0 < done.result["filesEmptied"] < many
    assert done.result["filesFailed"] == 0
    assert sh(ssh.machine, "find \"$1\" -name '*.log' -size +0 -printf x", PLACE) == ""


@pytest.fixture
def full_home(systemd_machine: SystemdMachine) -> Iterator[str]:
    """A disk that a log has filled to the last byte; the home of the login is on it, too."""
    disk = f"{PLACE}/disk"
    sh(
        systemd_machine,
        """mkdir -p "$1" && mount -t tmpfs -o size=4m tmpfs "$1" && mkdir "$1/logs" &&
        cp -a /home/ops "$1/home" && rm -rf "$1/home/.opsm" && mount --bind "$1/home" /home/ops
        cat /dev/zero >"$1/logs/huge.log" 2>/dev/null || :""",
        disk,
    )
    yield disk
    sh(systemd_machine, 'umount /home/ops && umount -l "$1" && rm -rf "$2"', disk, PLACE)


def test_a_disk_so_full_that_no_record_can_be_kept_is_told_and_freed_without(
    systemd_machine: SystemdMachine, full_home: str
) -> None:
    params = {"targetPath": f"{full_home}/logs", "minSizeMb": 1}
    with OurSsh(systemd_machine, "ops") as ssh:
        refused = ssh.execute(CleanUpDisk, params)
        assert (refused.status, refused.error_code) == (Status.FAILED, ErrorCode.CONNECTION)
        assert "No space left on device" in refused.error_message
        assert "set the server to plain mode" in refused.error_message
        assert not refused.changed
        [sent] = [row.action for row in ssh.journal.rows if row.action.changes]
        with ssh.pool.session(ssh.target) as session:
            assert read_record(session, sent.id).state is RecordState.NOT_STARTED

        freed = ssh.execute(CleanUpDisk, params, recorded=False)
        assert (freed.status, freed.verdict) == (Status.SUCCESS, Verdict.FIXED), freed
        again = ssh.execute(CleanUpDisk, {**params, "minSizeMb": 0})
        assert again.status is Status.SUCCESS, again


@pytest.mark.parametrize("restart", ["no", "always"])
def test_a_unit_that_restarts_and_dies_a_second_later_is_not_fixed(
    ssh: OurSsh, restart: str
) -> None:
    unit = f"""[Service]
ExecStart=/bin/sh -c 'echo up; sleep 1; echo the licence has expired; exit 3'
Restart={restart}
"""
    place = "/run/systemd/system/short.service"
    sh(ssh.machine, 'printf %s "$1" >"$2"; systemctl daemon-reload', unit, place)
    done = ssh.execute(RestartService, {"serviceName": "short"})
    sh(
        ssh.machine,
        'systemctl stop short; rm "$1"; systemctl daemon-reload; systemctl reset-failed || :',
        place,
    )

    assert (done.status, done.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED), done
    assert done.verdict is not Verdict.FIXED
    assert "the licence has expired" in done.error_message


def test_a_pid_that_another_process_got_meanwhile_is_left_alone(ssh: OurSsh) -> None:
    sh(ssh.machine, "systemd-run --unit=victim --collect --quiet sleep 86399")
    show = "systemctl show victim --property=MainPID --value"
    pid = sh(ssh.machine, show).strip()

    def reuse() -> None:
        sh(ssh.machine, "systemctl kill --signal=KILL victim")
        wait_until(lambda: sh(ssh.machine, "systemctl is-active victim || :") != "active\n")
        give_away(ssh.machine, pid)

    try:
        done = ssh.execute(
            KillProcess,
            {"pid": int(pid), "force": True, "graceSeconds": 1},
            before_change={"Send the signal and wait": reuse},
        )
        assert done.status is Status.SUCCESS, done
        lives = sh(ssh.machine, 'tr "\\0" " " <"/proc/$1/cmdline"', pid)
        assert lives == "sleep 86398 "
        assert done.after is not None
        assert done.after.values["pids"] == [int(pid)]
    finally:
        sh(ssh.machine, 'kill -s KILL "$1" 2>/dev/null || :', pid)


def give_away(machine: SystemdMachine, pid: str) -> None:
    """Start another process with that pid on the machine."""
    script = """while :; do
        echo "$(($1 - 1))" >/proc/sys/kernel/ns_last_pid || exit 1
        sleep 86398 </dev/null >/dev/null 2>&1 & [ "$!" != "$1" ] || exit 0; kill "$!"
    done"""
    subprocess.run(
        ["nsenter", "--target", str(machine.leader), "--pid", "sh", "-c", script, "sh", pid],
        check=True,
        timeout=120,
    )


CHANGING: dict[type[Runbook], dict[str, Any]] = {
    RestartService: {"serviceName": "nginx"},
    CleanUpDisk: {"targetPath": "/var/log/nginx", "minSizeMb": 0},
    BackUpFiles: {"paths": ["/etc/nginx"], "destination": f"{PLACE}/store"},
    RotateLogs: {"config": "/etc/logrotate.d/nginx"},
    KillProcess: {"name": "nginx", "maxMatches": 9},
}


@pytest.mark.parametrize("user", ["nosudo", "pwsudo"])
@pytest.mark.parametrize("runbook", CHANGING, ids=lambda runbook: str(runbook.id))
def test_sudo_that_wants_a_password_is_told_by_every_runbook(
    systemd_machine: SystemdMachine, runbook: type[Runbook], user: str
) -> None:
    state = "systemctl show nginx --property=MainPID; ls -l /var/log/nginx; ls /srv"
    before = sh(systemd_machine, state)
    with OurSsh(systemd_machine, user) as ssh:
        done = ssh.execute(runbook, CHANGING[runbook])

    assert (done.status, done.error_code) == (Status.FAILED, ErrorCode.SUDO), done
    assert f"wants a password from {user}. Allow it without one (NOPASSWD" in done.error_message
    assert not done.changed
    assert sh(systemd_machine, state) == before


@pytest.fixture
def rebooted_in_a_change(boot_machine: BootMachine) -> Callable[..., Outcome]:
    """Reboots a machine while a command of a runbook changes it; returns how that was told."""

    def linger(_runbook: Runbook, run: Run) -> None:
        run.change(Shell("touch /root/begun; sync; sleep 600"))

    def reboot(*, orderly: bool) -> Outcome:
        machine = boot_machine()
        with OurSsh(machine, "root") as ssh, ThreadPoolExecutor() as threads:
            running = threads.submit(ssh.execute, with_steps(linger), {})
            wait_until(lambda: sh(machine, "ls /root") == "begun\n")
            machine.reboot(orderly=orderly)
            done = running.result(timeout=120)
            after = ssh.execute(RestartService, {"serviceName": "nginx"})
            assert after.status is Status.SUCCESS, after
        return done

    return reboot


def test_a_server_that_reboots_in_a_change_tells_the_end_of_it(
    rebooted_in_a_change: Callable[..., Outcome],
) -> None:
    done = rebooted_in_a_change(orderly=True)

    assert (done.status, done.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED), done
    assert "ended with exit code 143" in done.error_message


def test_of_a_server_that_was_reset_in_a_change_nobody_knows_the_end(
    rebooted_in_a_change: Callable[..., Outcome],
) -> None:
    done = rebooted_in_a_change(orderly=False)

    assert (done.status, done.error_code) == (Status.UNKNOWN, ErrorCode.CONNECTION_LOST), done
    assert "Look at the server before you run it again" in done.error_message
