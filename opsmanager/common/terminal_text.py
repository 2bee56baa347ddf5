"""Text that a server printed, made harmless: it drives neither a terminal nor a page.

Programs print control sequences (ECMA-48, xterm's own): colours, but also moves, titles, links
(OSC 8) and writes to the clipboard (OSC 52). Colours can be kept as names of classes; everything
else is dropped, or shown by a sign of its own where dropping would hide something.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

_BIDI: Final = "\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c"
"""What turns the direction of text, so that it reads as something else than it is."""

# Nothing but these is looked for in text without any of them, which is nearly all text.
_ODD: Final = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]")

# A string sequence that nobody ended ends with its line: it must not swallow what follows.
_SEQUENCE: Final = re.compile(
    r"""
    (?: \x1b[\]PX^_] | [\x9d\x90\x98\x9e\x9f] ) [^\x07\x1b\x9c\n]* (?: \x07 | \x1b\\ | \x9c )?
    | (?: \x1b\[ | \x9b ) (?P<words> [0-?]* ) [ -/]* (?P<end> [@-~] )?
    | \x1b [ -/]* [0-Z\\^-~]?
    """,
    re.VERBOSE,
)
_PART: Final = re.compile(r"\x1b\[(?P<words>[0-9;:]*)(?P<end>[mK])|\r+|\x08|[^\x1b\r\x08]+")
_NUMBERS: Final = re.compile(r"[0-9]{1,3}")

_FLAGS: Final = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "struck"}
_ENDS: Final = {
    22: ("bold", "dim"),
    23: ("italic",),
    24: ("underline",),
    27: ("inverse",),
    29: ("struck",),
}


@dataclass(frozen=True, kw_only=True)
class Span:
    """A piece of output in one look."""

    text: str
    looks: tuple[str, ...] = ()
    """Such as ``("bold", "fg-1")``; colours are 0 to 15, as in a terminal's palette."""


def printed(text: str) -> str:
    r"""Return output as a terminal would leave it, without its colours.

    What a carriage return or a backspace overwrote is gone, as a progress bar means it. The rest
    holds no control character but newline and tab, and nothing that turns the direction of text.

    >>> printed("\x1b[31mfailed\x1b[0m\n10 %\r20 %")
    'failed\n20 %'
    """
    if not _ODD.search(text):
        return text
    return "".join(span.text for span in spans(text))


def visible(text: str) -> str:
    r"""Return words with a sign for each character that can't be seen, none interpreted.

    For commands and names, where what is hidden matters. Newline and tab stay.

    >>> visible("rm -rf /\rls")
    'rm -rf /␍ls'
    """
    return _ODD.sub(_sign, text)


def one_line(text: str) -> str:
    """Return words on one line, with a sign for each character that can't be seen."""
    return visible(text).replace("\n", "␊").replace("\t", "␉")


def spans(text: str) -> list[Span]:
    """Return output as a terminal would leave it, in pieces that each have one look.

    The looks are ``bold``, ``dim``, ``italic``, ``underline``, ``inverse``, ``struck``, ``fg-0`` to
    ``fg-15`` and ``bg-0`` to ``bg-15``. Colours beyond those are dropped.
    """
    kept = _SEQUENCE.sub(_kept, text.replace("\r\n", "\n"))
    looks: tuple[str, ...] = ()
    found: list[Span] = []
    for number, line in enumerate(kept.split("\n")):
        if number:
            found.append(Span(text="\n"))
        pieces, looks = _line(line, looks)
        found += pieces
    return [
        Span(text="".join(span.text for span in same), looks=look)
        for look, same in groupby(found, key=lambda span: span.looks)
    ]


def _kept(sequence: re.Match[str]) -> str:
    """Return colours and the erasing of a line as they are, and nothing of all else."""
    words, end = sequence["words"] or "", sequence["end"]
    is_known = end in ("m", "K") and not words.strip("0123456789;:")
    return f"\x1b[{words}{end}" if is_known else ""


def _line(line: str, looks: tuple[str, ...]) -> tuple[list[Span], tuple[str, ...]]:
    """Return what stays of one line, and the look that the next one begins with."""
    if "\r" not in line and "\x08" not in line and "\x1b" not in line:
        return ([Span(text=visible(line), looks=looks)] if line else []), looks
    cells: list[tuple[str, tuple[str, ...]]] = []
    column = 0
    for part in _PART.finditer(line):
        if part["end"] == "m":
            looks = _look(part["words"], looks)
        elif part["end"] == "K":
            _erase(cells, column, part["words"])
        elif part[0][0] == "\r":
            column = 0
        elif part[0] == "\x08":
            column = max(column - 1, 0)
        else:
            new = [(sign, looks) for sign in part[0]]
            cells[column : column + len(new)] = new
            column += len(new)
    return list(_spans(cells)), looks


def _erase(cells: list[tuple[str, tuple[str, ...]]], column: int, words: str) -> None:
    if words in ("", "0"):
        del cells[column:]
    else:
        upto = len(cells) if words == "2" else min(column + 1, len(cells))
        cells[:upto] = [(" ", ())] * min(column, upto)


def _spans(cells: list[tuple[str, tuple[str, ...]]]) -> Iterator[Span]:
    for looks, same in groupby(cells, key=lambda cell: cell[1]):
        yield Span(text=visible("".join(sign for sign, _ in same)), looks=looks)


def _look(words: str, looks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the look after a ``CSI … m`` with these words."""
    codes = iter([int(code) for code in _NUMBERS.findall(words)] or [0])
    found = dict.fromkeys(looks)
    for code in codes:
        if code == 0:
            found.clear()
        elif code in _FLAGS:
            found[_FLAGS[code]] = None
        elif code in _ENDS:
            for name in _ENDS[code]:
                found.pop(name, None)
        elif code in (38, 48):
            _paint(found, "fg" if code == 38 else "bg", _of_palette(codes))
        elif 30 <= code <= 37 or 90 <= code <= 97 or code == 39:
            _paint(found, "fg", code - 30 if code < 38 else code - 82 if code >= 90 else None)
        elif 40 <= code <= 47 or 100 <= code <= 107 or code == 49:
            _paint(found, "bg", code - 40 if code < 48 else code - 92 if code >= 100 else None)
    return tuple(sorted(found))


def _of_palette(codes: Iterator[int]) -> int | None:
    """Read on after 38 or 48; return the colour if it is one of the sixteen."""
    kind = next(codes, 0)
    taken = [next(codes, 0) for _ in range({5: 1, 2: 3}.get(kind, 0))]
    return taken[0] if kind == 5 and taken[0] < 16 else None


def _paint(found: dict[str, None], ground: str, colour: int | None) -> None:
    for name in [name for name in found if name.startswith(f"{ground}-")]:
        del found[name]
    if colour is not None:
        found[f"{ground}-{colour}"] = None


def _sign(odd: re.Match[str]) -> str:
    code = ord(odd[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"⟨U+{code:04X}⟩"
