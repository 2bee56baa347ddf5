"""Last night's database is restored: what it holds as waiting or running is not run once more."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers.ssh.testing import Sshd
from tests.stack import dumping
from tests.stack.stack import Stack, running
from tests.stack.test_killed_worker import Turn, add
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("stack")]

ENDED = ["begin turn", "end turn"]
SWEEPS = 25.0  # seconds in which each worker has looked for work twice at least
PARTS = ("web", "worker", "worker-notify", "beat")


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """OpsManager on a database that this test may throw away."""
    with running(tmp_path_factory.mktemp("restored")) as started:
        yield started


class Night:
    """What ran and waited when the backup was made, and has ended since."""

    def __init__(self, stack: Stack, sshd: Sshd, folder: Path) -> None:
        self.stack = stack
        self.file = folder / "night.dump"
        self.url = str(stack.plan.services["DATABASE_URL"])
        server = add(stack, sshd)
        self.runs = Turn(stack, server, folder / "runs")
        eventually(lambda: self.runs.lines() == ["begin turn"])
        self.waits = Turn(stack, server, folder / "waits")
        dumping.dump(self.url, self.file)
        self.later = Turn(stack, server, folder / "later")
        for turn in self.turns:
            turn.hold.unlink()
        for turn in self.turns:
            assert turn.settled()["status"] == "SUCCESS"

    @property
    def turns(self) -> tuple[Turn, Turn, Turn]:
        return (self.runs, self.waits, self.later)

    def nothing_ran_again(self) -> bool:
        return all(turn.lines() == ENDED for turn in self.turns)

    def start(self, *names: str) -> None:
        for name in names:
            self.stack.start(self.stack.processes[name].program)

    def stop(self, *names: str) -> None:
        for name in names:
            self.stack.processes[name].stop()

    def now(self, turn: Turn) -> dict[str, Any]:
        found: dict[str, Any] = self.stack.api().get(f"automation/executions/{turn.id}").json
        execution: dict[str, Any] = found["execution"]
        return execution

    def sign_in_again(self) -> None:
        self.stack._clients.clear()


def readiness(stack: Stack) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{stack.address}/readyz", timeout=30) as answer:
            said = answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            said = refusal.read()
    found: dict[str, Any] = json.loads(said)
    return found


def parts_of(stack: Stack) -> list[str]:
    return [name for name in PARTS if name in stack.processes]


def test_nothing_of_a_restored_database_is_begun_without_a_person(
    own: Stack, sshd: Sshd, tmp_path: Path
) -> None:
    night = Night(own, sshd, tmp_path)
    parts = parts_of(own)
    night.stop(*reversed(parts))
    dumping.restore_anew(night.url, night.file)

    # Somebody forgets to say so, and starts everything.
    night.start(*parts)
    own.wait_until_ready("healthz")
    time.sleep(SWEEPS)
    assert readiness(own)["checks"]["database"] is False
    assert night.now(night.runs)["status"] == "RUNNING"
    assert night.now(night.waits)["status"] == "PENDING"
    assert night.nothing_ran_again()
    assert own.manage("after_restore", "--check").returncode == 1

    night.stop(*reversed(parts))
    told = own.manage("after_restore")
    assert told.returncode == 0, told.stderr
    assert "2 executions may have run after the backup: UNKNOWN" in told.stdout
    assert own.manage("after_restore", "--check").returncode == 0
    night.sign_in_again()
    night.start(*parts)
    own.wait_until_ready()
    time.sleep(SWEEPS)
    for turn, word in ((night.runs, "in which this ran"), (night.waits, "in which this waited")):
        found = night.now(turn)
        assert (found["status"], found["errorCode"]) == ("UNKNOWN", "WORKER_LOST")
        assert word in found["errorMessage"]
    assert own.api().get(f"automation/executions/{night.later.id}").status == 404
    assert night.nothing_ran_again()

    answer = own.api().post(
        f"automation/executions/{night.waits.id}/decide",
        {"outcome": "RUN_AGAIN", "reason": "I looked at the server."},
    )
    again = answer.expect(201)["execution"]
    assert own.api().finished(again["id"])["status"] == "SUCCESS"
    assert night.waits.lines() == ENDED * 2


def test_the_servers_record_refuses_what_a_wrongly_accepted_database_would_do_again(
    own: Stack, sshd: Sshd, tmp_path: Path
) -> None:
    night = Night(own, sshd, tmp_path)
    parts = parts_of(own)
    night.stop(*reversed(parts))
    dumping.restore_anew(night.url, night.file)
    assert own.manage("after_restore", "--nothing-was-lost").returncode == 0

    night.start(*parts)
    own.wait_until_ready()
    # Of the command that ran, the record tells the end; the one that waited was started before.
    assert night.runs.settled()["status"] == "SUCCESS"
    waited = night.waits.settled()
    assert (waited["status"], waited["errorCode"]) == ("UNKNOWN", "WORKER_LOST")
    assert "has a record that this very action was started before" in waited["errorMessage"]
    assert night.nothing_ran_again()


def test_a_database_restored_in_place_is_noticed_by_what_redis_remembers(
    own: Stack, sshd: Sshd, tmp_path: Path
) -> None:
    night = Night(own, sshd, tmp_path)
    # The next sweep tells Redis how far the database has come.
    time.sleep(SWEEPS)
    parts = parts_of(own)
    night.stop(*reversed(parts))
    dumping.restore_in_place(night.url, night.file)

    night.start(*parts)
    own.wait_until_ready("healthz")
    time.sleep(SWEEPS)
    assert readiness(own)["checks"]["database"] is False
    assert night.nothing_ran_again()
    assert own.manage("after_restore", "--check").returncode == 1
