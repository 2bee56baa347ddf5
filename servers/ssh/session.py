"""Runs commands on one server: streams their output, stops them, knows how they ended."""

import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from servers.ssh import script
from servers.ssh.connection import Answer, Connection
from servers.ssh.ending import Ending, Outcome
from servers.ssh.errors import (
    AlreadyStarted,
    ChannelLost,
    CommandStopped,
    CommandTimedOut,
    RecordUnavailable,
    ShellUnavailable,
    SshError,
    Unreachable,
)
from servers.ssh.process import RemoteProcess
from servers.ssh.processes import end_processes
from servers.ssh.shared import SharedProcess
from servers.ssh.streams import OutputSink
from servers.ssh.target import Target

_POLL = 0.2
"""Seconds; ``stop`` is asked at least this often."""

_SERVER_LIMIT_EXTRA = 15
"""Seconds after our own limit at which the server ends a command that nobody waits for."""

_BEGIN_PATIENCE = 10.0
"""Seconds to wait for the first word of a command that has to be ended."""

_LAST_LOOKS = 10
"""Looks for the last output of a command that was ended: two seconds, if there is none."""

_T = TypeVar("_T")

StopCheck = Callable[[], str | None]
"""Returns ``None`` to go on, or why the command has to be stopped."""


def _never() -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class RemoteCommand:
    """One command as it is to run on the server."""

    text: str
    """POSIX shell text, its words already quoted."""
    action_id: UUID
    """Unique; also the name of the server's record and the mark of its processes."""
    timeout: float
    """Seconds."""
    kill_after: float = 10.0
    """Seconds from TERM to KILL when it has to be ended."""
    stdin: str = field(default="", repr=False)
    """Its standard input; the only way for a secret."""
    recorded: bool
    """Keep a record on the server and refuse a second start: for what changes something."""
    sudo: bool
    """Whether its processes may belong to root."""
    shared: bool = False
    """It is one program that only reads and leaves nothing behind: it may run in a shell in which
    others run before and after it."""


class Session:
    """The way to one server, for one borrower of the pool; its threads may share it.

    ``renew`` is called with a connection that opens no channel and returns another one.
    """

    def __init__(
        self,
        target: Target,
        connection: Connection,
        *,
        renew: Callable[[Connection, StopCheck], Connection],
    ) -> None:
        self.target = target
        self._connection = connection
        self._renew = renew

    @property
    def is_root(self) -> bool:
        """Whether the login is root itself, so that sudo is not needed."""
        return self._connection.uid == 0

    def run(self, command: RemoteCommand, *, on_output: OutputSink, stop: StopCheck) -> int:
        """Run a command and return its exit code, 128+n when signal n ended it.

        ``on_output`` gets ``"stdout"`` or ``"stderr"`` and bytes as they arrive, in this thread;
        an error of its own leaves the command running. Raises ``CommandStopped`` and
        ``CommandTimedOut`` after the command's processes were ended, ``ChannelLost`` (it may have
        run), and, when nothing was run, ``AlreadyStarted``, ``RecordUnavailable``,
        ``ShellUnavailable``, ``Unreachable`` and what connecting raises.
        """
        if command.shared and self._connection.has_shared_shells:
            code = self._run_shared(command, on_output, stop)
            if code is not None:
                return code
        connection, process = self._open(Connection.open_process, command, on_output, stop)
        with closing(process):
            process.start(connection.shell, self._payload(command, connection))
            code = self._code_of(command, process, stop)
        self._check_started(process.word or "")
        return code

    def _run_shared(
        self, command: RemoteCommand, on_output: OutputSink, stop: StopCheck
    ) -> int | None:
        """Run a command in a shared shell; ``None`` if that had died before the command began."""
        connection, process = self._open(Connection.open_shared, command, on_output, stop)
        with closing(process):
            try:
                process.start(connection.shell, command.text)
                return self._code_of(command, process, stop)
            except (ChannelLost, ShellUnavailable):
                # It only reads, so that it may begin anew even if it had begun after all.
                if process.is_first or process.word is not None:
                    raise
                return None

    def _code_of(
        self, command: RemoteCommand, process: RemoteProcess | SharedProcess, stop: StopCheck
    ) -> int:
        """Wait for the end of a command that was sent, and end it where it has to be."""
        deadline = time.monotonic() + command.timeout
        while not process.poll(_POLL):
            reason = stop()
            if reason is not None:
                ending = self._end(command, process)
                raise CommandStopped(server=self.target.name, reason=reason, ending=ending)
            if time.monotonic() >= deadline:
                ending = self._end(command, process)
                raise CommandTimedOut(
                    server=self.target.name, timeout=command.timeout, ending=ending
                )
        return process.exit_code()

    def ask(self, text: str) -> Answer:
        """Run a short inquiry of OpsManager's own. Raises ``SshError``."""
        return self._once_more(lambda connection: connection.ask(text), _never)

    def end(
        self,
        command: RemoteCommand,
        *,
        session_id: int,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Ending:
        """End all processes of a command, whoever started it, and say what is left.

        ``session_id`` is its session on the server, 0 where none is known. Raises nothing: a
        server that can't be asked is ``UNREACHABLE``.
        """

        def end(connection: Connection) -> Ending:
            return end_processes(
                connection,
                action_id=command.action_id,
                session_id=session_id,
                kill_after=command.kill_after,
                sudo=command.sudo,
                meanwhile=meanwhile,
            )

        try:
            return self._once_more(end, _never)
        except SshError:
            return Ending(outcome=Outcome.UNREACHABLE)

    def _payload(self, command: RemoteCommand, connection: Connection) -> bytes:
        limit = math.ceil(command.timeout + command.kill_after) + _SERVER_LIMIT_EXTRA
        return script.wrap(
            command.text,
            action_id=command.action_id,
            stdin=command.stdin,
            recorded=command.recorded,
            limit=limit if command.recorded and connection.has_timeout else None,
            kill_after=math.ceil(command.kill_after),
        )

    def _open(
        self,
        how: Callable[..., _T],
        command: RemoteCommand,
        on_output: OutputSink,
        stop: StopCheck,
    ) -> tuple[Connection, _T]:
        """Open a process by a method of a connection: of another one where this has no room."""

        def open_there(connection: Connection) -> tuple[Connection, _T]:
            process = how(
                connection,
                action_id=command.action_id,
                on_output=on_output,
                keep_trying=lambda: self._keep_trying(stop),
            )
            return connection, process

        self._keep_trying(stop)
        return self._once_more(open_there, stop)

    def _keep_trying(self, stop: StopCheck) -> None:
        reason = stop()
        if reason is not None:
            nothing_ran = Ending(outcome=Outcome.STOPPED)
            raise CommandStopped(server=self.target.name, reason=reason, ending=nothing_ran)

    def _once_more(self, attempt: Callable[[Connection], _T], stop: StopCheck) -> _T:
        """Make an attempt, and a second one on another connection where nothing was sent."""
        connection = self._connection
        try:
            return attempt(connection)
        except Unreachable:
            self._connection = connection = self._renew(connection, stop)
            return attempt(connection)

    def _check_started(self, word: str) -> None:
        kind, _, why = word.partition(" ")
        if kind == "started-before":
            raise AlreadyStarted(
                f"{self.target.name} has a record that this very action was started before, so "
                "it was not run again. Its record says how it ended."
            )
        if kind == "no-record":
            raise RecordUnavailable(
                f"{self.target.name} cannot keep its record of changing commands, so the command "
                f"was not run: {why or 'no reason given'}. Make ~/.opsm of the login writable (its "
                "disk may be full), or set the server to plain mode."
            )

    def _end(self, command: RemoteCommand, process: RemoteProcess | SharedProcess) -> Ending:
        """End what runs of the command, handing on its output meanwhile."""
        began_by = time.monotonic() + _BEGIN_PATIENCE
        while process.word is None and time.monotonic() < began_by and not process.poll(_POLL):
            # Whoever looks for processes before they exist finds none.
            pass
        if process.word is None:
            return Ending(outcome=Outcome.UNREACHABLE)
        if not process.word.isdecimal():
            # Refused by the server's record: the processes of an earlier start are not ours.
            return Ending(outcome=Outcome.STOPPED)

        def meanwhile() -> None:
            process.poll(0)

        ending = self.end(command, session_id=process.session_id, meanwhile=meanwhile)
        if ending.outcome is Outcome.UNREACHABLE:
            return ending
        # Its last words, if they are still under way.
        any(process.poll(_POLL) for _ in range(_LAST_LOOKS))
        return ending
