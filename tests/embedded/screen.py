"""Reading a terminal's text back, and waiting for what is to come."""

import io
import time
from collections.abc import Callable

PATIENCE = 60.0


def eventually(condition: Callable[[], object], what: str = "the condition") -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)


class Screen(io.StringIO):
    """A terminal's text."""

    def wait_for(self, text: str, times: int = 1) -> None:
        eventually(lambda: self.getvalue().count(text) >= times, f"{text!r}")
