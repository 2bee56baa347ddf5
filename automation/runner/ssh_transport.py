"""The engine's transport on a pool of SSH connections; knows neither Django nor a database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import NoReturn
from uuid import UUID

from automation.engine import errors as engine
from automation.engine.commands import Command
from automation.engine.output import CappedText, OutputDecoder
from automation.engine.ports import OutputSink
from automation.engine.results import CancelOutcome, CommandResult
from automation.runner import sudo
from servers.ssh import errors as ssh
from servers.ssh.host_keys import HostKey
from servers.ssh.pool import Pool
from servers.ssh.session import RemoteCommand, Session, StopCheck
from servers.ssh.target import Target

_STREAMS = ("stdout", "stderr")


class SshTransport:
    """Implements the engine's ``Transport``, its errors included, for one server.

    ``target`` is asked once, when the server is needed first; an ``SshError`` that it raises is
    told as those of the connection are.
    """

    def __init__(self, *, target: Callable[[], Target], pool: Pool, stop: StopCheck) -> None:
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
            )
            code = session.run(remote, on_output=take, stop=self._stop)
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

    @cached_property
    def _target(self) -> Target:
        return self._find_target()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        try:
            with self._pool.session(self._target, stop=self._stop) as session:
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
            case ssh.ChannelLost() | ssh.AlreadyStarted():
                raise engine.ConnectionLost(message) from problem
        raise engine.ConnectionFailed(message) from problem
