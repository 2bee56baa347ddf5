"""Of a hundred launches in one moment a cooldown admits one, whatever becomes of Redis."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.servers.systemd.machines import SystemdMachine
from tests.stack.client import Answer
from tests.stack.services import flush
from tests.stack.stack import Stack

pytest_plugins = ("tests.servers.systemd.fixtures", "tests.stack.fixtures")
pytestmark = [pytest.mark.systemd, pytest.mark.xdist_group("stack")]

TIMES = 100
COOLDOWN = 600  # seconds


@pytest.fixture
def server(stack: Stack, systemd_machine: SystemdMachine) -> dict[str, Any]:
    """Return a real Debian server on which nothing ran yet."""
    # systemd refuses the sixth start in ten seconds, whoever asked for the first five.
    systemd_machine.run("systemctl", "reset-failed", "nginx.service")
    return stack.server(
        systemd_machine.name,
        hostname=systemd_machine.address,
        port=systemd_machine.ssh_port,
        username=systemd_machine.username,
        private_key=systemd_machine.private_key,
    )


def at_once(stack: Stack, server: dict[str, Any]) -> list[Answer]:
    """Launch one runbook on the server so many times in one moment; return the answers."""
    api = stack.api()
    api.get("auth/me").expect(200)  # has a token before the race
    ready = threading.Barrier(TIMES)

    def launch() -> Answer:
        ready.wait(60)
        return api.launch("SERVICE_RESTART", server, parameters={"serviceName": "nginx"})

    with ThreadPoolExecutor(TIMES) as threads:
        return [asked.result() for asked in [threads.submit(launch) for _ in range(TIMES)]]


def seconds_to_wait(refused: list[Answer]) -> list[int]:
    """Return what each says about the time that the cooldown still lasts, checked."""
    found = []
    for answer in refused:
        assert answer.error == (429, "RATE_LIMIT_EXCEEDED")
        found.append(int(answer.headers["retry-after"]))
        assert found[-1] == answer.json["details"]["retryAfterSeconds"]
    return found


@pytest.mark.parametrize("flushed", [False, True], ids=["", "after Redis was flushed"])
def test_of_a_hundred_launches_in_one_moment_one_is_admitted(
    stack: Stack, server: dict[str, Any], flushed: bool
) -> None:
    if flushed:
        flush(stack.plan.services["REDIS_URL"])
    answers = at_once(stack, server)

    assert Counter(answer.status for answer in answers) == {201: 1, 429: TIMES - 1}
    waits = seconds_to_wait([answer for answer in answers if answer.status == 429])
    # All came within a few seconds of the one that was admitted; on a busy machine some more.
    assert COOLDOWN - 120 <= min(waits) <= max(waits) <= COOLDOWN
    (admitted,) = [answer.json["execution"] for answer in answers if answer.status == 201]
    execution = stack.api().finished(admitted["id"])
    assert execution["status"] == "SUCCESS", execution
    found = stack.api().get(f"automation/executions?serverId={server['id']}").expect(200)
    assert found["total"] == 1

    # The cooldown that runs now is not forgotten with Redis.
    flush(stack.plan.services["REDIS_URL"])
    later = seconds_to_wait(at_once(stack, server))
    assert len(later) == TIMES
    assert COOLDOWN - 240 <= min(later) <= max(later) <= max(waits)
