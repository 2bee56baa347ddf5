"""What a step asks a server to run: words, never a string that a shell would read again."""

import shlex
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command as a list of words; the engine quotes them.

    A shell is an explicit exception: ``shell("...")`` builds a command whose one word is read by
    ``/bin/sh``.
    """

    words: tuple[str, ...]
    changes: bool
    sudo: bool = False
    """Run as root: through ``sudo -n`` unless the login is root already."""
    timeout: float | None = None
    """Seconds; ``None`` leaves it to the time left for the execution."""
    stdin: str = ""
    """Text for the command's standard input: the only way for a secret."""

    def text(self, *, as_root: bool) -> str:
        """Return the POSIX shell text, each word quoted; ``as_root`` when the login is root."""
        words = self.words if as_root or not self.sudo else ("sudo", "-n", "--", *self.words)
        return shlex.join(words)
