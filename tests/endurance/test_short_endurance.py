"""A short part of `make endurance`: some hundred executions leave nothing behind."""

from pathlib import Path

import pytest

from servers.ssh.testing.requirement import require_sshd
from tests.endurance import verdict
from tests.endurance.run import Scale, run
from tests.faults.world import words_of, world

pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("alone")]

SCALE = Scale(
    executions=200,
    first_part=0.5,
    seconds=300,
    servers=6,
    refusing=6,
    clients=2,
    at_once=40,
    visitors=1,
    idle_seconds=2,
    upkeep_seconds=2,
)


def test_threads_files_and_connections_are_the_same_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_sshd()
    monkeypatch.setenv("AUTOMATION_SSH_IDLE_SECONDS", f"{SCALE.idle_seconds:.0f}")
    with world(tmp_path, servers=1, concurrency=8, without=["worker-notify"]) as whole:
        course = run(whole, tmp_path / "site", SCALE)
        # A process that has just started still loads what it needs: no memory is judged here.
        wrong = verdict.wrong(course, judges_memory=False)
        assert not wrong, f"{wrong}\n{verdict.lines(course)}\n{words_of(whole.stack.processes)}"
    assert course.last.executions == SCALE.executions
    assert course.upkeep["months dropped"] > 0
    assert course.first.sample.processes.keys() >= {"web", "web 1", "worker", "worker-high", "beat"}
