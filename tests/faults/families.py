"""The families of faults: each a set of things that happen to a running OpsManager."""

import random
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace

import psycopg

from tests.faults import clocks, disk, memory, queues
from tests.faults.scene import Scene, plain
from tests.faults.schedules import scheduled, schedules_changed
from tests.faults.world import WORKERS, World

Fault = Callable[[World, random.Random], None]
"""Does something to the world and returns when it is over: from then on all may recover."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """Faults of one kind, injected one after the other at random moments."""

    name: str
    faults: tuple[Fault, ...]
    pause: tuple[float, float]
    """Seconds between the end of one and the next, from and to."""
    serves_always: bool = False
    """Whether no request may fail meanwhile."""
    scene: Callable[[World, str], AbstractContextManager[Scene]] = plain
    """What it has around it, by the world and the name of the drill."""
    lacks: Callable[[], str] = str
    """Says what is missing on this machine, so that it can't be had; nothing where all is there."""


def worker_killed(world: World, chance: random.Random) -> None:
    """Kill a worker; sometimes nobody starts it again at once."""
    name = chance.choice(WORKERS)
    world.kill(name)
    time.sleep(chance.choice([0, chance.uniform(0, 5)]))
    world.start_again(name)


def both_workers_killed(world: World, _: random.Random) -> None:
    """Kill all workers."""
    for name in WORKERS:
        world.kill(name)
    for name in WORKERS:
        world.start_again(name)


def beat_killed(world: World, chance: random.Random) -> None:
    """Kill beat."""
    world.kill("beat")
    time.sleep(chance.uniform(0, 3))
    world.start_again("beat")


def two_beats(world: World, chance: random.Random) -> None:
    """Run two of beat for a while, and kill one of them."""
    other = "beat-again"
    world.stack.start(replace(world.stack.processes["beat"].program, name=other))
    time.sleep(chance.uniform(6, 15))
    if chance.random() < 0.5:
        beat_killed(world, chance)
    world.kill(other)
    del world.stack.processes[other]


def web_killed(world: World, chance: random.Random) -> None:
    """Kill the web with the requests that it answers."""
    world.kill("web")
    time.sleep(chance.uniform(0, 2))
    world.start_again("web")
    # One that never gets to serve would show nothing.
    world.await_web()


def redis_killed(world: World, chance: random.Random) -> None:
    """Kill Redis, and start it again: it holds nothing of what it held."""
    world.redis.kill()
    time.sleep(chance.uniform(0, 8))
    world.redis.start()


def redis_emptied(world: World, _: random.Random) -> None:
    """Let Redis lose all it holds."""
    with world.broker() as broker:
        broker.flushall()


def redis_paused(world: World, chance: random.Random) -> None:
    """Let Redis answer nothing for a while."""
    with world.redis.paused():
        time.sleep(chance.uniform(1, 15))


def postgres_killed(world: World, chance: random.Random) -> None:
    """Kill PostgreSQL, and start it again."""
    world.postgres.kill()
    time.sleep(chance.uniform(0, 5))
    world.postgres.start()


def postgres_backend_killed(world: World, chance: random.Random) -> None:
    """Kill one of PostgreSQL's processes: it ends all others and recovers."""
    backends = world.postgres.processes()[1:]
    if backends:
        with suppress(Exception):
            chance.choice(backends).kill()
    time.sleep(1)
    world.postgres.start()


def postgres_restarted_fast(world: World, chance: random.Random) -> None:
    """Restart PostgreSQL as an upgrade does."""
    world.postgres.stop(signal.SIGINT)
    time.sleep(chance.uniform(0, 3))
    world.postgres.start()


def postgres_restarted_at_once(world: World, chance: random.Random) -> None:
    """Let PostgreSQL end everything without a word, and recover."""
    world.postgres.stop(signal.SIGQUIT)
    time.sleep(chance.uniform(0, 3))
    world.postgres.start()


def postgres_paused(world: World, chance: random.Random) -> None:
    """Let PostgreSQL answer nothing for a while."""
    with world.postgres.paused():
        time.sleep(chance.uniform(1, 15))


def postgres_connections_cut(world: World, chance: random.Random) -> None:
    """End all of PostgreSQL's sessions, again and again."""
    for _ in range(chance.randint(1, 5)):
        with psycopg.connect(world.database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND usename = current_user"
            )
        time.sleep(chance.uniform(0, 1))


def sshd_killed(world: World, chance: random.Random) -> None:
    """Kill the sshd with its sessions; the commands run on."""
    world.fleet.kill()
    time.sleep(chance.uniform(0, 10))
    world.fleet.start_again()


def sshd_paused(world: World, chance: random.Random) -> None:
    """Let the sshd and its sessions answer nothing for a while."""
    with world.fleet.paused():
        time.sleep(chance.uniform(2, 40))


def servers_rebooted(world: World, chance: random.Random) -> None:
    """End all that the servers run, the commands among it, at one moment; their files stay."""
    world.fleet.lose_power()
    time.sleep(chance.uniform(0, 10))
    world.fleet.start_again()


def network_cut(world: World, chance: random.Random) -> None:
    """Break the connections to some of the servers."""
    for relay in world.fleet.relays:
        if chance.random() < 0.5:
            relay.cut()


def network_loses(world: World, chance: random.Random) -> None:
    """Lose all traffic with some of the servers for a while."""
    with ExitStack() as ending:
        for relay in world.fleet.relays:
            if chance.random() < 0.5:
                ending.enter_context(relay.losing())
        time.sleep(chance.uniform(2, 40))


def network_holds(world: World, chance: random.Random) -> None:
    """Hold the traffic with some of the servers up, and deliver it in the end."""
    with ExitStack() as ending:
        for relay in world.fleet.relays:
            if chance.random() < 0.5:
                ending.enter_context(relay.held())
        time.sleep(chance.uniform(2, 25))


def messages_stolen(world: World, chance: random.Random) -> None:
    """Take messages out of the queues before workers do: some are lost, others come back twice."""
    queues.steal(world, chance, seconds=chance.uniform(2, 6))


def messages_doubled(world: World, chance: random.Random) -> None:
    """Send each message that may be waiting sixteen times more."""
    queues.repeat(world, chance, times=16)


def web_deployed(world: World, _: random.Random) -> None:
    """Replace the web."""
    world.replace_web()


def workers_deployed(world: World, _: random.Random) -> None:
    """Replace the workers, one after the other."""
    for name in WORKERS:
        world.replace_worker(name)


FAMILIES = {
    family.name: family
    for family in (
        Family(name="worker", faults=(worker_killed, both_workers_killed), pause=(8, 20)),
        Family(
            name="beat",
            faults=(beat_killed, two_beats, schedules_changed),
            # Most lives end before it has sent much, some do not.
            pause=(1, 12),
            scene=scheduled,
        ),
        Family(name="web", faults=(web_killed,), pause=(3, 10)),
        Family(name="redis", faults=(redis_killed, redis_emptied, redis_paused), pause=(2, 8)),
        Family(
            name="postgres",
            faults=(
                postgres_killed,
                postgres_backend_killed,
                postgres_restarted_fast,
                postgres_restarted_at_once,
                postgres_paused,
                postgres_connections_cut,
            ),
            pause=(3, 10),
        ),
        Family(
            name="ssh",
            faults=(
                sshd_killed,
                sshd_paused,
                servers_rebooted,
                network_cut,
                network_loses,
                network_holds,
            ),
            pause=(3, 12),
        ),
        Family(name="messages", faults=(messages_stolen, messages_doubled), pause=(0, 2)),
        Family(
            name="clock",
            faults=(
                clocks.clock_jumps,
                clocks.worker_restarted_with_wrong_clock,
                clocks.postgres_clock_steps_back,
                clocks.postgres_clock_steps_forward,
                beat_killed,
            ),
            pause=(3, 12),
            scene=clocks.settable,
            lacks=clocks.lacks_compiler,
        ),
        Family(
            name="disk",
            faults=(
                disk.postgres_disk_full,
                disk.postgres_read_only,
                disk.servers_disk_full,
                disk.logs_disk_full,
            ),
            pause=(3, 10),
            scene=disk.small,
            lacks=disk.lacks_disks,
        ),
        Family(
            name="memory",
            faults=(memory.worker_out_of_memory, memory.worker_cannot_allocate),
            pause=(5, 15),
        ),
        Family(
            name="deploy",
            faults=(web_deployed, workers_deployed),
            pause=(3, 8),
            serves_always=True,
        ),
    )
}
