"""A worker is killed in the middle of commands: another one finds out what became of them."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from servers.ssh.testing import Sshd
from tests.stack.servers import reached
from tests.stack.stack import Stack
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("stack")]

SETTLED = 90.0  # seconds after which nothing of a killed worker is open any more
NOISE = 60.0  # seconds that a busy machine may add


def add(stack: Stack, sshd: Sshd, *, keeps_records: bool = True) -> dict[str, Any]:
    server = stack.server("web", **reached(sshd))
    stack.api().patch(f"servers/{server['id']}", {"keepsRecords": keeps_records}).expect(200)
    return server


class Turn:
    """One execution that waits in the middle of its command; the server keeps the record of it."""

    def __init__(self, stack: Stack, server: dict[str, Any], record: Path, **asked: Any) -> None:
        self._api = stack.api()
        self.record = record
        self.hold = record.with_name(f"{record.name}.hold")
        self.hold.touch()
        parameters = {"record": str(record), "name": "turn"}
        launched = self._api.launch("ACME_OWN_TURN", server, parameters=parameters, **asked)
        self.id: str = launched.expect(201)["execution"]["id"]

    def lines(self) -> list[str]:
        return self.record.read_text().splitlines() if self.record.exists() else []

    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self._api.get(f"automation/executions/{self.id}").expect(200)
        execution: dict[str, Any] = found["execution"]
        return execution

    def settled(self) -> dict[str, Any]:
        return self._api.finished(self.id)


def test_each_comes_to_its_true_end_or_says_that_nobody_knows(
    stack: Stack, sshd: Sshd, tmp_path: Path
) -> None:
    recorded, plain = add(stack, sshd), add(stack, sshd, keeps_records=False)
    third = add(stack, sshd)
    still_runs = Turn(stack, recorded, tmp_path / "still-runs")
    has_ended = Turn(stack, third, tmp_path / "has-ended")
    unseen = Turn(stack, plain, tmp_path / "unseen")
    waits = Turn(stack, recorded, tmp_path / "waits")
    for turn in (still_runs, has_ended, unseen):
        eventually(lambda turn=turn: turn.lines() == ["begin turn"])

    worker = stack.processes["worker"]
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.stop()
    killed_at = time.monotonic()
    has_ended.hold.unlink()
    eventually(lambda: has_ended.lines() == ["begin turn", "end turn"])
    stack.start(worker.program)

    # What a lost command may still change is changed by nobody else meanwhile.
    eventually(lambda: still_runs.now()["attempt"] == 2)
    assert waits.now()["status"] == "PENDING"
    assert waits.lines() == []
    assert has_ended.settled()["status"] == "SUCCESS"
    lost = unseen.settled()
    assert time.monotonic() - killed_at < SETTLED + NOISE

    still_runs.hold.unlink()
    waits.hold.unlink()
    assert still_runs.settled()["status"] == "SUCCESS"
    assert waits.settled()["status"] == "SUCCESS"
    for turn in (still_runs, has_ended, waits):
        assert turn.lines() == ["begin turn", "end turn"]

    assert (lost["status"], lost["errorCode"]) == ("UNKNOWN", "WORKER_LOST")
    assert "while this ran: /bin/sh -c" in lost["errorMessage"]
    assert unseen.lines() == ["begin turn"]
    unseen.hold.unlink()
    eventually(lambda: unseen.lines() == ["begin turn", "end turn"])
    again = stack.api().post(
        f"automation/executions/{unseen.id}/decide",
        {"outcome": "RUN_AGAIN", "reason": "I looked, and it may be done again."},
    )
    second = again.expect(201)["execution"]
    assert second["retryOf"] == unseen.id
    assert stack.api().finished(second["id"])["status"] == "SUCCESS"
    assert unseen.lines() == ["begin turn", "end turn"] * 2
