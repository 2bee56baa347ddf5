"""Takes memory from running processes: the kernel kills them, or refuses them what they ask for."""

import os
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.faults.world import WORKERS, World
from tests.stack.running import Running

_GROUPS = Path("/sys/fs/cgroup")
# Of the two kinds of control groups: where they are, and which file holds the limit.
_KINDS = (
    (_GROUPS, "memory.max"),
    (_GROUPS / "memory", "memory.limit_in_bytes"),
)
_MIB = 1 << 20
_PATIENCE = 20.0
"""Seconds after which one that got by with what it had is ended all the same."""


def worker_out_of_memory(world: World, chance: random.Random) -> None:
    """Have the kernel kill a worker that wants more memory than its control group has."""
    _starve(world, chance, in_group=True)


def worker_cannot_allocate(world: World, chance: random.Random) -> None:
    """Refuse a worker all memory beyond what it has, then end it: nobody knows what works in it."""
    _starve(world, chance, in_group=False)


def _starve(world: World, chance: random.Random, *, in_group: bool) -> None:
    name = chance.choice(WORKERS)
    worker = world.stack.processes[name]
    with _group() as group:
        if in_group and group is not None:
            (group / "cgroup.procs").write_text(str(worker.process.pid))
        else:
            _refuse_more(worker.process.pid)
        until = time.monotonic() + (_PATIENCE if in_group else chance.uniform(3, _PATIENCE))
        while time.monotonic() < until and not worker.has_ended:
            time.sleep(0.1)
        _end(worker)
    world.start_again(name)


def _refuse_more(pid: int) -> None:
    with suppress(ProcessLookupError, psutil.NoSuchProcess):
        room = psutil.Process(pid).memory_info().vms + _MIB
        resource.prlimit(pid, resource.RLIMIT_AS, (room, room))


def _end(worker: Running) -> None:
    """End what is left of it."""
    worker.kill()


@contextmanager
def _group() -> Iterator[Path | None]:
    """Make a control group with next to no memory; ``None`` where nobody may."""
    for folder, limit in _KINDS:
        group = folder / f"opsmanager-faults-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / limit).exists():
                (group / limit).write_text(str(2 * _MIB))
                yield group
                return
        finally:
            _removed(group)
    yield None


def _removed(group: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        # What was killed there may not have gone yet.
        with suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.1)
