"""One command on one channel: feeds it, drains both streams in one loop, and sees its end."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import paramiko

from servers.ssh.errors import ChannelLost, ShellUnavailable
from servers.ssh.preamble import Preamble

OutputSink = Callable[[str, bytes], None]
"""Called with ``"stdout"`` or ``"stderr"`` and bytes as they arrive."""

_WINDOW = 1 << 21
"""paramiko's receive window: one read of this size empties a stream's buffer."""

_SEND_TIMEOUT = 30.0
"""Seconds without progress after which sending the script counts as lost."""

_QUIET_AFTER_EXIT = 2.0
_DRAIN_AFTER_EXIT = 10.0
"""Seconds. A process that stays behind and holds stdout open must not hold up the result."""


class _Arrival(threading.Event):
    """Set when a stream has news. paramiko clears it at its own moments; only we may."""

    def clear(self) -> None:
        """Do nothing: a clear by one stream would swallow the news of the other."""

    def rearm(self) -> None:
        super().clear()


class RemoteProcess:
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
        self._channel = channel
        self._on_output = on_output
        self._on_close = on_close
        self._label = label
        self._arrived = _Arrival()
        self._stdout = Preamble(action_id)
        self._stderr = Preamble(action_id)
        self._exited_at: float | None = None
        self._heard_at = 0.0
        channel.settimeout(_SEND_TIMEOUT)
        channel.in_buffer.set_event(self._arrived)
        channel.in_stderr_buffer.set_event(self._arrived)

    def start(self, shell: str, script: bytes) -> None:
        """Ask for the shell and feed it the script.

        Raises ``ShellUnavailable`` (refused, nothing ran) and ``ChannelLost``.
        """
        try:
            self._channel.exec_command(shell)
            self._channel.sendall(script)
            self._send_eof()
        except (paramiko.SSHException, EOFError, OSError) as error:
            transport = self._channel.get_transport()
            if transport.is_active() and str(error) == "Channel closed.":
                raise ShellUnavailable(
                    f"{self._label} accepts the login and refuses to run commands for it. "
                    "Check sshd's ForceCommand, and restrictions in authorized_keys."
                ) from error
            raise self._lost() from error

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

    @property
    def word(self) -> str | None:
        """What ``run.sh`` said as it began, ``None`` while it has not; see :class:`Preamble`."""
        return self._stdout.word or self._stderr.word

    @property
    def session_id(self) -> int:
        """The session on the server that is the command's alone; 0 when there is none."""
        return int(self.word) if self.word is not None and self.word.isdecimal() else 0

    @property
    def preamble(self) -> str:
        """What came in place of ``run.sh``'s first word, for the message about it."""
        return "\n".join(filter(None, (self._stderr.text, self._stdout.text)))

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

    def _ready(self) -> bool:
        return self._channel.recv_ready() or self._channel.recv_stderr_ready()

    def _drain(self) -> bool:
        ready = self._ready()
        if self._channel.recv_ready():
            self._hand_on("stdout", self._stdout.feed(self._channel.recv(_WINDOW)))
        if self._channel.recv_stderr_ready():
            self._hand_on("stderr", self._stderr.feed(self._channel.recv_stderr(_WINDOW)))
        return ready

    def _hand_on(self, stream: str, chunk: bytes) -> None:
        if chunk:
            self._on_output(stream, chunk)

    def exit_code(self) -> int:
        """Return the exit code, 128+n for signal n; only once :meth:`poll` said it ended.

        Raises ``ChannelLost`` when nobody saw the end, ``ShellUnavailable`` when ``run.sh`` never
        began.
        """
        code = self._channel.exit_status
        if code < 0:
            raise self._lost()
        if self.word is None:
            said = f" It said: {self.preamble[-500:]}" if self.preamble else ""
            raise ShellUnavailable(
                f"{self._label} accepts the login, but its login shell did not start /bin/sh "
                f"(exit code {code}), so nothing was run.{said}"
            )
        return code

    def close(self) -> None:
        """Close the channel, once; does not end the command."""
        try:
            self._channel.close()
        finally:
            self._on_close()

    def _lost(self) -> ChannelLost:
        return ChannelLost(
            f"The connection to {self._label} broke after the command was sent, so it may have "
            "run. Look at the server before you run it again."
        )
