"""A person restarts nginx on a real Debian server, through OpsManager as it really runs."""

from collections.abc import Iterator
from typing import Any

import pytest

from opsmanager.embedded import port as free_ports
from tests.servers.systemd.machines import SystemdMachine, booted
from tests.servers.systemd.untouched import untouched
from tests.stack.refusals import (
    assert_the_command_line_says,
    assert_the_execution_says,
    assert_the_log_has_no_stack_trace,
)
from tests.stack.stack import Stack

pytest_plugins = ("tests.servers.systemd.fixtures", "tests.stack.fixtures")
pytestmark = [pytest.mark.systemd, pytest.mark.xdist_group("stack")]

NGINX = {"serviceName": "nginx.service"}


@pytest.fixture(scope="module")
def machine(systemd_host: None) -> Iterator[SystemdMachine]:
    """Return a Debian server for the tests of this file; each leaves nginx as it likes."""
    with booted() as machine:
        yield machine


@pytest.fixture(scope="module")
def port(machine: SystemdMachine) -> int:
    """Let nginx listen on a port that no other machine on this host has; return it."""
    port = free_ports.free()
    line = f"server {{ listen {machine.address}:{port}; return 204; }}"
    machine.run("sh", "-c", f"echo '{line}' > /etc/nginx/conf.d/own.conf")
    return port


@pytest.fixture(autouse=True)
def rested(machine: SystemdMachine) -> None:
    """Let systemd forget how often nginx was started: it refuses the sixth time in ten seconds."""
    machine.run("systemctl", "reset-failed", "nginx.service")


@pytest.fixture
def server(stack: Stack, machine: SystemdMachine) -> dict[str, Any]:
    """Return the machine as a server of its own: no other test has put it into a cooldown."""
    return add(stack, machine, machine.username)


def add(stack: Stack, machine: SystemdMachine, username: str) -> dict[str, Any]:
    """Make the machine known as a server on which OpsManager logs in as `username`."""
    return stack.server(
        f"{machine.name}-{username}",
        hostname=machine.address,
        port=machine.ssh_port,
        username=username,
        private_key=machine.private_key,
    )


def nginx(machine: SystemdMachine) -> tuple[str, int]:
    """Return state and main process of nginx, past OpsManager and sshd."""
    shown = machine.run("systemctl", "show", "nginx.service", "--property=ActiveState,MainPID")
    values = dict(line.split("=") for line in shown.stdout.splitlines())
    return values["ActiveState"], int(values["MainPID"])


def check(stack: Stack, server: dict[str, Any], ports: list[int]) -> dict[str, Any]:
    """Check nginx's health; return what was found by the checks' names, and whether it is well."""
    execution = stack.api().run(
        "HEALTH_CHECK",
        server,
        parameters={
            "services": ["nginx.service"],
            "ports": ports,
            # The machine shares memory and load with all else that runs on this host.
            "memoryPercentMax": 100,
            "loadPerCoreMax": 1000,
            "diskPercentMax": 100,
            "inodePercentMax": 100,
        },
    )
    assert execution["status"] == "SUCCESS", execution
    found = {one["name"]: one["value"] for one in execution["resultData"]["checks"]}
    return found | {"healthy": execution["resultData"]["healthy"]}


def test_a_service_stopped_by_hand_is_brought_back(
    stack: Stack, machine: SystemdMachine, server: dict[str, Any], port: int
) -> None:
    machine.run("systemctl", "restart", "nginx.service")
    _, pid_before = nginx(machine)
    machine.run("systemctl", "stop", "nginx.service")
    down = check(stack, server, [port, machine.ssh_port])

    execution = stack.api().run("SERVICE_RESTART", server, parameters=NGINX, reason="It is down")

    assert (execution["status"], execution["verdict"]) == ("SUCCESS", "FIXED"), execution
    assert execution["assessmentBefore"]["healthy"] is False
    assert execution["assessmentAfter"]["healthy"] is True
    assert (execution["progress"], execution["success"]) == (100, True)
    state, pid = nginx(machine)
    assert state == "active"
    assert pid not in (0, pid_before)
    assert execution["assessmentAfter"]["values"]["mainPid"] == str(pid)

    up = check(stack, server, [port, machine.ssh_port])
    assert (down["healthy"], up["healthy"]) == (False, True), (down, up)
    assert (down["service nginx.service"], up["service nginx.service"]) == ("inactive", "active")
    assert (down[f"port {port}"], up[f"port {port}"]) == ("closed", "listening")
    assert down[f"port {machine.ssh_port}"] == "listening"


def test_the_log_tells_each_command_with_its_output(
    stack: Stack, machine: SystemdMachine, server: dict[str, Any]
) -> None:
    machine.run("systemctl", "stop", "nginx.service")
    execution = stack.api().run("SERVICE_RESTART", server, parameters=NGINX)
    rows = stack.api().logs(execution)

    changing = [row for row in rows if row["changes"]]
    assert [row["command"] for row in changing] == ["sudo -n -- systemctl restart nginx.service"]
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert {row["status"] for row in rows} == {"SUCCESS"}
    assert any("ActiveState=inactive" in row["stdout"] for row in rows)
    assert any("ActiveState=active" in row["stdout"] for row in rows)


def test_a_dry_run_changes_nothing(
    stack: Stack, machine: SystemdMachine, server: dict[str, Any]
) -> None:
    machine.run("systemctl", "stop", "nginx.service")
    asked = {"serverId": server["id"], "parameters": NGINX}
    with untouched(machine):
        launched = stack.api().post("automation/runbooks/SERVICE_RESTART/dry-run", asked)
        execution = stack.api().finished(launched.expect(201)["execution"]["id"])
    rows = stack.api().logs(execution)

    assert (execution["status"], execution["isDryRun"]) == ("SUCCESS", True)
    assert nginx(machine) == ("inactive", 0)
    planned = [row for row in rows if row["changes"]]
    assert [row["status"] for row in planned] == ["PLANNED"]
    assert planned[0]["command"].endswith("systemctl restart nginx.service")
    # It counts for no cooldown.
    assert stack.api().run("SERVICE_RESTART", server, parameters=NGINX)["verdict"] == "FIXED"


def test_a_healthy_service_has_nothing_to_fix(
    stack: Stack, machine: SystemdMachine, server: dict[str, Any]
) -> None:
    machine.run("systemctl", "restart", "nginx.service")
    execution = stack.api().run("SERVICE_RESTART", server, parameters=NGINX)

    assert (execution["status"], execution["verdict"]) == ("SUCCESS", "NOTHING_TO_FIX"), execution


def test_a_service_that_dies_at_once_is_not_fixed(
    stack: Stack, machine: SystemdMachine, server: dict[str, Any]
) -> None:
    unit = "[Service]\nExecStart=/bin/sh -c 'echo the disk is gone >&2; exit 3'\n"
    machine.run("sh", "-c", f'printf "%s" "{unit}" > /etc/systemd/system/doomed.service')
    machine.run("systemctl", "daemon-reload")
    execution = stack.api().run("SERVICE_RESTART", server, parameters={"serviceName": "doomed"})

    assert (execution["status"], execution["verdict"]) == ("FAILED", "NOT_FIXED"), execution
    assert "the disk is gone" in execution["errorMessage"]
    machine.run("systemctl", "reset-failed")


def test_the_command_line_restarts_it_too(
    stack: Stack, machine: SystemdMachine, server: dict[str, Any]
) -> None:
    machine.run("systemctl", "stop", "nginx.service")
    ended = stack.manage(
        *("runbook", "run", "SERVICE_RESTART", server["name"], "serviceName=nginx.service")
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "systemctl restart nginx.service" in ended.stdout
    assert nginx(machine)[0] == "active"


@pytest.mark.parametrize("user", ["nosudo", "pwsudo"])
def test_a_user_without_the_right_to_change_anything(
    stack: Stack, machine: SystemdMachine, user: str
) -> None:
    # sudo says the same to both unless somebody is there to type a password.
    sentence = f"wants a password from {user}. Allow it without one (NOPASSWD in /etc/sudoers.d)"
    machine.run("systemctl", "restart", "nginx.service")
    before = nginx(machine)
    over_api, in_terminal = (add(stack, machine, user) for _ in range(2))
    asked = {"runbook": "SERVICE_RESTART", "serviceName": "nginx"}

    assert_the_execution_says(stack, over_api, "SUDO", sentence, **asked)
    assert_the_command_line_says(stack, in_terminal, "SUDO", sentence, **asked)
    assert nginx(machine) == before


def test_a_unit_that_does_not_exist(
    stack: Stack, machine: SystemdMachine, server: dict[str, Any]
) -> None:
    sentence = "There is no unit ngnix.service on this server. Did you mean nginx.service?"
    asked = {"runbook": "SERVICE_RESTART", "serviceName": "ngnix"}

    assert_the_execution_says(stack, server, "VALIDATION", sentence, **asked)
    assert_the_command_line_says(stack, server, "VALIDATION", sentence, **asked)


def test_nothing_of_all_this_left_a_stack_trace(stack: Stack) -> None:
    assert_the_log_has_no_stack_trace(stack)
