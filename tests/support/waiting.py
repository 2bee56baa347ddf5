"""Waiting for what happens in another process."""

import time
from collections.abc import Callable

PATIENCE = 120.0  # seconds, for a busy machine


def eventually(holds: Callable[[], object]) -> None:
    """Wait until it holds; fail when it doesn't come about."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.05)
