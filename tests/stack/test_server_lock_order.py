"""Executions that change one server run one at a time, in their order, and say behind which."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.servers.systemd.machines import SystemdMachine
from tests.stack.stack import Stack
from tests.support.waiting import eventually

pytest_plugins = ("tests.servers.systemd.fixtures", "tests.stack.fixtures")
pytestmark = [pytest.mark.systemd, pytest.mark.xdist_group("stack")]

PRIORITIES = ["LOW", "NORMAL", "LOW", "HIGH", "NORMAL", "HIGH", "LOW", "NORMAL", "HIGH", "NORMAL"]
IN_ORDER = ["HIGH", "NORMAL", "LOW"]


@pytest.fixture
def server(stack: Stack, systemd_machine: SystemdMachine) -> dict[str, Any]:
    """Return a real Debian server that runs nothing."""
    return stack.server(
        systemd_machine.name,
        hostname=systemd_machine.address,
        port=systemd_machine.ssh_port,
        username=systemd_machine.username,
        private_key=systemd_machine.private_key,
    )


@pytest.fixture
def record(systemd_machine: SystemdMachine) -> Iterator[str]:
    """Return the path of the record on the server; whoever writes it waits while .hold is there."""
    path = f"/tmp/turns-{uuid4().hex}"
    systemd_machine.run("touch", f"{path}.hold")
    yield path
    systemd_machine.run("rm", "-f", path, f"{path}.hold")


def test_ten_that_change_a_server_run_one_at_a_time_by_priority_and_say_behind_which(
    stack: Stack, systemd_machine: SystemdMachine, server: dict[str, Any], record: str
) -> None:
    api = stack.api()

    def launch(name: str, priority: str) -> str:
        parameters = {"record": record, "name": name}
        asked = api.launch("ACME_OWN_TURN", server, parameters=parameters, priority=priority)
        pk: str = asked.expect(201)["execution"]["id"]
        return pk

    def recorded() -> list[str]:
        return systemd_machine.run("cat", record, check=False).stdout.splitlines()

    first = launch("first", "LOW")
    eventually(lambda: recorded() == ["begin first"])
    waiting = {
        launch(f"{priority} {number}", priority): f"{priority} {number}"
        for number, priority in enumerate(PRIORITIES)
    }

    # What only reads, or only shows what it would do, passes by.
    reading = api.run("HEALTH_CHECK", server)
    shown = api.run(
        "ACME_OWN_TURN", server, parameters={"record": record, "name": "dry"}, isDryRun=True
    )
    assert [one["status"] for one in (reading, shown)] == ["SUCCESS"] * 2, (reading, shown)
    for pk in waiting:
        execution = api.get(f"automation/executions/{pk}").expect(200)["execution"]
        assert execution["status"] == "PENDING"
        assert execution["waitingFor"].startswith(
            f"Waits for {server['name']}: Take a turn (admin) runs"
        )
    assert recorded() == ["begin first"]

    systemd_machine.run("rm", f"{record}.hold")
    for pk in (first, *waiting):
        assert api.finished(pk)["status"] == "SUCCESS"

    turns = ["first", *sorted(waiting.values(), key=lambda name: IN_ORDER.index(name.split()[0]))]
    assert recorded() == [f"{what} {name}" for name in turns for what in ("begin", "end")]
