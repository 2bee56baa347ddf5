"""One family of faults against a running OpsManager under load, and what came of it."""

import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import psycopg

from tests.faults import facts as evidence
from tests.faults.facts import Facts
from tests.faults.families import Family, Fault
from tests.faults.invariants import INVARIANTS
from tests.faults.launches import Load, planned
from tests.faults.person import Person
from tests.faults.world import World

SETTLED = 90.0
"""Seconds after the last fault in which each execution has a final status."""
RECONCILED = 240.0
"""Seconds after which nobody waits any longer for UNKNOWN ones to become known."""
CALM = 12.0
"""Seconds in which what is still on its way arrives, before people look at the servers."""
LONGEST = 2.0
"""Seconds that a command takes at most."""
A_SECOND = 8.0
AT_ONCE = 64
_LOOK_SECONDS = 0.5
_LIVE = """
SELECT id::text,
       format('%%s, attempt %%s, step %%s by %%s, since %%s, not before %%s, until %%s, now %%s',
              status, attempt, current_step, worker, waiting_since, not_before, lease_until, now())
  FROM automation_execution
 WHERE parameters->>'key' LIKE %(name)s || '-%%' AND status IN ('PENDING', 'RUNNING')
"""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one drill showed."""

    family: str
    facts: Facts
    faults: Counter[str]
    """How often each was injected."""
    seconds: float
    """From the first launch until all was settled."""
    seconds_to_settle: float
    wrong: dict[str, list[str]]
    """By invariant."""
    died: Counter[str]
    """Programs that ended without being killed, and were started again."""
    said: str = ""
    """What else there was to judge, in a few words."""

    @property
    def statuses(self) -> Counter[str]:
        """How many executions ended how."""
        return Counter(row["status"] for rows in self.facts.executions.values() for row in rows)

    @property
    def is_good(self) -> bool:
        """Whether every invariant held."""
        return not any(self.wrong.values())


def drill(
    world: World,
    family: Family,
    *,
    executions: int,
    seed: int,
    a_second: float = A_SECOND,
    settled: float = SETTLED,
) -> Figures:
    """Launch that many executions, inject faults meanwhile, let all settle, and judge it.

    Each fault of the family comes once at least; ``a_second`` are launched at most; what has not
    ended ``settled`` seconds after the last fault is stuck.
    """
    chance = random.Random(f"{seed} {family.name}")
    name = f"{family.name}{seed}"
    launches = planned(world, name, executions, chance, longest=LONGEST)
    load = Load(world, launches, a_second=a_second, at_once=AT_ONCE)
    faults: Counter[str] = Counter()
    died: Counter[str] = Counter()
    world.await_calm()
    with family.scene(world, name) as scene:
        began = time.monotonic()
        load.start()
        try:
            coming: list[Fault] = []
            while not load.is_done or len(faults) < len(family.faults):
                time.sleep(chance.uniform(*family.pause))
                if not coming:
                    coming = chance.sample(family.faults, len(family.faults))
                fault = coming.pop()
                fault(world, chance)
                faults[fault.__name__] += 1
                died.update(revived(world))
            load.wait()
        finally:
            load.close()
        ended_at = time.monotonic()
        late = _settle(world, name, ended_at, settled)
        seconds = time.monotonic() - ended_at
        person = Person(world, name)
        _reconcile(world, name, person, ended_at + settled - SETTLED)
        judgement = scene.judged()
    died.update(revived(world))
    facts = evidence.gathered(
        world,
        name,
        launches=launches,
        promised=load.promised,
        failed_requests=[*load.failed_requests, *person.refused],
        live_when_time_was_up=late,
    )
    wrong = {each: check(facts) for each, check in INVARIANTS.items()}
    wrong |= {"scene": judgement.wrong}
    if family.serves_always:
        wrong["failed requests"] = facts.failed_requests
    return Figures(
        family=family.name,
        facts=facts,
        faults=faults,
        seconds=ended_at - began + seconds,
        seconds_to_settle=seconds,
        wrong=wrong,
        died=died,
        said=judgement.said,
    )


def revived(world: World) -> list[str]:
    """Start what has ended by itself, as a supervisor would; return the names."""
    ended = [name for name, process in world.stack.processes.items() if process.has_ended]
    for name in ended:
        world.start_again(name)
    return ended


def _settle(world: World, name: str, since: float, patience: float) -> dict[str, str]:
    """Wait until none is live; return those that are when time is up, and how each stands."""
    while time.monotonic() - since < patience:
        if _open(world, name)[0] == 0:
            return {}
        time.sleep(_LOOK_SECONDS)
    with psycopg.connect(world.database_url) as connection:
        return dict(connection.execute(_LIVE, {"name": name}).fetchall())


def _reconcile(world: World, name: str, person: Person, since: float) -> None:
    """Wait until none is live or UNKNOWN, or nobody waits any longer; people decide meanwhile."""
    calm_at = time.monotonic() + CALM
    while time.monotonic() - since < RECONCILED and _open(world, name) != (0, 0):
        time.sleep(_LOOK_SECONDS)
        if time.monotonic() > calm_at:
            with suppress(psycopg.Error):
                person.look()


def _open(world: World, name: str) -> tuple[int, int]:
    try:
        return evidence.open_now(world, name)
    except psycopg.Error:
        return -1, -1
