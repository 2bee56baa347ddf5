"""A family of secrets: how one is recognised in a line of text, and which part of it is masked."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from opsmanager.common.redact.mask import MASK, Span, masked

_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def never(value: str) -> bool:
    """Say of no value that it stays."""
    return False


@dataclass(frozen=True, kw_only=True)
class Family:
    """One kind of secret.

    Only lines that hold a keyword (in lower case), and match ``gate`` in lower case, are searched:
    that is for speed alone. The groups of ``pattern`` are what
    is masked, the whole match where it has none; it sees one line at a time and must not reach
    beyond. ``stays`` says which values are none, such as the name of a variable.
    """

    name: str
    keywords: tuple[str, ...]
    pattern: re.Pattern[str]
    stays: Callable[[str], bool] = never
    gate: re.Pattern[str] | None = None

    def apply(self, text: str, lowered: str) -> str:
        """Return the text, masked; ``lowered`` is the same in lower case, place for place."""
        lines = list(self._lines(lowered))
        if not lines:
            return text
        parts, done = [], 0
        for begin, end in lines:
            parts += [text[done:begin], self._line(text[begin:end])]
            done = end
        return "".join([*parts, text[done:]])

    def _lines(self, lowered: str) -> Iterable[Span]:
        """Return the lines that hold a keyword, in order."""
        found: dict[int, int] = {}
        for keyword in self.keywords:
            at = lowered.find(keyword)
            while at >= 0:
                end = lowered.find("\n", at)
                end = len(lowered) if end < 0 else end
                found[lowered.rfind("\n", 0, at) + 1] = end
                at = lowered.find(keyword, end)
        lines = sorted(found.items())
        if self.gate is None:
            return lines
        return [line for line in lines if self.gate.search(lowered, *line)]

    def _line(self, line: str) -> str:
        spans: list[Span] = []
        for match in self.pattern.finditer(line):
            groups = range(1, match.re.groups + 1) if match.re.groups else (0,)
            spans += [
                match.span(group)
                for group in groups
                if match[group] and match[group] != MASK and not self.stays(match[group])
            ]
        return masked(line, spans) if spans else line


def lowered(text: str) -> str:
    """Return the text in lower case, with each character where it was."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_LOWER)


def check_order(families: Sequence[Family]) -> None:
    """Raise ``ValueError`` for two families of one name."""
    for one, other in pairwise(sorted(family.name for family in families)):
        if one == other:
            raise ValueError(f"Two families are named {one}.")
