"""Finds the very values in use, in whatever form, and says where one may still go on."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from opsmanager.common.redact.forms import LEAST, forms_of
from opsmanager.common.redact.mask import Span, merged

# Programs break long base64 and hex into lines of their own, most of 60 to 76 characters.
_WRAPPED: Final = re.compile(
    r"(?m)^[ \t]*+(?:[A-Za-z0-9+/_-]{40,}+=*\r?\n[ \t]*+)+[A-Za-z0-9+/_=-]*"
)
_BREAK: Final = re.compile(r"\s+")
_LONG: Final = 4096
"""Characters from which on a text is worth a pattern, whose making takes milliseconds."""
_MOST_HEADS: Final = 500
"""With more than these a pattern is slower than looking at each place."""


class KnownValues:
    """A set of secrets, searched for all at once; values shorter than four characters are not."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._by_head: dict[str, tuple[str, ...]] = {}
        self._longest = 0
        self._add(values)

    def __bool__(self) -> bool:
        return bool(self._by_head)

    def with_also(self, values: Iterable[str]) -> "KnownValues":
        """Return these and more; that takes little, however many there are."""
        more = KnownValues()
        more._by_head, more._longest = self._by_head.copy(), self._longest
        more._add(values)
        return more

    def _add(self, values: Iterable[str]) -> None:
        by_head: dict[str, set[str]] = defaultdict(set)
        for value in values:
            for form in forms_of(value):
                by_head[form[:LEAST]].add(form)
        for head, forms in by_head.items():
            together = forms.union(self._by_head.get(head, ()))
            self._by_head[head] = tuple(sorted(together, key=len, reverse=True))
            self._longest = max(self._longest, len(self._by_head[head][0]))

    def _begins(self, text: str, start: int = 0) -> Iterator[int]:
        """Return where a form may begin, from a place on."""
        by_head = self._by_head
        if len(text) - start < _LONG or len(by_head) > _MOST_HEADS:
            for begin in range(start, len(text) - LEAST + 1):
                if text[begin : begin + LEAST] in by_head:
                    yield begin
        elif by_head:
            for head in self._heads.finditer(text, start):
                yield head.start()

    @cached_property
    def _heads(self) -> re.Pattern[str]:
        return re.compile(f"(?={_any_of(self._by_head)})")

    def spans(self, text: str) -> list[Span]:
        """Return where the text holds one of them, in order; of those that overlap the union."""
        return merged([*self._found(text), *self._found_in_wrapped(text)])

    def open_from(self, text: str) -> int:
        """Return where what may still become one of them begins; the text's length if nowhere."""
        place = self._unfinished(text)
        blocks = list(_WRAPPED.finditer(text, max(0, len(text) - 2 * self._longest - 256)))
        if blocks and blocks[-1].end() == len(text):
            joined, places = _joined(text, blocks[-1].start(), len(text))
            begin = self._unfinished(joined)
            if begin < len(joined):
                # By its whole lines it is recognised again.
                place = min(place, begin_of_line(text, places[begin]))
        return place

    def _found(self, text: str) -> Iterator[Span]:
        for begin in self._begins(text):
            for form in self._by_head[text[begin : begin + LEAST]]:
                if text.startswith(form, begin):
                    yield begin, begin + len(form)
                    break

    def _found_in_wrapped(self, text: str) -> Iterator[Span]:
        if not self:
            return
        for block in _WRAPPED.finditer(text):
            joined, places = _joined(text, block.start(), block.end())
            for begin, end in self._found(joined):
                yield places[begin], places[end - 1] + 1

    def _unfinished(self, text: str) -> int:
        """Return where the text's end is the begin of a form that is longer."""
        if not self:
            return len(text)
        for begin in self._begins(text, max(0, len(text) - self._longest)):
            rest = text[begin:]
            forms = self._by_head[rest[:LEAST]]
            if any(len(form) > len(rest) and form.startswith(rest) for form in forms):
                return begin
        for begin in range(max(0, len(text) - LEAST + 1), len(text)):
            if any(head.startswith(text[begin:]) for head in self._by_head):
                return begin
        return len(text)


def begin_of_line(text: str, place: int) -> int:
    """Return where the line of a place begins."""
    return text.rfind("\n", 0, place) + 1


def _any_of(heads: Iterable[str]) -> str:
    """Return a pattern of alternatives that share what they begin with."""
    tree: dict[str, set[str]] = defaultdict(set)
    for head in heads:
        tree[head[0]].add(head[1:])
    branches = (
        f"{re.escape(first)}(?:{'|'.join(map(re.escape, sorted(rests)))})"
        for first, rests in sorted(tree.items())
    )
    return f"(?:{'|'.join(branches)})"


def _joined(text: str, begin: int, end: int) -> tuple[str, list[int]]:
    """Return a part of the text without white space, and where each of its characters stands."""
    places = [at for at in range(begin, end) if not text[at].isspace()]
    return _BREAK.sub("", text[begin:end]), places
