"""Ends the supervisor's processes when the supervisor itself was killed and could not.

It is a process of its own at the other end of a pipe that only the supervisor writes to. While the
supervisor lives, a line `+PID SIGNAL` or `-PID` tells which processes there are and how each is
asked to stop; the end of the pipe tells that the supervisor is gone, however it died.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable

from opsmanager.embedded.family import Family

PATIENCE = 6.0


class Watchdog:
    """The supervisor's end of the pipe."""

    def __init__(self, *, keep: tuple[int, ...] = ()) -> None:
        """Start the process; the descriptors `keep` (the data folder's lock) stay open in it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "opsmanager.embedded.watchdog"],
            stdin=subprocess.PIPE,
            # Whoever waits for the end of the supervisor's output must not wait for this one.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=keep,
        )

    @property
    def pid(self) -> int:
        """The watchdog's own process id."""
        return self._process.pid

    def started(self, pid: int, stop_signal: signal.Signals) -> None:
        """Tell that the leader of a new process group lives."""
        self._write(f"+{pid} {int(stop_signal)}\n")

    def ended(self, pid: int) -> None:
        """Tell that this one and its group are gone."""
        self._write(f"-{pid}\n")

    def dismiss(self) -> None:
        """End the watchdog, which first ends what has not been reported as ended."""
        assert self._process.stdin is not None  # noqa: S101  (tells mypy)
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101  (tells mypy)
        # A watchdog that somebody killed costs the safety net, not the work.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


def watch(lines: Iterable[str]) -> None:
    """Follow the supervisor's `lines` to their end, then end the processes still alive."""
    alive: dict[int, signal.Signals] = {}
    for line in lines:
        pid, _, stop_signal = line.strip().lstrip("+-").partition(" ")
        if line.startswith("+"):
            alive[int(pid)] = signal.Signals(int(stop_signal))
        else:
            alive.pop(int(pid), None)
    _end(alive)


def _end(alive: dict[int, signal.Signals]) -> None:
    families = {Family(pid): stop_signal for pid, stop_signal in reversed(alive.items())}
    for family, stop_signal in families.items():
        family.signal(stop_signal)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(family.is_alive for family in families):
        time.sleep(0.05)
    for family in families:
        family.kill()


if __name__ == "__main__":
    # A terminal's Ctrl-C or hang-up is the supervisor's to answer.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with os.fdopen(0) as pipe:
        watch(pipe)
