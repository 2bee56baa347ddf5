"""Sends one command through the transport and tells journal and context how it ended."""

from collections.abc import Mapping

from automation.engine.commands import Command
from automation.engine.context import Context
from automation.engine.errors import (
    AuthenticationFailed,
    CommandTimedOut,
    ConnectionFailed,
    ConnectionLost,
    EngineError,
    ExecutionStopped,
    HostKeyRejected,
    LeaseLost,
    StartedBefore,
    SudoUnavailable,
)
from automation.engine.output import CappedText
from automation.engine.ports import Action, ActionEnd, Journal, OutputSink, Transport
from automation.engine.results import ActionStatus, CommandResult

_NO_CONNECTION = (ConnectionFailed, AuthenticationFailed, HostKeyRejected)
_NOTHING_RAN = (*_NO_CONNECTION, SudoUnavailable)


class Sending:
    """Sends the commands of one execution, from any of its threads."""

    def __init__(self, *, transport: Transport, journal: Journal, context: Context) -> None:
        self._transport = transport
        self._journal = journal
        self._context = context

    def send(
        self, command: Command, action: Action, timeout: float, *, is_sent: bool
    ) -> CommandResult:
        """Return the result of a command whose begin the journal knows.

        ``is_sent`` when an attempt before may have sent it. The end of one that brings no result
        is recorded here; raises what the transport raises.
        """
        streams = {"stdout": CappedText(), "stderr": CappedText()}

        def on_output(stream: str, text: str) -> None:
            streams[stream].append(text)
            self._journal.output(action, stream, text)

        try:
            result = self._delivered(command, action, timeout, on_output, is_sent=is_sent)
        except Exception as error:
            self._note_failure(action, error, streams)
            if _is_lease_lost(error):
                raise LeaseLost from error
            raise
        if command.changes:
            self._context.changed_steps.add(action.step_number)
        return result

    def _delivered(
        self,
        command: Command,
        action: Action,
        timeout: float,
        on_output: OutputSink,
        *,
        is_sent: bool,
    ) -> CommandResult:
        """Send it; of a change whose end was not seen, find out how it ended."""
        if not is_sent:
            try:
                return self._transport.run(
                    command, action_id=action.id, timeout=timeout, on_output=on_output
                )
            except StartedBefore:
                raise
            except ConnectionLost:
                if not command.changes:
                    raise
        try:
            return self._transport.recover(
                command, action_id=action.id, timeout=timeout, on_output=on_output
            )
        except _NO_CONNECTION as error:
            # Nothing was sent by this attempt; what was sent before may have run all the same.
            raise ConnectionLost(str(error)) from error

    def _note_failure(
        self, action: Action, error: Exception, streams: Mapping[str, CappedText]
    ) -> None:
        """Record a command whose result did not come back; what may have run counts as run."""
        if action.changes and not isinstance(error, _NOTHING_RAN):
            self._context.changed_steps.add(action.step_number)
        if _is_lease_lost(error):
            return
        status = _status_of(error, changes=action.changes)
        if status is ActionStatus.UNKNOWN:
            self._context.lost_command = action.text
        known = isinstance(error, EngineError)
        end = ActionEnd(
            status=status,
            stdout=streams["stdout"].text(),
            stderr=streams["stderr"].text(),
            error_message=str(error) if known else "Something inside OpsManager failed.",
        )
        self._journal.end(action, end)


def _is_lease_lost(error: Exception) -> bool:
    stopped = isinstance(error, ExecutionStopped) and error.reason == "LEASE_LOST"
    return stopped or isinstance(error, LeaseLost)


def _status_of(error: Exception, *, changes: bool) -> ActionStatus:
    if isinstance(error, ExecutionStopped):
        return stopped_status(error.reason)
    if isinstance(error, CommandTimedOut):
        return ActionStatus.TIMEOUT
    unseen = isinstance(error, ConnectionLost) or not isinstance(error, EngineError)
    return ActionStatus.UNKNOWN if changes and unseen else ActionStatus.FAILED


def stopped_status(reason: str) -> ActionStatus:
    """Return the status of an action that ended since the execution was to stop."""
    return ActionStatus.TIMEOUT if reason == "TIMEOUT" else ActionStatus.CANCELLED
