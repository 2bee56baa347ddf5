"""The streams of a channel on which a command runs: waiting for both, and what a break means."""

import threading
from collections.abc import Callable
from contextlib import suppress

import paramiko

from servers.ssh.errors import ChannelLost, ShellUnavailable
from servers.ssh.frame import Frame
from servers.ssh.preamble import Preamble

OutputSink = Callable[[str, bytes], None]
"""Called with ``"stdout"`` or ``"stderr"`` and bytes as they arrive."""

_SEND_TIMEOUT = 30.0
"""Seconds without progress after which sending counts as lost."""

_WINDOW = 1 << 21
"""paramiko's receive window: one read of this size empties a stream's buffer."""


class _Arrival(threading.Event):
    """Set when a stream has news. paramiko clears it at its own moments; only we may."""

    def clear(self) -> None:
        """Do nothing: a clear by one stream would swallow the news of the other."""

    def rearm(self) -> None:
        """Wait for further news."""
        super().clear()


class Streams:
    """Both streams of one command, and what came on them before it began."""

    def __init__(
        self,
        channel: paramiko.Channel,
        stdout: Preamble | Frame,
        stderr: Preamble | Frame,
        *,
        on_output: OutputSink,
        label: str,
    ) -> None:
        self._channel = channel
        self._stdout = stdout
        self._stderr = stderr
        self._on_output = on_output
        self._label = label
        self._arrived = _Arrival()
        channel.settimeout(_SEND_TIMEOUT)
        channel.in_buffer.set_event(self._arrived)
        channel.in_stderr_buffer.set_event(self._arrived)

    @property
    def word(self) -> str | None:
        """What was said as the command began, ``None`` while it has not; see :class:`Preamble`."""
        return self._stdout.word or self._stderr.word

    @property
    def session_id(self) -> int:
        """The session on the server that is the command's alone; 0 when there is none."""
        return int(self.word) if self.word is not None and self.word.isdecimal() else 0

    @property
    def preamble(self) -> str:
        """What came in place of the first word, for the message about it."""
        return "\n".join(filter(None, (self._stderr.text, self._stdout.text)))

    def _ready(self) -> bool:
        return self._channel.recv_ready() or self._channel.recv_stderr_ready()

    def _drain(self) -> bool:
        """Hand on what has come; return whether anything had."""
        ready = self._ready()
        if self._channel.recv_ready():
            self._hand_on("stdout", self._stdout.feed(self._channel.recv(_WINDOW)))
        if self._channel.recv_stderr_ready():
            self._hand_on("stderr", self._stderr.feed(self._channel.recv_stderr(_WINDOW)))
        return ready

    def _hand_on(self, stream: str, chunk: bytes) -> None:
        if chunk:
            self._on_output(stream, chunk)

    def _broken(self, error: Exception) -> ChannelLost | ShellUnavailable:
        """Return what an error means that came as the command was sent."""
        if self._channel.get_transport().is_active() and str(error) == "Channel closed.":
            return ShellUnavailable(
                f"{self._label} accepts the login and refuses to run commands for it. "
                "Check sshd's ForceCommand, and restrictions in authorized_keys."
            )
        return self._gone()

    def _gone(self) -> ChannelLost | ShellUnavailable:
        """Return what it means that nobody saw the command's end."""
        return ChannelLost(
            f"The connection to {self._label} broke after the command was sent, so it may have "
            "run. Look at the server before you run it again."
        )

    def _never_began(self, code: int) -> ShellUnavailable:
        said = f" It said: {self.preamble[-500:]}" if self.preamble else ""
        return ShellUnavailable(
            f"{self._label} accepts the login, but its login shell did not start /bin/sh "
            f"(exit code {code}), so nothing was run.{said}"
        )


def close(channel: paramiko.Channel) -> None:
    """Close a channel; what runs there is not ended.

    A connection that breaks now takes the channel with it, and is no news: what became of the
    command has been found out, or said, before.
    """
    with suppress(EOFError, OSError, paramiko.SSHException):
        channel.close()
