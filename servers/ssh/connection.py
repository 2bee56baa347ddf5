"""One authenticated connection, what its login can do, and the channels open on it."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID, uuid4

import paramiko

from servers.ssh import script
from servers.ssh.errors import ChannelLost, ShellUnavailable, Unreachable
from servers.ssh.login import log_in
from servers.ssh.process import RemoteProcess
from servers.ssh.shared import SharedProcess, SharedShell
from servers.ssh.streams import OutputSink
from servers.ssh.target import Target
from servers.ssh.transport import Transport
from servers.ssh.watch import Watch

_OPEN_TIMEOUT = 10.0
_OPEN_TRIES = 4
_OPEN_PAUSE = 0.05
_INQUIRY_TIMEOUT = 30.0
_POLL = 0.1
"""Seconds between two looks while waiting."""

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How an inquiry of OpsManager's own ended."""

    exit_code: int
    stdout: str
    stderr: str
    session_id: int
    """The session on the server that it ran in; 0 when that was not its own."""


class Connection:
    """One authenticated transport, shared by threads; each command has a channel of its own.

    ``max_channels`` bounds the commands; two channels more are kept for ending commands, which
    makes ten, sshd's default limit.
    """

    def __init__(
        self, target: Target, transport: Transport, watch: Watch, *, max_channels: int = 8
    ) -> None:
        self.target = target
        self.shell = script.SHELL
        self.uid = -1
        self.has_timeout = False
        self.has_shared_shells = False
        """Whether reading commands may share a shell, one after the other."""
        self._transport = transport
        self._watch = watch
        self._most = max_channels
        self._commands = threading.BoundedSemaphore(max_channels)
        self._inquiries = threading.BoundedSemaphore(2)
        self._lock = threading.Lock()
        self._channels = 0
        self._idle: list[SharedShell] = []

    @property
    def alive(self) -> bool:
        """Whether the connection stands, as far as anybody knows."""
        return self._transport.is_active()

    @property
    def channels(self) -> int:
        """How many channels are open."""
        return self._channels

    def open_process(
        self, *, action_id: UUID, on_output: OutputSink, keep_trying: Callable[[], None]
    ) -> RemoteProcess:
        """Open a channel for a command; the caller has to close the process.

        ``keep_trying`` is called while there is no room, and may raise. Raises ``Unreachable``;
        nothing was sent then.
        """
        return self._open(self._commands, action_id, on_output, keep_trying)

    def open_shared(
        self, *, action_id: UUID, on_output: OutputSink, keep_trying: Callable[[], None]
    ) -> SharedProcess:
        """Take a shell for a reading command, a new one if none is free; as :meth:`open_process`.

        Its channel counts as open while the command runs.
        """
        shell = self._with_channel(self._commands, keep_trying, self._shell)

        def on_close(shell: SharedShell, is_clean: bool) -> None:  # noqa: FBT001 - its one word
            try:
                with self._lock:
                    is_kept = is_clean and shell.is_usable
                    if is_kept:
                        self._idle.append(shell)
                if not is_kept:
                    shell.close()
            finally:
                self._count(-1)
                self._commands.release()

        return SharedProcess(shell, action_id=action_id, on_output=on_output, on_close=on_close)

    def _shell(self) -> SharedShell:
        while shell := self._idle_shell():
            if shell.is_usable:
                return shell
            shell.close()
        return SharedShell(self._open_channel(), label=self.target.label)

    def _idle_shell(self) -> SharedShell | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def ask(
        self,
        text: str,
        *,
        timeout: float = _INQUIRY_TIMEOUT,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Run an inquiry of OpsManager's own and return its answer.

        ``meanwhile`` is called several times a second. Raises ``SshError``.
        """
        heard: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        action_id = uuid4()
        deadline = time.monotonic() + timeout

        def on_output(stream: str, chunk: bytes) -> None:
            heard[stream].append(chunk)

        with closing(self._open(self._inquiries, action_id, on_output, meanwhile)) as process:
            process.start(self.shell, script.wrap(text, action_id=action_id))
            while not process.poll(_POLL):
                meanwhile()
                if time.monotonic() > deadline:
                    raise ChannelLost(
                        f"{self.target.label} did not answer within {timeout:g} seconds. "
                        "It may be overloaded; look at it."
                    )
            code = process.exit_code()
        return Answer(
            exit_code=code,
            stdout=b"".join(heard["stdout"]).decode(errors="replace"),
            stderr=b"".join(heard["stderr"]).decode(errors="replace"),
            session_id=process.session_id,
        )

    def probe(self) -> None:
        """Learn what the login is and what the server can do. Raises ``SshError``."""
        answer = self.ask(script.load("probe"))
        if not answer.session_id:
            # This server starts commands in a session that is not theirs alone.
            self.shell = script.OWN_SESSION_SHELL
            try:
                answer = self.ask(script.load("probe"))
            except ShellUnavailable:
                # Without setsid, too, a command's processes are known by their mark alone.
                self.shell = script.SHELL
        uid, has_timeout, *has_setsid = answer.stdout.split()
        self.uid = int(uid)
        self.has_timeout = has_timeout == "yes"
        self.has_shared_shells = has_setsid == ["yes"]

    def close(self) -> None:
        """End the connection and all its channels; remote commands are left as they are."""
        self._watch.discard(self._transport)
        self._transport.end()

    def _open(
        self,
        gate: threading.BoundedSemaphore,
        action_id: UUID,
        on_output: OutputSink,
        keep_trying: Callable[[], None],
    ) -> RemoteProcess:
        channel = self._with_channel(gate, keep_trying, self._open_channel)

        def on_close() -> None:
            self._count(-1)
            gate.release()

        return RemoteProcess(
            channel,
            action_id=action_id,
            on_output=on_output,
            on_close=on_close,
            label=self.target.label,
        )

    def _with_channel(
        self,
        gate: threading.BoundedSemaphore,
        keep_trying: Callable[[], None],
        take: Callable[[], _T],
    ) -> _T:
        """Wait for room, take a channel or a shell, and count it."""
        while not gate.acquire(timeout=_POLL):
            keep_trying()
        try:
            taken = take()
        except BaseException:
            gate.release()
            raise
        self._count(1)
        return taken

    def _open_channel(self) -> paramiko.Channel:
        # What is idle counts for the server, too.
        if self._channels + len(self._idle) >= self._most and (shell := self._idle_shell()):
            shell.close()
        tries_left = _OPEN_TRIES
        while True:
            tries_left -= 1
            try:
                return self._transport.open_session(timeout=_OPEN_TIMEOUT)
            except (paramiko.SSHException, EOFError, OSError) as error:
                # At its limit, sshd counts a channel for a moment longer than its command.
                refused = isinstance(error, paramiko.ChannelException)
                if refused and (shell := self._idle_shell()):
                    shell.close()
                    tries_left += 1
                if not refused or not tries_left:
                    raise Unreachable(
                        f"{self.target.label} opens no further channel on its connection "
                        f"({error}). Nothing was sent. Check sshd's MaxSessions and the network.",
                        transient=True,
                    ) from error
            time.sleep(_OPEN_PAUSE)

    def _count(self, change: int) -> None:
        with self._lock:
            self._channels += change


def connect(target: Target, watch: Watch, *, max_channels: int = 8) -> Connection:
    """Log in and look around; the caller has to ``close()`` the connection.

    Raises ``SshError``; no command of anybody's was sent.
    """
    transport = log_in(target)
    watch.add(transport)
    connection = Connection(target, transport, watch, max_channels=max_channels)
    try:
        connection.probe()
    except ChannelLost as error:
        connection.close()
        raise Unreachable(
            f"{target.label} closed the connection right after the login. "
            "Look at sshd's log there.",
            transient=True,
        ) from error
    except BaseException:
        connection.close()
        raise
    return connection
