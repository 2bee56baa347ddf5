"""What the processes hold, looked at again and again: memory, threads, files, connections."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields

import psutil
import psycopg

from tests.endurance.site import Site
from tests.faults.world import World

_EVERY_SECONDS = 5.0
_BACKENDS = """
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname IS NOT NULL
   AND pid <> pg_backend_pid()
"""
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Held:
    """What one process holds."""

    pid: int
    rss: float
    """MiB of memory, shared pages with others included."""
    pss: float
    """MiB, of shared pages a share."""
    uss: float
    """MiB that nobody else uses."""
    threads: int
    files: int

    def most(self, other: "Held") -> "Held":
        """Return the higher one of each."""
        return Held(
            **{
                field.name: max(getattr(self, field.name), getattr(other, field.name))
                for field in fields(self)
            }
        )


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One look at everything."""

    processes: Mapping[str, Held]
    backends: int
    connections: int
    """That servers have open."""


def look(world: World, site: Site) -> Sample:
    """Look once."""
    return Sample(
        processes=dict(_processes(world)),
        backends=_backends(world),
        connections=site.connections(),
    )


def _processes(world: World) -> Iterator[tuple[str, Held]]:
    for name, running in world.stack.processes.items():
        with suppress(psutil.NoSuchProcess):
            leader = psutil.Process(running.process.pid)
            yield name, _held(leader)
            # Those that the web was started with; others come and go for a moment's work.
            children = sorted(leader.children(), key=lambda each: each.pid) if name == "web" else []
            for number, child in enumerate(children, start=1):
                with suppress(psutil.NoSuchProcess):
                    yield f"{name} {number}", _held(child)


def _held(process: psutil.Process) -> Held:
    memory = process.memory_full_info()
    return Held(
        pid=process.pid,
        rss=memory.rss / _MEBIBYTE,
        pss=memory.pss / _MEBIBYTE,
        uss=memory.uss / _MEBIBYTE,
        threads=process.num_threads(),
        files=process.num_fds(),
    )


def _backends(world: World) -> int:
    with psycopg.connect(world.database_url, connect_timeout=5) as connection:
        row = connection.execute(_BACKENDS).fetchone()
    return int(row[0]) if row else 0


class Sampler:
    """Looks again and again, and remembers the most of each."""

    def __init__(self, world: World, site: Site) -> None:
        self.most: Sample | None = None
        self._world = world
        self._site = site
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closing.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._closing.wait(_EVERY_SECONDS):
            # A database that is busy for a moment costs one look.
            with suppress(psycopg.Error):
                self.most = _most(self.most, look(self._world, self._site))


def _most(before: Sample | None, now: Sample) -> Sample:
    if before is None:
        return now
    processes = dict(before.processes)
    for name, held in now.processes.items():
        processes[name] = processes[name].most(held) if name in processes else held
    return Sample(
        processes=processes,
        backends=max(before.backends, now.backends),
        connections=max(before.connections, now.connections),
    )


def at_rest(world: World, site: Site, *, patience: float) -> tuple[Sample, float]:
    """Wait until no connection to a server is open; look, and return for how long it took.

    After ``patience`` seconds it looks all the same.
    """
    began = time.monotonic()
    while site.connections() and time.monotonic() - began < patience:
        time.sleep(0.5)
    return look(world, site), time.monotonic() - began
