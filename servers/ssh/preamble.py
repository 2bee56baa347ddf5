"""Parts what a login prints by itself (banners, profiles) from what the command prints."""

from uuid import UUID

_KEPT = 4096
"""Bytes of it that are kept, for the message when the command never begins."""


class Preamble:
    """One stream up to the line ``opsm:<action id>:<word>`` by which ``run.sh`` begins."""

    def __init__(self, action_id: UUID) -> None:
        self._mark = f"opsm:{action_id}:".encode()
        self._buffer = b""
        self.word: str | None = None
        """What the line says; ``None`` until it came."""

    @property
    def text(self) -> str:
        """What came before the line so far, its end at least."""
        return self._buffer.decode(errors="replace").strip()

    def feed(self, chunk: bytes) -> bytes:
        """Take the stream's next bytes and return those that are the command's."""
        if self.word is not None:
            return chunk
        self._buffer += chunk
        before, mark, after = self._buffer.partition(self._mark)
        word, newline, rest = after.partition(b"\n")
        if not newline:
            if not mark:
                self._buffer = self._buffer[-_KEPT:]
            return b""
        self._buffer = before[-_KEPT:]
        self.word = word.decode(errors="replace")
        return rest
