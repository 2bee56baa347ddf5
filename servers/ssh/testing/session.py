"""One exec request: a command's three streams and its end, carried over one channel."""

import select
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from typing import IO

from paramiko import Channel, Message
from paramiko.common import cMSG_CHANNEL_REQUEST

from servers.ssh.testing.process import Launch, Process

CHUNK = 32_768
CANNOT_EXECUTE = 126
LOOK_EVERY = 0.2
"""Seconds after which a silent stream looks whether its channel is still there."""


class Session:
    """Runs one command for one channel, in threads of its own that end with the channel."""

    def __init__(
        self, *, channel: Channel, command: str, environment: Mapping[str, str], launch: Launch
    ) -> None:
        self._channel = channel
        self._command = command
        self._environment = environment
        self._launch = launch
        self._process: Process | None = None
        self.accepted = threading.Event()
        """Set once the client has been told that its request is accepted."""
        self._thread = threading.Thread(target=self._run, name="sshd-session", daemon=True)

    def start(self) -> None:
        """Launch the command and carry its streams, in the background."""
        self._thread.start()

    def kill(self) -> None:
        """End the command, if it still runs."""
        if self._process is not None:
            self._process.kill()

    def join(self, timeout: float) -> None:
        """Wait for the end of the session's threads, at most ``timeout`` seconds."""
        self._thread.join(timeout)

    @property
    def is_over(self) -> bool:
        """Whether the command has ended and all is sent."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        # A vanished client (OSError, EOFError) is the end of a session, not a fault of the server.
        with suppress(OSError, EOFError), self._channel:
            # A client may ask not to be told, so this is no wait without an end.
            self.accepted.wait(LOOK_EVERY)
            try:
                self._process = process = self._launch(self._command, self._environment)
            except OSError as error:
                self._channel.sendall_stderr(f"{error.strerror or error}\n".encode())
                self._channel.send_exit_status(CANNOT_EXECUTE)
                return
            self._carry(process)

    def _carry(self, process: Process) -> None:
        channel = self._channel
        feeder = threading.Thread(target=self._feed, args=(process.stdin,), daemon=True)
        drains = [
            threading.Thread(target=self._drain, args=(stream, send), daemon=True)
            for stream, send in (
                (process.stdout, channel.sendall),
                (process.stderr, channel.sendall_stderr),
            )
        ]
        for thread in (feeder, *drains):
            thread.start()
        try:
            self._report(process.wait())
        finally:
            # As sshd does: the channel stays open while anything still holds the output's pipes.
            for thread in drains:
                thread.join()
            channel.close()
            feeder.join()

    def _report(self, code: int) -> None:
        if code >= 0:
            self._channel.send_exit_status(code)
            return
        message = Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(self._channel.remote_chanid)
        message.add_string("exit-signal")
        message.add_boolean(False)  # noqa: FBT003  no reply wanted (RFC 4254, 6.10)
        message.add_string(signal.Signals(-code).name.removeprefix("SIG"))
        message.add_boolean(False)  # noqa: FBT003  no core dumped
        message.add_string("")
        message.add_string("")
        # paramiko can send an exit status but has no public way to say "ended by a signal".
        self._channel.get_transport()._send_user_message(message)  # type: ignore[attr-defined]  # noqa: SLF001

    def _feed(self, stdin: IO[bytes] | None) -> None:
        """Carry the client's input; go on reading when nobody listens, so that nothing stalls."""
        open_end = stdin
        with suppress(OSError), stdin or nullcontext():
            while data := self._channel.recv(CHUNK):
                try:
                    while open_end is not None and data:
                        data = data[open_end.write(data) :]
                except OSError:
                    open_end = None

    def _drain(self, stream: IO[bytes] | None, send: Callable[[bytes], None]) -> None:
        """Carry one output stream to its end, or until the client has gone."""
        if stream is None:
            return
        poll = select.poll()
        poll.register(stream, select.POLLIN)
        with suppress(OSError, EOFError), stream:
            while not self._channel.closed:
                if poll.poll(LOOK_EVERY * 1000):
                    data = stream.read(CHUNK)
                    if not data:
                        return
                    send(data)
