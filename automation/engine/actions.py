"""Performs actions one by one: each asked for, recorded, sent and recorded again."""

import itertools
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from automation.engine.commands import Command
from automation.engine.context import Context
from automation.engine.dry_run import Comparison
from automation.engine.errors import (
    CommandFailed,
    DangerousCommand,
    EngineError,
    ExecutionStopped,
    LeaseLost,
    ReplayDiverged,
    ValidationFailed,
)
from automation.engine.guard import Guard
from automation.engine.http import HttpAnswer, HttpClient, HttpRequest
from automation.engine.http_calls import LATER, HttpCalls, planned_answer
from automation.engine.past import Past
from automation.engine.ports import Action, ActionEnd, Journal, StopSignal, Transport
from automation.engine.results import ActionStatus, CommandResult, StepType
from automation.engine.sending import Sending, stopped_status

SKIPPED = "Left out: its condition does not hold."
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
        ids: Callable[[int], UUID],
        context: Context,
        seq_after: int,
        time_limit: float,
        past: Past,
        comparison: Comparison,
        guard: Guard | None,
    ) -> None:
        self._transport = transport
        self._http = http
        self._journal = journal
        self._sending = Sending(transport=transport, journal=journal, context=context)
        self._stop = stop
        self._ids = ids
        self._context = context
        self._numbers = itertools.count(seq_after + 1)
        self._order = threading.Lock()
        self._time_limit = time_limit
        self._past = past
        self._comparison = comparison
        self._guard = guard

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
        that is not in ``ok`` (``None`` takes each), ``DangerousCommand`` for one that the guard
        refuses, and what the transport raises.
        """
        self.check_may_go_on()
        text = self._transport.render(command)
        is_planned = command.changes and self._context.is_dry_run
        timeout = self._seconds_for(command)
        past = None
        if not is_planned:
            past = self._past.take(place.step_number, StepType.SSH_COMMAND, text)
        if past is not None and past.result is not None:
            begun()
            return self._repeated(past.action, past.result, ok)
        # The one place that each command comes by before it is planned, sent, or sent again.
        self._check_harmless(place, command, text, is_sent=past is not None)
        if is_planned:
            self._plan(place, StepType.SSH_COMMAND, text, changes=True)
            self._context.planned.append(text)
            begun()
            return CommandResult(exit_code=0, planned=True)
        if past is not None:
            action = past.action
            self._journal.reopen(action)
        else:
            if command.changes:
                self._prepare_change(place, text)
            action = self._begin(place, StepType.SSH_COMMAND, text, changes=command.changes)
        begun()
        result = self._sending.send(command, action, timeout, is_sent=past is not None)
        if not command.changes:
            self._comparison.saw(text, result.stdout)
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
        calls = HttpCalls(client=self._http, journal=self._journal, context=self._context)
        past = self._past.take(place.step_number, StepType.API_CALL, request.text)
        if past is not None:
            begun()
            return calls.repeated(past, ok=ok)
        if request.changes:
            self._prepare_change(place, request.text)
        action = self._begin(place, StepType.API_CALL, request.text, changes=request.changes)
        begun()
        answer = calls.send(request, action, timeout, ok=ok)
        if not request.changes and not answer.planned:
            self._comparison.saw(request.text, answer.text)
        return answer

    def check_nothing_is_left(self) -> None:
        """Raise ``ReplayDiverged`` when a change of the attempt before was not come across."""
        if self._past.change_left():
            raise ReplayDiverged(
                "What this runbook does now differs from what it did before its worker was lost."
            )

    def note_what_is_left(self) -> None:
        """Note, after a failure, a change of the attempt before that was not looked after."""
        self._context.lost_command = self._context.lost_command or self._past.change_left()

    def skip(self, place: Place) -> None:
        """Record that the step is left out."""
        if self._past.take(place.step_number, StepType.VALIDATION, SKIPPED) is None:
            with self._order:
                action = self._action(place, StepType.VALIDATION, SKIPPED, changes=False)
                self._journal.skipped(action)

    def keep(self, *, changing_step: int | None = None) -> None:
        """Have the journal keep what steps shared; ``changing_step`` is about to change.

        A rollback keeps nothing: gone on with elsewhere, it has to begin with what it began with.
        """
        context = self._context
        context.check_json()
        if context.is_rollback:
            return
        soon = () if changing_step is None else (changing_step,)
        self._journal.keep(
            data=context.data,
            once=context.once,
            steps_done=tuple(sorted({*context.steps_done, *soon})),
        )

    def validate(self, place: Place, *, holds: bool, claim: str, otherwise: str) -> None:
        """Record whether a claim holds; raises ``ValidationFailed`` with ``otherwise`` if not.

        After a planned change neither can be told.
        """
        self.check_may_go_on()
        if self._context.planned:
            self._plan(place, StepType.VALIDATION, f"{claim} ({LATER})")
            return
        self._record(place, claim, failure="" if holds else otherwise)
        if not holds:
            raise ValidationFailed(otherwise)

    def note(self, place: Place, text: str) -> None:
        """Record a line for people: a check that holds, since the log knows no other kind."""
        self.check_may_go_on()
        self._record(place, text)

    def sleep(self, place: Place, seconds: float) -> None:
        """Wait, at most until the execution is stopped; not at all after a planned change."""
        self.check_may_go_on()
        text = f"Wait {seconds:g} s"
        if self._context.planned:
            self._plan(place, StepType.SLEEP, text)
            return
        if self._past.take(place.step_number, StepType.SLEEP, text) is not None:
            return
        action = self._begin(place, StepType.SLEEP, text)
        reason = self._stop.wait(seconds)
        status = ActionStatus.SUCCESS if reason is None else stopped_status(reason)
        if reason != "LEASE_LOST":
            self._journal.end(action, ActionEnd(status=status))
        self._raise_for(reason)

    def _check_harmless(self, place: Place, command: Command, text: str, *, is_sent: bool) -> None:
        """Raise ``DangerousCommand``, and record why, when the guard refuses the text.

        ``is_sent`` when an attempt before may have sent it: how that ended stays unknown then.
        """
        if self._guard is None:
            return
        decision = self._guard(text, command.changes, command.stdin)
        if decision.allowed:
            return
        if is_sent and command.changes:
            self._context.lost_command = text
        self._record(place, text, failure=f"{decision.explanation} (rule {decision.rule})")
        raise DangerousCommand(
            f"The command guard refused `{decision.part or text}`: {decision.explanation} "
            f"It was not sent (rule {decision.rule})."
        )

    def _prepare_change(self, place: Place, text: str) -> None:
        """Before a change is sent for the first time: see that it may be, and keep what is known.

        Branches at once that were lost in the middle may come here too early: better to stop than
        to send a change while the fate of another one is open.
        """
        self.check_nothing_is_left()
        for warning in self._comparison.warnings_before(text):
            self._context.warnings.append(warning)
            self._record(place, warning)
        self.keep(changing_step=place.step_number)

    def _repeated(
        self, action: Action, result: CommandResult, ok: Collection[int] | None
    ) -> CommandResult:
        """Return what the log says, judged as it was then."""
        if action.changes:
            self._context.changed_steps.add(action.step_number)
        if ok is not None and result.exit_code not in ok:
            raise CommandFailed(_failure(action.text, result))
        return result

    def _record(self, place: Place, text: str, *, failure: str = "") -> None:
        """Record a check or a note, unless the attempt before did."""
        if self._past.take(place.step_number, StepType.VALIDATION, text) is not None:
            return
        action = self._begin(place, StepType.VALIDATION, text)
        status = ActionStatus.FAILED if failure else ActionStatus.SUCCESS
        self._journal.end(action, ActionEnd(status=status, error_message=failure))

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
        seq = next(self._numbers)
        return Action(
            id=self._ids(seq),
            seq=seq,
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


def _failure(text: str, result: CommandResult) -> str:
    lines = (result.stderr.strip() or result.stdout.strip()).splitlines()[-_SHOWN_LINES:]
    said = " ".join(line.strip() for line in lines)
    return f"`{text}` ended with exit code {result.exit_code}" + (f": {said}" if said else ".")
