"""A short part of `make faults`: some of everything is killed; nothing is lost or done twice."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from servers.ssh.testing.requirement import require_sshd
from tests.faults import families, memory
from tests.faults.drill import drill
from tests.faults.families import FAMILIES, Family
from tests.faults.world import World, words_of, world

pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("alone")]

# With this one a worker is killed early: what it ran is settled while the rest goes on.
SEED = 12
BUSY_MACHINE = 400.0  # seconds; `make faults` itself holds to 90
# One of each family but PostgreSQL's, whose restart lets nothing be settled for a minute.
MIXED = Family(
    name="mixed",
    faults=(
        families.worker_killed,
        families.beat_killed,
        families.web_killed,
        families.redis_killed,
        families.redis_emptied,
        families.postgres_connections_cut,
        families.sshd_killed,
        families.servers_rebooted,
        memory.worker_out_of_memory,
        families.network_cut,
        families.messages_doubled,
    ),
    pause=(0.2, 1.0),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    require_sshd()
    folder = tmp_path_factory.mktemp("faults")
    with world(folder, servers=8, concurrency=8, without=["worker-notify"]) as started:
        yield started


@pytest.mark.parametrize(
    ("family", "executions"),
    [(replace(FAMILIES["deploy"], pause=(0.5, 1.0)), 20), (MIXED, 60)],
    ids=["deploy", "mixed"],
)
def test_every_promise_is_kept(whole: World, family: Family, executions: int) -> None:
    figures = drill(
        whole, family, executions=executions, seed=SEED, a_second=2, settled=BUSY_MACHINE
    )
    wrong = {name: found for name, found in figures.wrong.items() if found}
    assert not wrong, f"{figures.faults}\n{wrong}\n{words_of(whole.stack.processes)}"
    assert sum(figures.statuses.values()) == executions
