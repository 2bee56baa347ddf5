"""Shells that run one reading command after the other, where a channel for each costs too much.

A channel costs its server some ten processes and a login shell; a command in a shell that is there
two. Each has a session, a mark and streams of its own all the same, and ends alone.
"""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import paramiko

from servers.ssh import script
from servers.ssh.errors import ChannelLost, ShellUnavailable
from servers.ssh.frame import Frame
from servers.ssh.streams import OutputSink, Streams, close

_LONGEST_LIFE = 600.0
"""Seconds after which a shell is not used again, so that none grows old."""


class SharedShell:
    """One channel with a shell, used by one command at a time."""

    def __init__(self, channel: paramiko.Channel, *, label: str) -> None:
        self.channel = channel
        self.label = label
        self.is_begun = False
        self._until = time.monotonic() + _LONGEST_LIFE

    @property
    def is_usable(self) -> bool:
        """Whether a further command may run in it, as far as anybody knows."""
        channel = self.channel
        is_quiet = not (channel.recv_ready() or channel.recv_stderr_ready())
        is_there = not (channel.closed or channel.eof_received or channel.status_event.is_set())
        return is_there and is_quiet and time.monotonic() < self._until

    def close(self) -> None:
        """End the shell; a command that still runs in it is not ended."""
        close(self.channel)


class SharedProcess(Streams):
    """One command in a shared shell, from its begin to its exit code."""

    def __init__(
        self,
        shell: SharedShell,
        *,
        action_id: UUID,
        on_output: OutputSink,
        on_close: Callable[[SharedShell, bool], None],
    ) -> None:
        """``on_close`` hears whether the shell may be used again."""
        self.is_first = not shell.is_begun
        self._shell = shell
        self._action_id = action_id
        self._on_close = on_close
        self._word = uuid4().hex
        self._frames = (Frame(action_id, self._word), Frame(action_id, self._word))
        super().__init__(shell.channel, *self._frames, on_output=on_output, label=shell.label)
        self._is_clean = False

    def start(self, shell: str, text: str) -> None:
        """Begin the command. Raises ``ShellUnavailable`` (nothing ran) and ``ChannelLost``."""
        payload = script.one(text, action_id=self._action_id, word=self._word)
        try:
            if self.is_first:
                self._shell.is_begun = True
                # One of two texts of our own; the command comes quoted in the script.
                self._channel.exec_command(shell)  # nosec B601
                payload = script.shared() + payload
            self._channel.sendall(payload)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise self._broken(error) from error

    def poll(self, seconds: float) -> bool:
        """Wait up to ``seconds`` for output, hand it on, and return whether all has ended."""
        self._arrived.wait(seconds)
        self._arrived.rearm()
        # Asked before the buffers are emptied, so that nothing can come in between.
        is_gone = self._channel.closed or self._channel.status_event.is_set()
        self._drain()
        return is_gone or all(frame.code is not None for frame in self._frames)

    def exit_code(self) -> int:
        """Return the exit code, 128+n for signal n; only once :meth:`poll` said it ended.

        Raises ``ChannelLost`` when nobody saw the end, ``ShellUnavailable`` when the shell never
        began.
        """
        codes = [frame.code for frame in self._frames if frame.code is not None]
        if len(codes) < len(self._frames):
            raise self._gone()
        self._is_clean = True
        return codes[0]

    def close(self) -> None:
        """Give the shell back, or end it where its command was not seen to end."""
        self._on_close(self._shell, self._is_clean)

    def _gone(self) -> ChannelLost | ShellUnavailable:
        """Return what it means that nobody saw the end: a shell may never have begun."""
        if self.word is None and self._channel.exit_status >= 0:
            return self._never_began(self._channel.exit_status)
        return super()._gone()
