"""The classic example on a real Debian server: clean up where a disk is full, else say so."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.systemd.machines import SystemdMachine
from tests.stack.stack import Stack

pytest_plugins = ("tests.servers.systemd.fixtures", "tests.stack.fixtures")
pytestmark = [pytest.mark.systemd, pytest.mark.xdist_group("stack")]

EXAMPLE = Path("docs/examples/workflows/clean-up-when-full.yaml")
DISK = "/srv/full-disk"
PATIENCE = 300.0  # seconds, for a busy machine


@pytest.fixture
def disk(systemd_machine: SystemdMachine) -> Iterator[str]:
    """Return the folder of a disk of 150 MB that one log has filled to nine tenths."""
    systemd_machine.run("mkdir", DISK)
    systemd_machine.run("mount", "-t", "tmpfs", "-o", "size=150m", "tmpfs", DISK)
    systemd_machine.run("sh", "-c", f"head -c 136M /dev/zero >{DISK}/app.log")
    yield DISK
    systemd_machine.run("umount", DISK)
    systemd_machine.run("rmdir", DISK)


def add(stack: Stack, machine: SystemdMachine) -> str:
    """Add the machine once more, so that no cooldown of before counts."""
    server = stack.server(
        machine.name,
        hostname=machine.address,
        port=machine.ssh_port,
        username=machine.username,
        private_key=machine.private_key,
    )
    name: str = server["name"]
    return name


def run(stack: Stack, workflow: str, **inputs: str) -> dict[str, Any]:
    """Run it to its end, and return the run."""
    path = f"automation/workflows/{workflow}/run"
    started = stack.api().post(path, {"inputs": inputs}).expect(201)["workflowRun"]
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = stack.api().get(f"automation/workflow-runs/{started['id']}").expect(200)
        if found["workflowRun"]["status"] != "RUNNING":
            shown: dict[str, Any] = found["workflowRun"]
            return shown
        time.sleep(0.3)
    raise AssertionError(f"It has not ended: {found}")


def test_a_full_disk_is_cleaned_up_and_one_with_room_only_told_of(
    stack: Stack, systemd_machine: SystemdMachine, disk: str
) -> None:
    saved = stack.api().post("automation/workflows", {"yaml": EXAMPLE.read_text()}).expect(201)
    workflow = saved["workflow"]["id"]
    given = {"service": "nginx.service", "path": disk}

    full = run(stack, workflow, server=add(stack, systemd_machine), **given)
    phases = {step["key"]: step["phase"] for step in full["steps"]}
    assert full["status"] == "SUCCESS", full
    assert phases == {
        "check": "SUCCEEDED",
        "clean_up": "SUCCEEDED",
        "enough_room": "SKIPPED",
        "restart": "SUCCEEDED",
        "check_again": "SUCCEEDED",
    }
    size = systemd_machine.run("stat", "-c", "%s", f"{disk}/app.log").stdout.strip()
    assert int(size) == 0

    fine = run(stack, workflow, server=add(stack, systemd_machine), **given)
    phases = {step["key"]: step["phase"] for step in fine["steps"]}
    assert fine["status"] == "SUCCESS", fine
    assert phases == {
        "check": "SUCCEEDED",
        "clean_up": "SKIPPED",
        "enough_room": "SUCCEEDED",
        "restart": "SUCCEEDED",
        "check_again": "SUCCEEDED",
    }
    (told,) = [step for step in fine["steps"] if step["key"] == "enough_room"]
    assert "is not more than 80 %" in told["summary"]
