"""What a step asks a server to run: words, never a string that a shell would read again."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from automation.engine.errors import CommandInvalid


@dataclass(frozen=True)
class Shell:
    """A script for ``/bin/sh``, the explicit exception to "words only".

    Give it in place of the command's first word; whatever follows reaches the script as ``$1``,
    ``$2``, ... and is never read as shell::

        run.read(Shell('command -v "$1" || command -v "$2"'), "curl", "wget")

    Never format a parameter into ``script``: hand it over as an argument.
    """

    script: str

    def words(self, *arguments: str) -> tuple[str, ...]:
        """Return the words that run this script with these positional arguments."""
        return ("/bin/sh", "-c", self.script, "sh", *arguments)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command as a list of words; the engine quotes them.

    Raises ``CommandInvalid`` when it is made of no word, of something that is not text, or of
    text that no command line can carry.
    """

    words: tuple[str, ...]
    changes: bool
    sudo: bool = False
    """Run as root: through ``sudo -n`` unless the login is root already."""
    timeout: float | None = None
    """Seconds; ``None`` leaves it to the time left for the execution."""
    stdin: str = ""
    """Text for the command's standard input: the only way for a secret."""

    def __post_init__(self) -> None:
        if not self.words or not self.words[0]:
            raise CommandInvalid("A command needs at least one word: the program to run.")
        for word in self.words:
            _check_word(word)

    def text(self, *, as_root: bool) -> str:
        """Return the POSIX shell text, each word quoted; ``as_root`` when the login is root."""
        words = self.words if as_root or not self.sudo else ("sudo", "-n", "--", *self.words)
        return shlex.join(words)


def words_of(parts: Sequence[str | Shell]) -> tuple[str, ...]:
    """Return the plain words of a command whose first part may be a :class:`Shell`."""
    first, *rest = parts or ("",)
    words = tuple(part for part in rest if not isinstance(part, Shell))
    if len(words) < len(rest):
        raise CommandInvalid("A Shell stands in place of a command's first word, nowhere else.")
    return first.words(*words) if isinstance(first, Shell) else (first, *words)


def _check_word(word: object) -> None:
    """Refuse what would be sent as something else than what it says."""
    if not isinstance(word, str):
        raise CommandInvalid(
            f"Each word of a command must be text, not {type(word).__name__}; "
            "a secret goes to the command's standard input."
        )
    if "\0" in word:
        raise CommandInvalid("A word of a command holds a NUL character, which none can carry.")
    try:
        word.encode()
    except UnicodeEncodeError:
        raise CommandInvalid(
            "A word of a command holds half a character, which can't be sent."
        ) from None
