"""The engine's transport on a pool of SSH connections; knows neither Django nor a database."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Final, NoReturn
from uuid import UUID

from automation.engine import errors as engine
from automation.engine.commands import Command
from automation.engine.output import CappedText, OutputDecoder
from automation.engine.ports import OutputSink, StopSignal
from automation.engine.results import CancelOutcome, CommandResult
from automation.runner import sudo
from automation.runner.plain_programs import is_plain
from servers.ssh import errors as ssh
from servers.ssh.host_keys import HostKey
from servers.ssh.pool import Pool
from servers.ssh.records import prune_records, read_record
from servers.ssh.recovery import recover
from servers.ssh.session import RemoteCommand, Session, StopCheck
from servers.ssh.streams import OutputSink as BytesSink
from servers.ssh.target import Target

_STREAMS = ("stdout", "stderr")
_PATIENCE: Final = 10.0
"""Seconds that a server may be away before the end of a command counts as not to be found out.

Silence is noticed after 14 seconds, and a login that nobody answers takes 15: so one is tried, and
whoever waits knows within 30.
"""
_PAUSE: Final = 1.0


class SshTransport:
    """Implements the engine's ``Transport``, its errors included, for one server.

    ``target`` is asked once, when the server is needed first; an ``SshError`` that it raises is
    told as those of the connection are.
    """

    def __init__(self, *, target: Callable[[], Target], pool: Pool, stop: StopSignal) -> None:
        self._find_target = target
        self._pool = pool
        self._stop = stop

    def render(self, command: Command) -> str:
        """Return the shell text that would be sent; connects if the login is not known yet."""
        with self._session() as session:
            return command.text(as_root=session.is_root)

    def run(
        self, command: Command, *, action_id: UUID, timeout: float, on_output: OutputSink
    ) -> CommandResult:
        """Send one command and wait for its end."""

        def send(session: Session, remote: RemoteCommand, take: BytesSink) -> int:
            return session.run(remote, on_output=take, stop=self._stop_of(remote))

        return self._result(command, action_id, timeout, on_output, send)

    def recover(
        self, command: Command, *, action_id: UUID, timeout: float, on_output: OutputSink
    ) -> CommandResult:
        """Find out from the server's record how a command ended; send one that never began."""
        if not self._target.recorded:
            raise engine.ConnectionLost(
                f"{self._target.name} keeps no records (plain mode), so nobody can find out how "
                "this ended. Look at the server before you run it again."
            )

        def find_out(session: Session, remote: RemoteCommand, take: BytesSink) -> int:
            stop = self._stop_of(remote)
            try:
                return recover(session, remote, on_output=take, stop=stop)
            except ssh.NotStarted:
                # Should its script arrive late after all, the record lets only one of them start.
                return session.run(remote, on_output=take, stop=stop)

        patient_until = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._result(command, action_id, timeout, on_output, find_out)
            except (engine.ConnectionFailed, engine.ConnectionLost) as problem:
                is_gone = _may_come_back(problem.__cause__)
                reason = self._stop.wait(_PAUSE) if is_gone else None
                if reason == "LEASE_LOST":
                    raise engine.LeaseLost from problem
                if reason is not None:
                    raise engine.ExecutionStopped(
                        reason, cancel_outcome=CancelOutcome.UNREACHABLE
                    ) from problem
                if not is_gone or time.monotonic() > patient_until:
                    raise engine.ConnectionLost(str(problem)) from problem

    def stop(self, action_id: UUID) -> CancelOutcome:
        """End what still runs of an action that was sent before, whoever sent it."""
        remote = RemoteCommand(
            text="true", action_id=action_id, timeout=0, recorded=True, sudo=True
        )
        try:
            with self._pool.session(self._target, stop=lambda: None) as session:
                record = read_record(session, action_id)
                ending = session.end(remote, session_id=record.session_id or 0)
        except ssh.SshError:
            return CancelOutcome.UNREACHABLE
        return CancelOutcome(ending.outcome)

    def prune(self) -> int:
        """Remove the server's records that are a week old; return how many.

        Raises the engine's errors of a connection.
        """
        with self._session() as session:
            return prune_records(session)

    def _result(
        self,
        command: Command,
        action_id: UUID,
        timeout: float,
        on_output: OutputSink,
        deliver: Callable[[Session, RemoteCommand, BytesSink], int],
    ) -> CommandResult:
        decoders = {stream: OutputDecoder() for stream in _STREAMS}
        kept = {stream: CappedText() for stream in _STREAMS}

        def take(stream: str, chunk: bytes) -> None:
            hear(stream, decoders[stream].decode(chunk))

        def hear(stream: str, text: str) -> None:
            if text:
                kept[stream].append(text)
                on_output(stream, text)

        with self._session() as session:
            needs_sudo = command.sudo and not session.is_root
            remote = RemoteCommand(
                text=command.text(as_root=session.is_root),
                action_id=action_id,
                timeout=timeout,
                stdin=command.stdin,
                recorded=command.changes and self._target.recorded,
                sudo=needs_sudo,
                shared=is_plain(command),
            )
            code = deliver(session, remote, take)
        for stream in _STREAMS:
            hear(stream, decoders[stream].decode(b"", final=True))
        result = CommandResult(
            exit_code=code, stdout=kept["stdout"].text(), stderr=kept["stderr"].text()
        )
        if needs_sudo:
            sudo.require_allowed(result, server=self._target.name, user=self._target.username)
        return result

    def note_offered(self, key: HostKey) -> None:
        """Hear of a host key that nobody has accepted; here, nobody asks for it."""

    def _stop_of(self, remote: RemoteCommand) -> StopCheck:
        """Return what a running command asks whether it has to stop."""

        def stop() -> str | None:
            reason = self._stop.reason()
            if reason == "LEASE_LOST" and remote.recorded:
                # It is left running: whoever took the execution over goes on with it.
                raise engine.LeaseLost
            return reason

        return stop

    @cached_property
    def _target(self) -> Target:
        return self._find_target()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        try:
            with self._pool.session(self._target, stop=self._stop.reason) as session:
                yield session
        except ssh.SshError as problem:
            self._raise_in_engine_words(problem)

    def _raise_in_engine_words(self, problem: ssh.SshError) -> NoReturn:
        message = str(problem)
        match problem:
            case ssh.CommandStopped(reason="LEASE_LOST"):
                raise engine.LeaseLost from problem
            case ssh.CommandStopped():
                raise engine.ExecutionStopped(
                    problem.reason, message, cancel_outcome=CancelOutcome(problem.ending.outcome)
                ) from problem
            case ssh.CommandTimedOut():
                raise engine.CommandTimedOut(
                    message, cancel_outcome=CancelOutcome(problem.ending.outcome)
                ) from problem
            case ssh.HostKeyUnknown() | ssh.HostKeyChanged():
                if problem.offered is not None:
                    self.note_offered(problem.offered)
                raise engine.HostKeyRejected(message) from problem
            case ssh.LoginRefused():
                raise engine.AuthenticationFailed(message) from problem
            case ssh.AlreadyStarted():
                raise engine.StartedBefore(
                    f"{message} OpsManager's database does not know of that start: it was "
                    "restored from a backup. Look at the server, then decide."
                ) from problem
            case ssh.ChannelLost():
                raise engine.ConnectionLost(message) from problem
        raise engine.ConnectionFailed(message) from problem


def _may_come_back(problem: BaseException | None) -> bool:
    """Whether asking again for the end of a command may find it out."""
    gone = (ssh.Unreachable, ssh.ChannelLost, ssh.AlreadyStarted)
    return isinstance(problem, gone) and not isinstance(problem, ssh.EndUnknown)
