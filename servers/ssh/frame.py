"""Parts what one command writes to a stream from what others wrote there before and after."""

from uuid import UUID

from servers.ssh.preamble import Preamble


class Frame:
    """One stream from the line by which a command begins to the one by which it ends.

    See ``scripts/shared.sh``; ``word`` is what the command is not told.
    """

    def __init__(self, action_id: UUID, word: str) -> None:
        self._begin = Preamble(action_id)
        self._end = f"opsm-end:{word}:".encode()
        self._held = b""
        self.code: int | None = None
        """The exit code; ``None`` until the end came."""

    @property
    def word(self) -> str | None:
        """What the first line says; ``None`` until it came."""
        return self._begin.word

    @property
    def text(self) -> str:
        """What came before the first line."""
        return self._begin.text

    def feed(self, chunk: bytes) -> bytes:
        """Take the stream's next bytes and return those that are the command's."""
        if self.code is not None:
            return b""
        if self._begin.word is None:
            chunk = self._begin.feed(chunk)
            if self._begin.word is None:
                return b""
        self._held += chunk
        at = self._held.find(self._end)
        if at < 0:
            at = self._may_begin()
        else:
            code, newline, _ = self._held[at + len(self._end) :].partition(b"\n")
            if newline:
                self.code = int(code)
        ready, self._held = self._held[:at], self._held[at:]
        return ready

    def _may_begin(self) -> int:
        """Return where the end may begin of which only a part has come."""
        first = max(0, len(self._held) - len(self._end) + 1)
        for at in range(first, len(self._held)):
            if self._end.startswith(self._held[at:]):
                return at
        return len(self._held)
