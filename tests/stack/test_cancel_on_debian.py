"""Cancel and timeout end all that a command started, on a real Debian server, through OpsManager.

The command sleeps for ten minutes as root, through sudo, with three grandchildren.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.servers.ssh.proxy import Proxy
from tests.servers.systemd.machines import SystemdMachine, booted
from tests.stack.refusals import assert_the_log_has_no_stack_trace
from tests.stack.stack import Stack

pytest_plugins = ("tests.servers.systemd.fixtures", "tests.stack.fixtures")
pytestmark = [pytest.mark.systemd, pytest.mark.xdist_group("stack")]

# Seconds that a cancel may take of what obeys TERM. Half a second is usual where the machine has
# nothing else to do; all that matters here is that it does not wait for the grace time.
AT_ONCE = 5.0
GRACE = 10.0  # seconds from TERM to KILL
NOTICED = 30.0  # seconds after which a server that is cut off counts as such
NOISE = 10.0  # seconds that a busy machine may add
FAMILY = 5  # a shell, three grandchildren, and the sleep that the shell waits for


@pytest.fixture(scope="module")
def machine(systemd_host: None) -> Iterator[SystemdMachine]:
    """Return a Debian server for the tests of this file."""
    with booted() as machine:
        yield machine


@pytest.fixture(scope="module")
def server(stack: Stack, machine: SystemdMachine) -> dict[str, Any]:
    """Return it as a server that OpsManager logs in to as a user with sudo."""
    return add(stack, machine)


def add(stack: Stack, machine: SystemdMachine, **changes: Any) -> dict[str, Any]:
    """Make the machine known once more, so that it may run something else at the same time."""
    fields = {
        "hostname": machine.address,
        "port": machine.ssh_port,
        "username": machine.username,
        "private_key": machine.private_key,
    }
    return stack.server(machine.name, **{**fields, **changes})


class Work:
    """One execution that sleeps, once all its processes are there."""

    def __init__(
        self,
        stack: Stack,
        machine: SystemdMachine,
        server: dict[str, Any],
        runbook: str = "ACME_LONG_WORK",
        **parameters: Any,
    ) -> None:
        self._api = stack.api()
        self._machine = machine
        self.number = f"6{random.randrange(100):02}.{random.randrange(10**9):09}"
        launched = self._api.launch(
            runbook, server, parameters={"number": self.number, **parameters}
        )
        self.id: str = launched.expect(201)["execution"]["id"]
        deadline = time.monotonic() + 120
        while len(self.processes()) < FAMILY:
            assert time.monotonic() < deadline, self.processes()
            time.sleep(0.1)

    def processes(self) -> list[str]:
        """Return what lives of it on the server, past OpsManager and sshd."""
        listed = self._machine.run("ps", "-eo", "stat=,pid=,ppid=,args=").stdout.splitlines()
        return [line for line in listed if self.number in line and not line.startswith("Z")]

    def cancel(self) -> None:
        """Ask for its end."""
        self._api.post(f"automation/executions/{self.id}/cancel").expect(200)

    def finished(self) -> dict[str, Any]:
        """Wait until it has ended; return the execution."""
        return self._api.finished(self.id)

    def states(self) -> list[str]:
        """Return how the commands ended that it sent."""
        return [row["status"] for row in self._api.logs({"id": self.id}) if row["changes"]]


def seconds_to_the_end(work: Work) -> float:
    """Cancel it; return the seconds from the request until its end is seen."""
    asked_at = time.monotonic()
    work.cancel()
    execution = work.finished()
    took = time.monotonic() - asked_at

    assert (execution["status"], execution["cancelOutcome"]) == ("CANCELLED", "STOPPED"), execution
    assert work.processes() == []
    assert work.states() == ["CANCELLED"]
    return took


@pytest.mark.parametrize("user", ["ops", "root"])
def test_a_cancel_ends_all_of_it_without_waiting_for_the_grace_time(
    stack: Stack, machine: SystemdMachine, user: str
) -> None:
    server = add(stack, machine, username=user)
    took = [seconds_to_the_end(Work(stack, machine, server)) for _ in range(3)]

    assert max(took) < AT_ONCE, took


def test_what_ignores_term_is_killed_within_the_grace_time(
    stack: Stack, machine: SystemdMachine, server: dict[str, Any]
) -> None:
    took = seconds_to_the_end(Work(stack, machine, server, stubborn=True))

    assert GRACE - 2 < took < GRACE + NOISE


@pytest.mark.parametrize(
    ("runbook", "parameters", "sentence"),
    [
        ("ACME_SHORT_OF_TIME", {}, "The time for this execution ran out in step 1 of 1"),
        ("ACME_LONG_WORK", {"limit": 3}, "3 seconds"),
    ],
    ids=["execution", "command"],
)
def test_a_timeout_ends_all_of_it_too(
    stack: Stack,
    machine: SystemdMachine,
    server: dict[str, Any],
    runbook: str,
    parameters: dict[str, Any],
    sentence: str,
) -> None:
    work = Work(stack, machine, server, runbook, **parameters)
    execution = work.finished()

    assert (execution["status"], execution["errorCode"]) == ("TIMEOUT", "TIMEOUT"), execution
    assert execution["cancelOutcome"] == "STOPPED"
    assert sentence in execution["errorMessage"]
    assert work.processes() == []
    assert work.states() == ["TIMEOUT"]
    assert 3 <= execution["durationMs"] / 1000 < 3 + GRACE + NOISE


@contextmanager
def cut_off(machine: SystemdMachine, proxy: Proxy) -> Iterator[None]:
    """Let all packets to the proxy vanish, and sshd answer nobody, whether new or connected."""
    proxy.stalled.set()
    machine.run("pkill", "-STOP", "sshd")
    try:
        yield
    finally:
        machine.run("pkill", "-CONT", "sshd")


def test_a_server_that_is_cut_off_is_noticed_and_nothing_is_made_up_about_the_command(
    stack: Stack, machine: SystemdMachine
) -> None:
    proxy = Proxy(machine.ssh_port, host=machine.address)
    partitioned = {"hostname": "127.0.0.1", "port": proxy.port}
    ways: dict[str, dict[str, Any]] = {"partitioned": partitioned, "frozen": {}}
    cancelled, left_alone = (
        {way: Work(stack, machine, add(stack, machine, **ways[way])) for way in ways}
        for _ in range(2)
    )
    try:
        with cut_off(machine, proxy):
            cut_at = time.monotonic()
            for work in cancelled.values():
                work.cancel()
            for work in left_alone.values():
                execution = work.finished()
                assert time.monotonic() - cut_at < NOTICED + NOISE
                found = (execution["status"], execution["errorCode"])
                assert found == ("UNKNOWN", "CONNECTION_LOST"), execution
                assert work.number in execution["errorMessage"]
                assert work.states() == ["UNKNOWN"]
            for work in cancelled.values():
                execution = work.finished()
                assert time.monotonic() - cut_at < NOTICED + NOISE
                found = (execution["status"], execution["cancelOutcome"])
                assert found == ("CANCELLED", "UNREACHABLE"), execution
        for work in (*cancelled.values(), *left_alone.values()):
            assert len(work.processes()) >= FAMILY, "whoever could have ended them?"
    finally:
        proxy.close()
        for work in (*cancelled.values(), *left_alone.values()):
            machine.run("pkill", "-KILL", "-f", work.number, check=False)


def test_nothing_of_all_this_left_a_stack_trace(stack: Stack) -> None:
    assert_the_log_has_no_stack_trace(stack)
