"""SERVICE_RESTART on a real Debian server, booted with systemd, over a real sshd."""

from collections.abc import Iterator

import pytest

from automation.engine.results import ErrorCode, Status, Verdict
from automation.runbooks.service_restart import RestartService
from tests.automation.runbooks.on_debian import Debian
from tests.servers.systemd.machines import SystemdMachine

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.sshd]

NGINX = {"serviceName": "nginx"}
FLAKY = "/run/systemd/system/flaky.service"


@pytest.fixture
def machine(debian: Debian) -> Iterator[SystemdMachine]:
    """Return the server as it is past sshd; units and nginx are as before afterwards."""
    yield debian.machine
    debian.machine.run("rm", "-f", FLAKY)
    debian.machine.run("systemctl", "daemon-reload")
    debian.machine.run("systemctl", "reset-failed")
    debian.machine.run("systemctl", "start", "nginx")


def main_pid(machine: SystemdMachine) -> str:
    return machine.run("systemctl", "show", "nginx", "--property=MainPID", "--value").stdout.strip()


def is_active(machine: SystemdMachine, unit: str = "nginx") -> bool:
    return machine.run("systemctl", "is-active", unit, check=False).returncode == 0


def test_a_stopped_service_is_fixed_and_taken_back(debian: Debian, machine: SystemdMachine) -> None:
    pid = main_pid(machine)
    machine.run("systemctl", "stop", "nginx")
    done = debian.execute(RestartService, NGINX)
    assert (done.status, done.verdict) == (Status.SUCCESS, Verdict.FIXED), done.error_message
    assert is_active(machine)
    assert main_pid(machine) not in (pid, "0")
    assert done.result["after"]["MainPID"] == main_pid(machine)
    back = debian.roll_back(RestartService, NGINX, done)
    assert back.status is Status.ROLLED_BACK
    assert not is_active(machine)


def test_a_running_service_is_restarted_and_that_twice_in_a_row(
    debian: Debian, machine: SystemdMachine
) -> None:
    pids = {main_pid(machine)}
    for _ in range(2):
        done = debian.execute(RestartService, {**NGINX, "verifyDelay": 1})
        assert (done.status, done.verdict) == (Status.SUCCESS, Verdict.NOTHING_TO_FIX)
        pids.add(main_pid(machine))
    assert len(pids) == 3


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_dry_run_changes_nothing(debian: Debian, machine: SystemdMachine, state: str) -> None:
    if state == "stopped":
        machine.run("systemctl", "stop", "nginx")
    with debian.untouched():
        done = debian.execute(RestartService, NGINX, is_dry_run=True)
    assert done.status is Status.SUCCESS
    assert done.summary.endswith("systemctl restart nginx.service")


def test_one_that_was_up_stays_up_when_it_is_taken_back(
    debian: Debian, machine: SystemdMachine
) -> None:
    done = debian.execute(RestartService, NGINX)
    pid = main_pid(machine)
    back = debian.roll_back(RestartService, NGINX, done)
    assert back.status is Status.ROLLED_BACK, back.error_message
    assert main_pid(machine) == pid
    machine.run("systemctl", "stop", "nginx")
    assert debian.roll_back(RestartService, NGINX, done).status is Status.ROLLED_BACK
    assert is_active(machine)


def test_a_unit_that_does_not_exist_is_told(debian: Debian, machine: SystemdMachine) -> None:
    done = debian.execute(RestartService, {"serviceName": "ngnix"})
    assert (done.status, done.error_code) == (Status.FAILED, ErrorCode.VALIDATION)
    assert "There is no unit ngnix.service on this server. Did you mean nginx.service" in (
        done.error_message
    )


def flaky(machine: SystemdMachine, *lines: str) -> None:
    unit = "\n".join(["[Service]", *lines, ""])
    machine.run("sh", "-c", 'printf %s "$1" > "$2"', "sh", unit, FLAKY)
    machine.run("systemctl", "daemon-reload")


@pytest.mark.parametrize("restart", ["no", "always"])
def test_a_unit_that_dies_right_after_is_told_with_its_last_words(
    debian: Debian, machine: SystemdMachine, restart: str
) -> None:
    flaky(
        machine,
        "ExecStart=/bin/sh -c 'echo the disk is on fire; sleep 0.7; exit 3'",
        f"Restart={restart}",
        "RestartSec=100ms",
    )
    done = debian.execute(RestartService, {"serviceName": "flaky", "verifyDelay": 3})
    machine.run("systemctl", "stop", "flaky")
    assert (done.status, done.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert "the disk is on fire" in done.error_message


def test_a_restart_that_fails_at_once_tells_the_last_words(
    debian: Debian, machine: SystemdMachine
) -> None:
    flaky(machine, "Type=oneshot", "RemainAfterExit=yes", "ExecStart=/bin/sh -c 'echo no; exit 3'")
    done = debian.execute(RestartService, {"serviceName": "flaky"})
    assert (done.status, done.verdict) == (Status.FAILED, Verdict.NOT_FIXED)
    assert "`systemctl restart flaky.service` ended with exit code 1" in (
        done.error_message.replace("sudo -n -- ", "")
    )
    assert "]: no" in done.error_message
