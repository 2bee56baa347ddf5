"""The runbooks on a real Debian server, booted with systemd, over a real sshd."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from automation.engine.executor import Executor
from automation.engine.params import parse
from automation.engine.results import ErrorCode, Outcome, Status, Verdict
from automation.engine.runbook import Runbook
from automation.engine.testing import ManualStop, MemoryJournal
from automation.runbooks.health_check import HealthCheck
from automation.runbooks.service_restart import RestartService
from tests.automation.runbooks.openssh import OpensshTransport
from tests.servers.systemd.machines import SystemdMachine

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.sshd]

Execute = Callable[..., Outcome]
NGINX = {"serviceName": "nginx"}
FLAKY = "/run/systemd/system/flaky.service"


class RealTime(ManualStop):
    """Never stops, and really waits."""

    def wait(self, seconds: float) -> str | None:
        time.sleep(seconds)
        return super().wait(seconds)


@pytest.fixture
def machine(systemd_machine: SystemdMachine) -> Iterator[SystemdMachine]:
    yield systemd_machine
    systemd_machine.run("rm", "-f", FLAKY)
    systemd_machine.run("systemctl", "daemon-reload")
    systemd_machine.run("systemctl", "reset-failed")
    systemd_machine.run("systemctl", "start", "nginx")


@pytest.fixture(params=["root", "ops"])
def executor(request: pytest.FixtureRequest, machine: SystemdMachine, tmp_path: Path) -> Executor:
    """An executor that logs in as root, and one as a user who has sudo without a password."""
    transport = OpensshTransport(machine, request.param, tmp_path)
    return Executor(transport=transport, journal=MemoryJournal(), stop=RealTime())


def execute(
    executor: Executor, runbook: type[Runbook], params: dict[str, Any], **options: Any
) -> Outcome:
    return executor.execute(parse(runbook, params), **options)


def main_pid(machine: SystemdMachine) -> str:
    return machine.run("systemctl", "show", "nginx", "--property=MainPID", "--value").stdout.strip()


def is_active(machine: SystemdMachine, unit: str = "nginx") -> bool:
    return machine.run("systemctl", "is-active", unit, check=False).returncode == 0


def test_a_stopped_service_is_fixed_and_taken_back(
    executor: Executor, machine: SystemdMachine
) -> None:
    pid = main_pid(machine)
    machine.run("systemctl", "stop", "nginx")
    done = execute(executor, RestartService, NGINX)
    assert (done.status, done.verdict) == (Status.SUCCESS, Verdict.FIXED), done.error_message
    assert is_active(machine)
    assert main_pid(machine) not in (pid, "0")
    assert done.result["after"]["MainPID"] == main_pid(machine)
    back = executor.roll_back(
        parse(RestartService, NGINX), data=done.data, steps_done=done.steps_done
    )
    assert back.status is Status.ROLLED_BACK
    assert not is_active(machine)


def test_a_running_service_is_restarted_and_that_twice_in_a_row(
    executor: Executor, machine: SystemdMachine
) -> None:
    pids = {main_pid(machine)}
    for _ in range(2):
        done = execute(executor, RestartService, {**NGINX, "verifyDelay": 1})
        assert (done.status, done.verdict) == (Status.SUCCESS, Verdict.NOTHING_TO_FIX)
        pids.add(main_pid(machine))
    assert len(pids) == 3


def test_a_dry_run_changes_nothing(executor: Executor, machine: SystemdMachine) -> None:
    pid = main_pid(machine)
    done = execute(executor, RestartService, NGINX, is_dry_run=True)
    assert done.status is Status.SUCCESS
    assert done.summary.endswith("systemctl restart nginx.service")
    assert main_pid(machine) == pid
    machine.run("systemctl", "stop", "nginx")
    assert execute(executor, RestartService, NGINX, is_dry_run=True).status is Status.SUCCESS
    assert not is_active(machine)


def test_a_unit_that_does_not_exist_is_told(executor: Executor, machine: SystemdMachine) -> None:
    done = execute(executor, RestartService, {"serviceName": "ngnix"})
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
    executor: Executor, machine: SystemdMachine, restart: str
) -> None:
    flaky(
        machine,
        "ExecStart=/bin/sh -c 'echo the disk is on fire; sleep 0.7; exit 3'",
        f"Restart={restart}",
        "RestartSec=100ms",
    )
    done = execute(executor, RestartService, {"serviceName": "flaky", "verifyDelay": 3})
    machine.run("systemctl", "stop", "flaky")
    assert (done.status, done.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert "the disk is on fire" in done.error_message


def test_a_restart_that_fails_at_once_tells_the_last_words(
    executor: Executor, machine: SystemdMachine
) -> None:
    flaky(machine, "Type=oneshot", "RemainAfterExit=yes", "ExecStart=/bin/sh -c 'echo no; exit 3'")
    done = execute(executor, RestartService, {"serviceName": "flaky"})
    assert (done.status, done.verdict) == (Status.FAILED, Verdict.NOT_FIXED)
    assert "`systemctl restart flaky.service` ended with exit code 1" in (
        done.error_message.replace("sudo -n -- ", "")
    )
    assert "]: no" in done.error_message


def test_the_health_check_tells_the_truth_before_and_after(
    executor: Executor, machine: SystemdMachine
) -> None:
    address = f"http://{machine.address}:{machine.http_port}/"
    asked = {"services": ["nginx", "ssh"], "ports": [machine.ssh_port], "urls": [address]}
    machine.run("systemctl", "stop", "nginx")
    found = execute(executor, HealthCheck, asked)
    assert found.status is Status.SUCCESS
    assert found.result["healthy"] is False
    checks = {check["name"]: check for check in found.result["checks"]}
    assert checks["service nginx.service"]["value"] == "inactive"
    assert checks["service ssh.service"]["ok"]
    assert checks[f"port {machine.ssh_port}"]["ok"]
    assert checks["failed units"]["value"] == 0
    assert 0 < checks["memory"]["value"] < 100
    assert {"load per core", "disk /", "inodes /"} <= set(checks)
    assert "neither curl nor wget" in checks[f"url {address}"]["message"]

    machine.run("systemctl", "start", "nginx")
    after = execute(executor, HealthCheck, {**asked, "urls": []}).result["checks"]
    (nginx,) = [check for check in after if check["name"] == "service nginx.service"]
    assert nginx["ok"]


def test_the_health_check_names_failed_units(executor: Executor, machine: SystemdMachine) -> None:
    flaky(machine, "ExecStart=/bin/false")
    machine.run("systemctl", "start", "flaky")
    deadline = time.monotonic() + 60
    while machine.run("systemctl", "is-failed", "flaky", check=False).returncode:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    found = execute(executor, HealthCheck, {})
    assert "Failed units: flaky.service" in found.summary
