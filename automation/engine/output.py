"""Turns a command's bytes into text that can be stored, and keeps it within bounds."""

import codecs

MIB = 1024 * 1024


class OutputDecoder:
    """Decodes one stream of output as it arrives.

    A character whose bytes come in two pieces is put together; invalid UTF-8 becomes U+FFFD, and
    NUL, which PostgreSQL's text can't hold, the symbol for it (U+2400).
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def decode(self, chunk: bytes, *, final: bool = False) -> str:
        """Return the text that is complete by now; ``final`` with the stream's last chunk."""
        return self._decoder.decode(chunk, final).replace("\0", "\N{SYMBOL FOR NULL}")


class CappedText:
    """The head and tail of a long text; the middle gives way beyond ``limit`` bytes (UTF-8).

    Memory stays within about one and a half times the limit, whatever is appended.
    """

    def __init__(self, limit: int = MIB) -> None:
        self._head_limit = limit // 2
        self._tail_limit = limit - self._head_limit
        self._head = bytearray()
        self._tail = bytearray()
        self._trimmed = 0

    def append(self, text: str) -> None:
        """Add text at the end."""
        chunk = text.encode("utf-8", errors="replace")
        room = self._head_limit - len(self._head) if not self._tail else 0
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > 2 * self._tail_limit:
            self._trim()

    def text(self) -> str:
        """Return what is kept; where the middle was cut, a line says how many bytes."""
        self._trim()
        if not self._trimmed:
            return (self._head + self._tail).decode()
        # A cut may fall inside a character: its bytes on either side are left out.
        head = self._head.decode(errors="ignore")
        tail = self._tail.decode(errors="ignore")
        return f"{head}\n[... {self._trimmed:,} bytes left out ...]\n{tail}"

    @property
    def is_cut(self) -> bool:
        """Whether the middle gave way."""
        self._trim()
        return self._trimmed > 0

    def _trim(self) -> None:
        surplus = len(self._tail) - self._tail_limit
        if surplus > 0:
            del self._tail[:surplus]
            self._trimmed += surplus
