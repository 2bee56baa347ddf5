"""Compares a real run with the dry run that a person looked at before saying "exactly this"."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What a dry run read and what it would have sent."""

    reads: Mapping[str, str] = field(default_factory=dict)
    """Standard output by the command that read it."""
    changes: Collection[str] = ()
    """The commands that it left out."""
    once: Mapping[str, Any] = field(default_factory=dict)
    """What it made up once, so that the real run uses the same names."""


class Comparison:
    """Collects what a run reads, and says before each change what is not as in the dry run.

    ``shown`` returns a text as the log of the dry run shows it.
    """

    def __init__(self, dry_run: DryRun | None, *, shown: Callable[[str], str] = str) -> None:
        self._shown = shown
        self._dry_run = dry_run or DryRun()
        self._is_compared = dry_run is not None
        self._differing: dict[str, None] = {}
        self._lock = threading.Lock()

    def saw(self, text: str, stdout: str) -> None:
        """Note what a reading command said."""
        if not self._is_compared:
            return
        text, stdout = self._shown(text), self._shown(stdout)
        with self._lock:
            if self._dry_run.reads.get(text, stdout) != stdout:
                self._differing[text] = None

    def warnings_before(self, change: str) -> list[str]:
        """Return a sentence for each difference that was not told yet."""
        if not self._is_compared:
            return []
        with self._lock:
            said = [
                f"Since the dry run, this says something else: {text}" for text in self._differing
            ]
            self._differing.clear()
        change = self._shown(change)
        if change not in self._dry_run.changes:
            said.append(f"The dry run did not show this change: {change}")
        return said
