"""Clocks of workers, beat and PostgreSQL that can be set while they run.

libfaketime would do, but its 0.9.10, which Debian 12 has, makes a thread of Python that sleeps fail
(clock_nanosleep answers EINVAL). ``clock.c`` is what is needed of it.
"""

import os
import random
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from opsmanager.embedded.process import Program
from tests.faults.scene import Scene
from tests.faults.schedules import scheduled
from tests.faults.world import WORKERS, World

COMPILER = shutil.which("cc")
MISSING = "there is no C compiler (Debian: apt-get install gcc libc6-dev)"
_SOURCE = Path(__file__).with_name("clock.c")
_HOURS = 3600
_NAMES = (*WORKERS, "beat")
_SECONDS = struct.Struct("=q")


class Clock:
    """The clock of one program, or of several."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def set(self, seconds: int) -> None:
        """Have it differ from the machine's by that much, from now on."""
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(descriptor, _SECONDS.pack(seconds), 0)
        finally:
            os.close(descriptor)

    def difference(self) -> int:
        """Return the seconds."""
        (seconds,) = _SECONDS.unpack(self.file.read_bytes())
        return int(seconds)


def lacks_compiler() -> str:
    """Say what is missing to set a clock; nothing where it can be done."""
    return "" if COMPILER else MISSING


@contextmanager
def settable(world: World, name: str) -> Iterator[Scene]:
    """Give workers, beat and PostgreSQL clocks of their own, and let schedules fall due by them."""
    library = clock_of(world, "").file.with_name("clock.so")
    words = [str(COMPILER), "-O2", "-shared", "-fPIC", "-o", str(library), str(_SOURCE)]
    subprocess.run(words, check=True)
    library.chmod(0o755)
    before = {each: world.stack.processes[each].program for each in _NAMES}
    postgres = world.postgres.program
    for each in (*_NAMES, "postgres"):
        clock_of(world, each).set(0)
    try:
        _restart_postgres(world, _with_clock(world, postgres, library))
        for each, program in before.items():
            _restart(world, each, _with_clock(world, program, library))
        world.await_calm()
        with scheduled(world, name) as schedules:
            yield schedules
    finally:
        _restart_postgres(world, postgres)
        for each, program in before.items():
            _restart(world, each, program)


def clock_of(world: World, name: str) -> Clock:
    """Return the clock of a program: its file lies where the account of PostgreSQL may look."""
    command = world.postgres.program.command
    cluster = Path(command[command.index("-D") + 1])
    return Clock(cluster.parent / f"clock-{name}")


def clock_jumps(world: World, chance: random.Random) -> None:
    """Set the clock of a worker or of beat, by as much as two hours."""
    clock_of(world, chance.choice(_NAMES)).set(chance.choice([-2 * _HOURS, 0, 2 * _HOURS]))


def worker_restarted_with_wrong_clock(world: World, chance: random.Random) -> None:
    """Kill a worker, and start it with another time than it had."""
    name = chance.choice(WORKERS)
    world.kill(name)
    clock_of(world, name).set(chance.choice([-2 * _HOURS, 2 * _HOURS]))
    world.start_again(name)


def postgres_clock_steps_back(world: World, chance: random.Random) -> None:
    """Set the database's clock back by half a minute."""
    _step(world, chance, -30)


def postgres_clock_steps_forward(world: World, chance: random.Random) -> None:
    """Set the database's clock forward by two minutes: all leases have run out."""
    _step(world, chance, 120)


def _step(world: World, chance: random.Random, seconds: int) -> None:
    clock = clock_of(world, "postgres")
    clock.set(clock.difference() + seconds)
    time.sleep(chance.uniform(2, 15))


def _with_clock(world: World, program: Program, library: Path) -> Program:
    added = {"LD_PRELOAD": str(library), "OPSM_CLOCK": str(clock_of(world, program.name).file)}
    return replace(program, environment={**program.environment, **added})


def _restart(world: World, name: str, program: Program) -> None:
    world.kill(name)
    world.stack.start(program)


def _restart_postgres(world: World, program: Program) -> None:
    world.postgres.stop(signal.SIGINT)
    world.postgres.program = program
    world.postgres.start()
