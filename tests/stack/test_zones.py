"""A server of a zone is reached by the worker of that zone alone, in real processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from servers.ssh.testing import Sshd
from tests.stack.servers import reached
from tests.stack.stack import Stack
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("stack")]

LONE = "No worker of zone dmz is running. Start one there, or look at its log."
_WORKER = """
from automation.models import Execution
print(Execution.objects.get(pk=given["id"]).worker)
"""
_STRAY = """
from automation import wakeups
wakeups.send([(each, 2, "") for each in given["ids"]])
"""
_LOOK = """
from servers.models import Probe, Server
from servers.services import probes
from opsmanager.accounts.models import User
server = Server.objects.get(pk=given["server"])
print(probes.request(actor=User.objects.get(username="admin"), server=server, kind="CHECK").pk)
"""
_TAKEN = """
from servers.models import Probe
print(Probe.objects.get(pk=given["id"]).reachable)
"""


@contextmanager
def worker_inside(stack: Stack) -> Iterator[int]:
    """Run a worker of the zone beside the one without, told of no other queues; its process id."""
    outside = stack.processes["worker"].program
    inside = replace(
        outside,
        name="worker-dmz",
        command=tuple("worker-dmz@%h" if word == "worker@%h" else word for word in outside.command),
        environment={**outside.environment, "AUTOMATION_ZONES": "dmz"},
    )
    running = stack.start(inside)
    try:
        yield running.process.pid
    finally:
        running.stop()
        del stack.processes["worker-dmz"]


def test_what_is_asked_of_a_server_in_a_zone_waits_for_the_worker_there(
    stack: Stack, sshd: Sshd
) -> None:
    server = stack.server("inside", **reached(sshd))
    api = stack.api()
    api.patch(f"servers/{server['id']}", {"zone": "dmz"}).expect(200)
    listed = api.get("servers?zone=dmz").expect(200)["servers"]
    assert [row["id"] for row in listed] == [server["id"]]

    launched = [api.launch("HEALTH_CHECK", server).expect(201)["execution"] for _ in range(2)]
    look = stack.python(_LOOK, server=server["id"]).strip()

    def now(execution: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = api.get(f"automation/executions/{execution['id']}").expect(200)
        return found["execution"]  # type: ignore[no-any-return]

    # Messages reach the worker without a zone, and it goes on with what has none.
    stack.python(_STRAY, ids=[each["id"] for each in launched])
    other = stack.server("outside", **reached(sshd))
    assert api.run("HEALTH_CHECK", other)["status"] == "SUCCESS"
    for execution in map(now, launched):
        assert (execution["status"], execution["waitingFor"]) == ("PENDING", LONE)
    assert stack.python(_TAKEN, id=look).strip() == "None"

    with worker_inside(stack) as pid:
        for execution in launched:
            assert api.finished(execution["id"])["status"] == "SUCCESS"
            assert stack.python(_WORKER, id=execution["id"]).strip().endswith(f":{pid}")
        eventually(lambda: stack.python(_TAKEN, id=look).strip() == "True")
        checked = api.post(f"servers/{server['id']}/check").expect(200)
        assert checked["check"]["reachable"] is True
        again = api.run("HEALTH_CHECK", other)
        assert again["status"] == "SUCCESS"
        assert not stack.python(_WORKER, id=again["id"]).strip().endswith(f":{pid}")

    late = api.launch("HEALTH_CHECK", server).expect(201)["execution"]
    eventually(lambda: now(late)["waitingFor"] == LONE)
    assert now(late)["status"] == "PENDING"
    api.post(f"automation/executions/{late['id']}/cancel").expect(200)
