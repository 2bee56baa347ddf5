"""One long run: many executions, looked at near the begin and at the end, both times at rest."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.endurance.clients import Desk, Launchers, Visitors
from tests.endurance.ends import wrong_ends
from tests.endurance.samples import Sample, Sampler, at_rest
from tests.endurance.site import site
from tests.endurance.upkeep import Upkeep
from tests.endurance.work import Order, orders
from tests.faults.world import World

IDLE_SECONDS = 60.0
"""After which a worker closes a connection that nobody uses."""
_SETTLED = 300.0
"""Seconds that the last executions may take."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How long a run is, and with what."""

    executions: int
    seconds: float
    """After which nothing is launched any more."""
    seed: int = 1
    servers: int = 30
    refusing: int = 30
    clients: int = 4
    at_once: int = 150
    visitors: int = 2
    pause: float = 0.25
    """Of each visitor between two requests."""
    idle_seconds: float = IDLE_SECONDS
    upkeep_seconds: float = 45
    """Between two rounds of upkeep."""
    first_part: float = 0.1
    """Of the executions, after which all is looked at first."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """What was held at rest after so many executions."""

    executions: int
    sample: Sample
    idle_after: float
    """Seconds until the last connection to a server was closed."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """What a run showed."""

    scale: Scale
    first: Point
    last: Point
    most: Sample | None
    seconds: float
    answers: dict[str, list[float]]
    """How long they took, by what was asked."""
    wrong: list[str]
    """Requests that failed, and executions that ended otherwise than they had to."""
    ends: dict[str, dict[str, int]]
    """How many executions of each kind ended how."""
    upkeep: Counter[str]
    """What came about beside."""


def run(
    world: World,
    folder: Path,
    scale: Scale,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Course:
    """Make the run."""
    desk = Desk()
    began = time.monotonic()
    with site(world, folder, good=scale.servers, refusing=scale.refusing) as servers:
        launchers = Launchers(world, desk, clients=scale.clients, at_once=scale.at_once)
        visitors = Visitors(world, desk, people=scale.visitors, pause=scale.pause)
        sampler = Sampler(world, servers)
        upkeep = Upkeep(world, desk, pause=scale.upkeep_seconds)
        third = scale.executions // 3
        work = orders(
            world,
            servers,
            random.Random(scale.seed),
            executions=scale.executions,
            refused=range(third, 2 * third),
        )

        def point() -> Point:
            left = launchers.wait_for_the_last(patience=_SETTLED)
            if left:
                desk.wrong.append(f"{left} executions had not ended {_SETTLED:.0f} s later.")
            sample, seconds = at_rest(world, servers, patience=scale.idle_seconds + 60)
            say(f"{launchers.asked} executions, at rest after {time.monotonic() - began:.0f} s")
            return Point(executions=launchers.asked, sample=sample, idle_after=seconds)

        until = began + scale.seconds
        sampler.start()
        with ExitStack() as ending:
            ending.callback(sampler.close)
            visitors.start()
            ending.callback(visitors.close)
            upkeep.start()
            ending.callback(upkeep.close)
            launchers.launch(_first(work, scale), until=until)
            first = point()
            launchers.launch(_told(work, launchers, say), until=until)
            last = point()
        ends, wrong = wrong_ends(world, launchers.keys)
    return Course(
        scale=scale,
        first=first,
        last=last,
        most=sampler.most,
        seconds=time.monotonic() - began,
        answers=desk.seconds,
        wrong=desk.wrong + wrong,
        ends=ends,
        upkeep=upkeep.done,
    )


def _first(work: Iterator[Order], scale: Scale) -> Iterator[Order]:
    """Return the orders of the first part."""
    asked = 0
    while asked < scale.executions * scale.first_part:
        order = next(work)
        asked += len(order.servers)
        yield order


def _told(
    work: Iterator[Order], launchers: Launchers, say: Callable[[str], None]
) -> Iterator[Order]:
    """Return the other orders, and say how far it has come."""
    told = time.monotonic()
    before = launchers.asked
    for order in work:
        seconds = time.monotonic() - told
        if seconds > 30:
            rate = (launchers.asked - before) / seconds
            say(f"{launchers.asked} executions, {rate:.1f}/s, {launchers.live} live")
            told, before = time.monotonic(), launchers.asked
        yield order
