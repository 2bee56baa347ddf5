"""The stop signal of a test: real time, and a limit."""

import time
from datetime import timedelta


class TimeLimit:
    """Implements the engine's ``StopSignal``: stops when ``seconds`` are over; keeps its waits."""

    def __init__(self, seconds: float) -> None:
        self.slept: list[float] = []
        self._ends_at = time.monotonic() + seconds

    def reason(self) -> str | None:
        """Return ``"TIMEOUT"`` once the time is over."""
        return "TIMEOUT" if time.monotonic() >= self._ends_at else None

    def wait(self, seconds: float) -> str | None:
        """Wait, at most until the time is over."""
        self.slept.append(seconds)
        time.sleep(min(seconds, self._left()))
        return self.reason()

    def remaining(self) -> timedelta:
        """Return the time left, never less than none."""
        return timedelta(seconds=self._left())

    def _left(self) -> float:
        return max(self._ends_at - time.monotonic(), 0)
