"""Masks text as it arrives: what could still become a secret is held back until that is known."""

import codecs
from typing import Final

from opsmanager.common.redact import blocks
from opsmanager.common.redact.families import mask_families
from opsmanager.common.redact.known import KnownValues, begin_of_line
from opsmanager.common.redact.mask import masked

LONGEST_LINE: Final = 64 * 1024
"""Characters; a line that is longer is taken in pieces."""
LONGEST_BLOCK: Final = 64 * 1024
"""Characters of a key or document that are held back while its end is waited for."""
_MOST_LINES: Final = 400
_BREAKS: Final = " \t,;&|"
_NEAR: Final = 4096


class Stream:
    """Masks one stream of bytes or text; what comes out together is what the whole gives.

    Held back are an unfinished line, an open block, and what a known value may begin with.
    """

    def __init__(self, known: KnownValues) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._known = _KnownStream(known)
        self._blocks = _BlockStream()

    def feed(self, chunk: str | bytes) -> str:
        """Return what can be shown by now."""
        text = chunk if isinstance(chunk, str) else self._decoder.decode(chunk)
        return self._blocks.feed(self._known.feed(text))

    def flush(self) -> str:
        """Return the rest, at the stream's end; it may be fed anew then."""
        rest = self._decoder.decode(b"", final=True)
        return self._blocks.feed(self._known.feed(rest) + self._known.flush()) + self.end_block()

    def end_block(self) -> str:
        """Return what the blocks still held."""
        return self._blocks.flush()


class _KnownStream:
    """Masks known values, wherever the pieces are cut."""

    def __init__(self, known: KnownValues) -> None:
        self._known = known
        self._held = ""

    def feed(self, text: str) -> str:
        if not self._known:
            return text
        self._held += text
        line = self._held.rfind("\n") + 1
        if not line and len(self._held) <= LONGEST_LINE:
            return ""
        cut = line if len(self._held) - line <= LONGEST_LINE else len(self._held)
        return self._release(min(cut, self._known.open_from(self._held)))

    def flush(self) -> str:
        return self._release(len(self._held))

    def _release(self, cut: int) -> str:
        spans = self._known.spans(self._held)
        for begin, end in reversed(spans):
            if begin < cut < end:
                line = begin_of_line(self._held, begin)
                cut = line if begin - line <= LONGEST_LINE else begin
        ready, self._held = self._held[:cut], self._held[cut:]
        return masked(ready, [span for span in spans if span[1] <= cut])


class _BlockStream:
    """Takes the stream apart into lines and blocks, and masks families in them."""

    def __init__(self) -> None:
        self._line = ""
        self._plain: list[str] = []
        self._block: list[str] = []
        self._size = 0
        self._is_key = False
        self._done: list[str] = []

    def feed(self, text: str) -> str:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._take_long(f"{line}\n")
        self._line = self._take_pieces(self._line)
        return self._ready()

    def flush(self) -> str:
        if self._line:
            self._take(self._line)
            self._line = ""
        while self._block:
            self._give_up()
        return self._ready()

    def _ready(self) -> str:
        self._end_plain()
        ready, self._done = "".join(self._done), []
        return ready

    def _take_long(self, line: str) -> None:
        self._take(self._take_pieces(line))

    def _take_pieces(self, line: str) -> str:
        """Take pieces off a line that is too long, each cut where a word ends if one does."""
        while len(line) > LONGEST_LINE:
            near = LONGEST_LINE - _NEAR
            cut = max(line.rfind(mark, near, LONGEST_LINE) for mark in _BREAKS) + 1
            cut = cut or LONGEST_LINE
            self._take(line[:cut])
            line = line[cut:]
        return line

    def _take(self, line: str) -> None:
        if self._block:
            self._continue(line)
        elif _begins_key(line):
            self._open(line, is_key=True)
        elif "apiVersion" in line and blocks.DOCUMENT.fullmatch(line):
            self._open(line, is_key=False)
        else:
            self._plain.append(line)

    def _open(self, line: str, *, is_key: bool) -> None:
        self._end_plain()
        self._block, self._size, self._is_key = [line], len(line), is_key

    def _continue(self, line: str) -> None:
        if self._is_key:
            if _begins_key(line):
                self._give_up()
                self._take(line)
                return
            is_last = blocks.END.search(line) is not None
        else:
            is_last = not line.strip() or line.startswith("---")
        self._block.append(line)
        self._size += len(line)
        if is_last:
            self._close()
        elif self._size > LONGEST_BLOCK or len(self._block) > _MOST_LINES:
            self._give_up()

    def _close(self) -> None:
        text, self._block = "".join(self._block), []
        text = blocks.mask_key(text) if self._is_key else blocks.mask_document(text)
        self._done.append(mask_families(text))

    def _give_up(self) -> None:
        """End a block whose end was not seen."""
        if not self._is_key:
            self._close()
            return
        first, *rest = self._block
        count = blocks.lines_of_key(rest)
        self._block = [first, *rest[:count]] if count else []
        if count:
            self._close()
        else:
            self._done.append(mask_families(first))
        for line in rest[count:]:
            self._take(line)

    def _end_plain(self) -> None:
        if self._plain:
            self._done.append(mask_families("".join(self._plain)))
            self._plain = []


def _begins_key(line: str) -> bool:
    """Whether a private key begins in the line and does not end there."""
    if "PRIVATE KEY" not in line and "PuTTY-User-Key" not in line:
        return False
    *_, begin = (None, *blocks.BEGIN.finditer(line))
    # One whose line breaks are escaped stands in the line itself.
    return begin is not None and not line[begin.end() :].strip(" \r\n\"'")
