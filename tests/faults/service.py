"""PostgreSQL, Redis or another server process that can be killed, paused and started again."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from opsmanager.embedded.process import Program
from opsmanager.embedded.watchdog import Watchdog
from tests.stack.running import Running

PATIENCE = 120.0  # seconds, for a busy machine
_PAUSE = 0.1


class Service:
    """A program that serves at one port, whatever becomes of it."""

    def __init__(
        self, program: Program, *, log: Path, watchdog: Watchdog, is_up: Callable[[], bool]
    ) -> None:
        self.program = program
        self._log = log
        self._watchdog = watchdog
        self._is_up = is_up
        self._running: Running | None = None
        self.gave_up = 0
        """How often it has ended by itself, and was revived."""

    def start(self) -> None:
        """Start it and wait until it serves."""
        deadline = time.monotonic() + PATIENCE
        while True:
            if self._running is None or self._running.has_ended:
                # The kernel may not yet have let go of what a killed one held.
                self._gone()
                self._running = Running(self.program, log=self._log, watchdog=self._watchdog)
            if self._is_up():
                return
            assert time.monotonic() < deadline, f"{self.program.name}: {self.words()}"
            time.sleep(_PAUSE)

    def revive(self) -> None:
        """Start it where it has ended by itself; nobody waits until it serves."""
        if self._running is not None and self._running.has_ended:
            self.gave_up += 1
            self._gone()
            self._running = Running(self.program, log=self._log, watchdog=self._watchdog)

    def kill(self) -> None:
        """Kill it and all its processes."""
        if self._running is not None:
            self._running.kill()
        self._running = None

    def stop(self, number: signal.Signals) -> None:
        """Ask it to stop by that signal, and wait until it has."""
        if self._running is not None:
            self._running.process.send_signal(number)
            self._running.process.wait(PATIENCE)
        self._gone()

    def processes(self) -> list[psutil.Process]:
        """Return its processes, the one that was started first."""
        if self._running is None:
            return []
        with suppress(psutil.NoSuchProcess):
            leader = psutil.Process(self._running.process.pid)
            return [leader, *leader.children(recursive=True)]
        return []

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop all its processes in their tracks meanwhile."""
        with frozen(self.processes()):
            yield

    def words(self) -> str:
        """Return the end of what it wrote."""
        return self._log.read_text(errors="replace")[-4000:] if self._log.exists() else ""

    def _gone(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running = None


@contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    """Stop these processes in their tracks meanwhile."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()
