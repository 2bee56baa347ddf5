"""Reading a terminal's text back, and waiting for what is to come."""

import io
import time
from collections.abc import Callable

PATIENCE = 60.0


def eventually(
    condition: Callable[[], object], what: str = "the condition", *, patience: float = PATIENCE
) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)


class Screen(io.StringIO):
    """A terminal's text."""

    def wait_for(self, text: str, *, patience: float = PATIENCE) -> None:
        eventually(lambda: text in self.getvalue(), f"{text!r}", patience=patience)
