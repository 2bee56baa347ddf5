"""What is shown in place of a secret."""

from collections.abc import Iterable
from typing import Final

MASK: Final = "***"

Span = tuple[int, int]
"""Begin and end of a secret within a text."""


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that overlap as one; spans that only touch stay apart."""
    whole: list[Span] = []
    for begin, end in sorted(spans):
        if whole and begin < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((begin, end))
    return whole


def masked(text: str, spans: Iterable[Span]) -> str:
    """Return the text with each span replaced by the mask."""
    parts, done = [], 0
    for begin, end in merged(spans):
        parts += [text[done:begin], MASK]
        done = end
    return "".join([*parts, text[done:]])
