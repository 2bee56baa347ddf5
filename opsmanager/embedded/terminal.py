"""Lines of many processes on one terminal, each told by its name and colour."""

import itertools
import os
import sys
from typing import TextIO

COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)
OWN_NAME = "opsmanager"
WIDTH = len(OWN_NAME)


class Terminal:
    """Writes whole lines, prefixed with the name of who said them.

    Colours only where somebody sees them: on a terminal, unless NO_COLOR is set.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._is_read = True
        self._coloured = self._stream.isatty() and "NO_COLOR" not in os.environ
        self._palette = itertools.cycle(COLOURS)
        self._colours: dict[str, int] = {}

    def line(self, name: str, text: str) -> None:
        """Show a line that the process `name` wrote."""
        prefix = f"{name:<{WIDTH}} |"
        if self._coloured:
            if name not in self._colours:
                self._colours[name] = next(self._palette)
            prefix = f"\x1b[{self._colours[name]}m{prefix}\x1b[0m"
        self._write(f"{prefix} {text}\n")

    def say(self, sentence: str) -> None:
        """Show a line of the supervisor's own."""
        prefix = f"{OWN_NAME:<{WIDTH}} |"
        self._write(
            f"\x1b[1m{prefix} {sentence}\x1b[0m\n" if self._coloured else f"{prefix} {sentence}\n"
        )

    def block(self, text: str) -> None:
        """Show several lines as they are, such as the closing banner."""
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        if not self._is_read:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            # Whoever read along has gone (`make run | head`); the processes still need their end.
            self._is_read = False
