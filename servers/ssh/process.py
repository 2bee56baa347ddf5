"""One command on one channel: feeds it, drains both streams in one loop, and sees its end."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import paramiko

from servers.ssh.preamble import Preamble
from servers.ssh.streams import OutputSink, Streams, close

_QUIET_AFTER_EXIT = 2.0
_DRAIN_AFTER_EXIT = 10.0
"""Seconds. A process that stays behind and holds stdout open must not hold up the result."""


class RemoteProcess(Streams):
    """A ``run.sh`` with its command, from the exec request to its exit status."""

    def __init__(
        self,
        channel: paramiko.Channel,
        *,
        action_id: UUID,
        on_output: OutputSink,
        on_close: Callable[[], None],
        label: str,
    ) -> None:
        streams = (Preamble(action_id), Preamble(action_id))
        super().__init__(channel, *streams, on_output=on_output, label=label)
        self._on_close = on_close
        self._exited_at: float | None = None
        self._heard_at = 0.0

    def start(self, shell: str, script: bytes) -> None:
        """Ask for the shell and feed it the script.

        Raises ``ShellUnavailable`` (refused, nothing ran) and ``ChannelLost``.
        """
        try:
            # One of two texts of our own; the command comes quoted in the script.
            self._channel.exec_command(shell)  # nosec B601
            self._channel.sendall(script)
            self._send_eof()
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise self._broken(error) from error

    def _send_eof(self) -> None:
        """Say that no more input follows, unless the channel is closed by now.

        After a quick command paramiko may answer sshd's close between making the EOF and sending
        it. sshd has forgotten the channel then, and cuts the whole connection for it, with all
        that others do there. The channel's lock keeps the two apart.
        """
        # paramiko offers no way to do both under its lock.
        channel: Any = self._channel
        with channel.lock:
            message = None if channel.closed else channel._send_eof()  # noqa: SLF001
            if message is not None:
                channel.transport._send_user_message(message)  # noqa: SLF001

    def poll(self, seconds: float) -> bool:
        """Wait up to ``seconds`` for output, hand it on, and return whether all has ended."""
        # The news of its close may have been taken by an earlier poll.
        if not self._channel.closed:
            self._arrived.wait(seconds)
        self._arrived.rearm()
        # Asked before the buffers are emptied, so that nothing can come in between.
        closed = self._channel.closed
        exited = self._channel.status_event.is_set()
        now = time.monotonic()
        if self._drain():
            self._heard_at = now
        if closed:
            return True
        if not exited:
            return False
        if self._exited_at is None:
            self._exited_at = self._heard_at = now
        if now - self._exited_at >= _DRAIN_AFTER_EXIT or now - self._heard_at >= _QUIET_AFTER_EXIT:
            return True
        return bool(self._channel.eof_received) and not self._ready()

    def exit_code(self) -> int:
        """Return the exit code, 128+n for signal n; only once :meth:`poll` said it ended.

        Raises ``ChannelLost`` when nobody saw the end, ``ShellUnavailable`` when ``run.sh`` never
        began.
        """
        code = self._channel.exit_status
        if code < 0:
            raise self._gone()
        if self.word is None:
            raise self._never_began(code)
        return code

    def close(self) -> None:
        """Close the channel, once; does not end the command."""
        try:
            close(self._channel)
        finally:
            self._on_close()
