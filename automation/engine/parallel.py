"""Runs several callables at once and waits for all of them."""

import contextvars
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
MOST_AT_ONCE = 8
"""One connection carries at most about this many commands (sshd's MaxSessions is 10)."""


class Turn:
    """Lets the first actions of parallel branches begin in the order of the branches."""

    def __init__(self, before: "Turn | None" = None) -> None:
        self._before = before
        self._over = threading.Event()

    def wait(self) -> None:
        """Wait until the branch before has begun its first action, or has ended."""
        if self._before is not None and not self._over.is_set():
            self._before._over.wait()  # noqa: SLF001 - the same class

    def end(self) -> None:
        """Let the next branch begin."""
        self._over.set()


def run_all(branches: Sequence[tuple[Callable[[], T], Turn]]) -> list[T]:
    """Return what the callables return, in their order, once all have ended.

    Raises the error of the one that failed, or an ``ExceptionGroup`` of several.
    """

    def in_turn(branch: Callable[[], T], turn: Turn) -> T:
        try:
            return branch()
        finally:
            turn.wait()
            turn.end()

    if not branches:
        return []
    with ThreadPoolExecutor(max_workers=min(len(branches), MOST_AT_ONCE)) as threads:
        futures = [
            threads.submit(contextvars.copy_context().run, in_turn, branch, turn)
            for branch, turn in branches
        ]
    errors = [error for future in futures if (error := future.exception()) is not None]
    if len(errors) > 1:
        raise BaseExceptionGroup(f"{len(errors)} parallel actions failed", errors)
    if errors:
        raise errors[0]
    return [future.result() for future in futures]
