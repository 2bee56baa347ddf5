"""Performs actions one by one: each asked for, recorded, sent and recorded again."""

import itertools
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from automation.engine.commands import Command
from automation.engine.context import Context
from automation.engine.errors import (
    AuthenticationFailed,
    CommandFailed,
    CommandTimedOut,
    ConnectionFailed,
    ConnectionLost,
    EngineError,
    ExecutionStopped,
    HostKeyRejected,
    LeaseLost,
    SudoUnavailable,
    ValidationFailed,
)
from automation.engine.http import HttpAnswer, HttpClient, HttpRequest
from automation.engine.http_calls import LATER, HttpCalls, planned_answer
from automation.engine.output import CappedText
from automation.engine.ports import Action, ActionEnd, Journal, StopSignal, Transport
from automation.engine.results import ActionStatus, CommandResult, StepType

_NOTHING_RAN = (ConnectionFailed, AuthenticationFailed, HostKeyRejected, SudoUnavailable)
_SHOWN_LINES = 3


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the runbook an action is performed."""

    step_number: int
    step_name: str


class Actions:
    """Performs the actions of one execution, from any of its threads.

    Each begins only while the execution may go on. ``seq`` counts them in the order in which the
    journal is told of them.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        http: HttpClient | None,
        journal: Journal,
        stop: StopSignal,
        ids: Callable[[], UUID],
        context: Context,
        seq_after: int,
        time_limit: float,
    ) -> None:
        self._transport = transport
        self._http = http
        self._journal = journal
        self._stop = stop
        self._ids = ids
        self._context = context
        self._numbers = itertools.count(seq_after + 1)
        self._order = threading.Lock()
        self._time_limit = time_limit

    def check_may_go_on(self) -> None:
        """Raise ``ExecutionStopped``, or ``LeaseLost``, when the execution is to end here."""
        self._raise_for(self._stop.reason())

    def command(
        self,
        place: Place,
        command: Command,
        *,
        ok: Collection[int] | None,
        begun: Callable[[], None],
    ) -> CommandResult:
        """Send a command and return its result; in a dry run a changing one is only recorded.

        ``begun`` is called once the journal knows of it. Raises ``CommandFailed`` for an exit code
        that is not in ``ok`` (``None`` takes each), and what the transport raises.
        """
        self.check_may_go_on()
        text = self._transport.render(command)
        if command.changes and self._context.is_dry_run:
            self._plan(place, StepType.SSH_COMMAND, text, changes=True)
            self._context.planned.append(text)
            begun()
            return CommandResult(exit_code=0, planned=True)
        timeout = self._seconds_for(command)
        action = self._begin(place, StepType.SSH_COMMAND, text, changes=command.changes)
        begun()
        result = self._send(command, action, timeout)
        return self._judged(action, result, ok)

    def http(
        self,
        place: Place,
        request: HttpRequest,
        *,
        ok: Collection[int] | None,
        begun: Callable[[], None],
    ) -> HttpAnswer:
        """Call a web API; everything as with :meth:`command`, ``ok`` names statuses."""
        self.check_may_go_on()
        if self._http is None:
            raise EngineError("HTTP calls are not possible here: the executor has no client.")
        if request.changes and self._context.is_dry_run:
            self._plan(place, StepType.API_CALL, request.text, changes=True)
            self._context.planned.append(request.text)
            begun()
            return planned_answer(ok)
        timeout = self._seconds_for(request)
        action = self._begin(place, StepType.API_CALL, request.text, changes=request.changes)
        begun()
        calls = HttpCalls(client=self._http, journal=self._journal, context=self._context)
        return calls.send(request, action, timeout, ok=ok)

    def validate(self, place: Place, *, holds: bool, claim: str, otherwise: str) -> None:
        """Record whether a claim holds; raises ``ValidationFailed`` with ``otherwise`` if not.

        After a planned change neither can be told.
        """
        self.check_may_go_on()
        if self._context.planned:
            self._plan(place, StepType.VALIDATION, f"{claim} ({LATER})")
            return
        action = self._begin(place, StepType.VALIDATION, claim)
        if holds:
            self._journal.end(action, ActionEnd(status=ActionStatus.SUCCESS))
            return
        self._journal.end(action, ActionEnd(status=ActionStatus.FAILED, error_message=otherwise))
        raise ValidationFailed(otherwise)

    def note(self, place: Place, text: str) -> None:
        """Record a line for people: a check that holds, since the log knows no other kind."""
        self.check_may_go_on()
        action = self._begin(place, StepType.VALIDATION, text)
        self._journal.end(action, ActionEnd(status=ActionStatus.SUCCESS))

    def sleep(self, place: Place, seconds: float) -> None:
        """Wait, at most until the execution is stopped; not at all after a planned change."""
        self.check_may_go_on()
        text = f"Wait {seconds:g} s"
        if self._context.planned:
            self._plan(place, StepType.SLEEP, text)
            return
        action = self._begin(place, StepType.SLEEP, text)
        reason = self._stop.wait(seconds)
        status = ActionStatus.SUCCESS if reason is None else _stopped_status(reason)
        if reason != "LEASE_LOST":
            self._journal.end(action, ActionEnd(status=status))
        self._raise_for(reason)

    def _send(self, command: Command, action: Action, timeout: float) -> CommandResult:
        streams = {"stdout": CappedText(), "stderr": CappedText()}

        def on_output(stream: str, text: str) -> None:
            streams[stream].append(text)
            self._journal.output(action, stream, text)

        try:
            result = self._transport.run(
                command, action_id=action.id, timeout=timeout, on_output=on_output
            )
        except Exception as error:
            self._note_failure(action, error, streams)
            if _is_lease_lost(error):
                raise LeaseLost from error
            raise
        if command.changes:
            self._context.changed_steps.add(action.step_number)
        return result

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

    def _judged(
        self, action: Action, result: CommandResult, ok: Collection[int] | None
    ) -> CommandResult:
        accepted = ok is None or result.exit_code in ok
        message = "" if accepted else _failure(action.text, result)
        later = not accepted and bool(self._context.planned)
        status = ActionStatus.SUCCESS if accepted or later else ActionStatus.FAILED
        end = ActionEnd(
            status=status,
            stdout=result.stdout,
            stderr=result.stderr,
            exit_code=result.exit_code,
            error_message=LATER if later else message,
        )
        self._journal.end(action, end)
        if status is ActionStatus.FAILED:
            raise CommandFailed(message)
        return result

    def _begin(self, place: Place, kind: StepType, text: str, *, changes: bool = False) -> Action:
        with self._order:
            action = self._action(place, kind, text, changes=changes)
            self._journal.begin(action)
        return action

    def _plan(self, place: Place, kind: StepType, text: str, *, changes: bool = False) -> None:
        with self._order:
            self._journal.planned(self._action(place, kind, text, changes=changes))

    def _action(self, place: Place, kind: StepType, text: str, *, changes: bool) -> Action:
        return Action(
            id=self._ids(),
            seq=next(self._numbers),
            step_number=place.step_number,
            step_name=place.step_name,
            type=kind,
            text=text,
            changes=changes,
        )

    def _seconds_for(self, command: Command | HttpRequest) -> float:
        """Return how long it may take: its own limit, within the time left."""
        left = self._stop.remaining()
        limits = [command.timeout, self._time_limit if left is None else left.total_seconds()]
        seconds = min(limit for limit in limits if limit is not None)
        if seconds <= 0:
            self._raise_for("TIMEOUT")
        return seconds

    def _raise_for(self, reason: str | None) -> None:
        if reason == "LEASE_LOST":
            raise LeaseLost
        if reason is not None:
            raise ExecutionStopped(reason)


def _is_lease_lost(error: Exception) -> bool:
    stopped = isinstance(error, ExecutionStopped) and error.reason == "LEASE_LOST"
    return stopped or isinstance(error, LeaseLost)


def _status_of(error: Exception, *, changes: bool) -> ActionStatus:
    if isinstance(error, ExecutionStopped):
        return _stopped_status(error.reason)
    if isinstance(error, CommandTimedOut):
        return ActionStatus.TIMEOUT
    unseen = isinstance(error, ConnectionLost) or not isinstance(error, EngineError)
    return ActionStatus.UNKNOWN if changes and unseen else ActionStatus.FAILED


def _stopped_status(reason: str) -> ActionStatus:
    return ActionStatus.TIMEOUT if reason == "TIMEOUT" else ActionStatus.CANCELLED


def _failure(text: str, result: CommandResult) -> str:
    lines = (result.stderr.strip() or result.stdout.strip()).splitlines()[-_SHOWN_LINES:]
    said = " ".join(line.strip() for line in lines)
    return f"`{text}` ended with exit code {result.exit_code}" + (f": {said}" if said else ".")
