"""Runs a runbook's steps on a server and says truthfully how it ended."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from automation.engine.actions import Actions, Place
from automation.engine.context import Context
from automation.engine.errors import RunbookInvalid
from automation.engine.failures import Failure, failure_of
from automation.engine.http import HttpClient
from automation.engine.ports import Journal, StopSignal, Transport
from automation.engine.results import Assessment, ErrorCode, Outcome, Status, verdict_of
from automation.engine.rollback import check_something_to_do, undoable_steps
from automation.engine.run import Run
from automation.engine.runbook import Runbook

_NO_CONNECTION = (
    ErrorCode.CONNECTION,
    ErrorCode.AUTHENTICATION,
    ErrorCode.HOST_KEY,
    ErrorCode.CONNECTION_LOST,
)


@dataclass(frozen=True, kw_only=True)
class _Ongoing:
    """What belongs to one execution while it runs."""

    runbook: Runbook
    context: Context
    actions: Actions

    def failure(self, error: Exception, doing: str) -> Failure:
        """Return what an error means; raises ``LeaseLost`` when it is that."""
        return failure_of(error, context=self.context, runbook_id=self.runbook.id, doing=doing)


class Executor:
    """Runs one execution, or its rollback, through the ports it was given.

    Each way to end is an ``Outcome``; the one error raised is ``LeaseLost``, after which nothing
    more may be written.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        journal: Journal,
        stop: StopSignal,
        ids: Callable[[], UUID] = uuid4,
        http: HttpClient | None = None,
    ) -> None:
        self._transport = transport
        self._http = http
        self._journal = journal
        self._stop = stop
        self._ids = ids

    def execute(
        self,
        runbook: Runbook,
        *,
        is_dry_run: bool = False,
        previous: Mapping[str, Any] | None = None,
        seq_after: int = 0,
    ) -> Outcome:
        """Assess, run the steps from top to bottom, assess again.

        ``previous`` is the result of the previous execution in a workflow; ``seq_after`` the last
        ``seq`` in the log of an earlier attempt. A dry run is not assessed after.
        """
        context = Context(is_dry_run=is_dry_run, previous=dict(previous or {}))
        ongoing = self._begin(runbook, context, seq_after)
        before: Assessment | None = None
        failure: Failure | None = None
        number, doing = 0, "in the assessment before"
        try:
            before = self._assess(ongoing, 0, "Assess before")
            for number, step in enumerate(runbook.steps, 1):
                doing = f"in step {number} of {len(runbook.steps)}, “{step.title}”"
                run = self._enter(ongoing, number, step.title)
                step.run(runbook, run)
                _check_json(context)
        except Exception as error:  # noqa: BLE001 - each way to fail becomes an outcome
            failure = ongoing.failure(error, doing)
        done = number - 1 if failure and number not in context.changed_steps else number
        after, complaint = self._assess_after(ongoing, before, failure)
        return Outcome(
            status=failure.status if failure else Status.SUCCESS,
            summary=_told(failure, doing) if failure else _summary(ongoing) + complaint,
            result=context.result,
            data=context.data,
            before=before,
            after=after,
            verdict=verdict_of(before, after),
            error_code=failure.error_code if failure else None,
            error_message=failure.message if failure else "",
            changed=context.changed,
            steps_done=max(done, 0),
            cancel_outcome=failure.cancel_outcome if failure else None,
        )

    def roll_back(
        self,
        runbook: Runbook,
        *,
        data: Mapping[str, Any],
        steps_done: int,
        seq_after: int = 0,
    ) -> Outcome:
        """Take back the first ``steps_done`` steps, latest first; stop at the first that fails.

        ``data`` and ``steps_done`` are those of the execution's ``Outcome``, ``seq_after`` the
        last ``seq`` in its log. The status is ``ROLLED_BACK``, or ``FAILED`` whatever the reason;
        ``steps_done`` then says how many steps are still not taken back.
        """
        context = Context(data=dict(data))
        ongoing = self._begin(runbook, context, seq_after)
        plan = undoable_steps(runbook, steps_done)
        failure: Failure | None = None
        left, doing = steps_done, "before the rollback began"
        try:
            check_something_to_do(runbook, plan)
            for number, step in plan:
                left, doing = number, f"taking back step {number}, “{step.title}”"
                run = self._enter(ongoing, number, f"Take back: {step.title}")
                step.take_back(runbook, run)
                _check_json(context)
        except Exception as error:  # noqa: BLE001 - each way to fail becomes an outcome
            failure = ongoing.failure(error, doing)
        taken = ", ".join(f"“{step.title}”" for _, step in plan)
        return Outcome(
            status=Status.FAILED if failure else Status.ROLLED_BACK,
            summary=_told(failure, doing) if failure else f"Taken back: {taken}.",
            result=context.result,
            data=context.data,
            error_code=failure.error_code if failure else None,
            error_message=failure.message if failure else "",
            changed=context.changed,
            steps_done=left if failure else 0,
            cancel_outcome=failure.cancel_outcome if failure else None,
        )

    def _begin(self, runbook: Runbook, context: Context, seq_after: int) -> _Ongoing:
        actions = Actions(
            transport=self._transport,
            http=self._http,
            journal=self._journal,
            stop=self._stop,
            ids=self._ids,
            context=context,
            seq_after=seq_after,
            time_limit=runbook.default_timeout,
        )
        return _Ongoing(runbook=runbook, context=context, actions=actions)

    def _enter(self, ongoing: _Ongoing, number: int, name: str) -> Run:
        """Begin a step, unless the execution is to end; return what the step is handed."""
        ongoing.actions.check_may_go_on()
        runbook = ongoing.runbook
        self._journal.begin_step(number=number, total=len(runbook.steps), name=name)
        assesses = not 1 <= number <= len(runbook.steps)
        reason = "" if runbook.changes else f"{runbook.id} is declared to change nothing."
        return Run(
            actions=ongoing.actions,
            context=ongoing.context,
            place=Place(step_number=number, step_name=name),
            may_not_change="An assessment may only read." if assesses else reason,
            ok=None if assesses else (0,),
        )

    def _assess(self, ongoing: _Ongoing, number: int, name: str) -> Assessment | None:
        runbook = ongoing.runbook
        if type(runbook).assess is Runbook.assess:
            return None
        assessment = runbook.assess(self._enter(ongoing, number, name))
        if assessment is not None:
            _check_json_value(assessment.values, "The values of its assessment")
        return assessment

    def _assess_after(
        self, ongoing: _Ongoing, before: Assessment | None, failure: Failure | None
    ) -> tuple[Assessment | None, str]:
        """Look again, where that can tell something; the steps' own end stands in any case.

        Returns the assessment, and what went wrong with it as a sentence.
        """
        changed_before_failing = failure is None or (
            ongoing.context.changed and failure.error_code not in _NO_CONNECTION
        )
        if before is None or ongoing.context.is_dry_run or not changed_before_failing:
            return None, ""
        number = len(ongoing.runbook.steps) + 1
        try:
            return self._assess(ongoing, number, "Assess after"), ""
        except Exception as error:  # noqa: BLE001 - see the docstring
            why = ongoing.failure(error, "in the assessment after").message
            return None, f" What it achieved could not be assessed: {why}"


def _summary(ongoing: _Ongoing) -> str:
    context, runbook = ongoing.context, ongoing.runbook
    if context.is_dry_run and runbook.changes:
        count = len(context.planned)
        if not count:
            return "Would send no changing command."
        commands = "; ".join(context.planned)
        about = f"Would affect {context.affects}. " if context.affects else ""
        return f"{about}Would send {count} changing command{'s' if count > 1 else ''}: {commands}"
    count = len(runbook.steps)
    return context.summary or f"{runbook.title}: done, {count} step{'s' if count > 1 else ''}."


def _told(failure: Failure, doing: str) -> str:
    """Return one sentence that says how far it came."""
    words = {
        Status.CANCELLED: "Cancelled",
        Status.TIMEOUT: "Timed out",
        Status.UNKNOWN: "Ended unknown",
    }
    return f"{words.get(failure.status, 'Failed')} {doing}."


def _check_json(context: Context) -> None:
    _check_json_value(context.data, "run.data")
    _check_json_value(context.result, "run.result")


def _check_json_value(value: object, name: str) -> None:
    """Fail at the step that did it, not when the execution is stored."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RunbookInvalid(f"{name} can't be kept, since it is not JSON: {error}.") from None
