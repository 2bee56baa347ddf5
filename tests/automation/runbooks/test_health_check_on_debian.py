"""HEALTH_CHECK on a real Debian server, booted with systemd, over a real sshd."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from automation.engine.results import ErrorCode, Status
from automation.runbooks.health_check import HealthCheck
from tests.automation.runbooks.on_debian import Debian
from tests.servers.systemd.machines import SystemdMachine

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.sshd]

BROKEN = "/run/systemd/system/broken.service"


@pytest.fixture
def machine(debian: Debian) -> Iterator[SystemdMachine]:
    """Return the server as it is past sshd; units and nginx are as before afterwards."""
    yield debian.machine
    debian.machine.run("rm", "-f", BROKEN)
    debian.machine.run("systemctl", "daemon-reload")
    debian.machine.run("systemctl", "reset-failed")
    debian.machine.run("systemctl", "start", "nginx")


def asked(machine: SystemdMachine) -> dict[str, Any]:
    return {
        "services": ["nginx", "ssh"],
        "ports": [machine.ssh_port],
        "urls": [f"http://{machine.address}:{machine.http_port}/"],
    }


@pytest.mark.parametrize("is_dry_run", [True, False], ids=["dry run", "run"])
def test_it_changes_nothing_and_that_twice(
    debian: Debian, machine: SystemdMachine, is_dry_run: bool
) -> None:
    with debian.untouched():
        for _ in range(2):
            done = debian.execute(HealthCheck, asked(machine), is_dry_run=is_dry_run)
            assert (done.status, done.changed) == (Status.SUCCESS, False), done.error_message
        back = debian.roll_back(HealthCheck, asked(machine), done)
    assert (back.status, back.error_code) == (Status.FAILED, ErrorCode.VALIDATION)
    assert "Nothing to roll back" in back.error_message


def test_the_health_check_tells_the_truth_before_and_after(
    debian: Debian, machine: SystemdMachine
) -> None:
    address = asked(machine)["urls"][0]
    machine.run("systemctl", "stop", "nginx")
    found = debian.execute(HealthCheck, asked(machine))
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
    after = debian.execute(HealthCheck, {**asked(machine), "urls": []}).result["checks"]
    (nginx,) = [check for check in after if check["name"] == "service nginx.service"]
    assert nginx["ok"]


def test_the_health_check_names_failed_units(debian: Debian, machine: SystemdMachine) -> None:
    unit = "[Service]\nExecStart=/bin/false\n"
    machine.run("sh", "-c", 'printf %s "$1" > "$2"', "sh", unit, BROKEN)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "broken")
    deadline = time.monotonic() + 60
    while machine.run("systemctl", "is-failed", "broken", check=False).returncode:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    found = debian.execute(HealthCheck, {})
    assert "Failed units: broken.service" in found.summary
