"""Runs a runbook's steps on a server and says truthfully how it ended."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from automation.engine.actions import Actions, Place
from automation.engine.context import Context, check_json
from automation.engine.dry_run import Comparison, DryRun
from automation.engine.failures import Failure, failure_of
from automation.engine.guard import Guard
from automation.engine.http import HttpClient
from automation.engine.parallel import Turn, run_all
from automation.engine.past import Past, PastAction
from automation.engine.ports import Journal, StopSignal, Transport
from automation.engine.results import Assessment, ErrorCode, Outcome, Status, verdict_of
from automation.engine.rollback import check_something_to_do, undoable_steps
from automation.engine.run import Run
from automation.engine.runbook import Runbook
from automation.engine.step import Step, groups_of

_NO_CONNECTION = (
    ErrorCode.CONNECTION,
    ErrorCode.AUTHENTICATION,
    ErrorCode.HOST_KEY,
    ErrorCode.CONNECTION_LOST,
)


@dataclass(kw_only=True)
class _Ongoing:
    """What belongs to one execution while it runs."""

    runbook: Runbook
    context: Context
    actions: Actions
    doing: str
    """Where it is, for the sentence about a failure."""

    def failure(self, error: Exception) -> Failure:
        """Return what an error means; raises ``LeaseLost`` when it is that."""
        return failure_of(error, context=self.context, runbook_id=self.runbook.id, doing=self.doing)

    def outcome(self, failure: Failure | None, *, status: Status, summary: str) -> Outcome:
        """Return how it ended, so far as that does not depend on what was run."""
        context = self.context
        return Outcome(
            status=failure.status if failure else status,
            summary=_told(failure, self.doing) if failure else summary,
            result=context.result,
            data=context.data,
            once=context.once,
            warnings=tuple(context.warnings),
            error_code=failure.error_code if failure else None,
            error_message=failure.message if failure else "",
            changed=context.changed,
            steps_done=context.steps_done,
            cancel_outcome=failure.cancel_outcome if failure else None,
        )


def _random(_seq: int) -> UUID:
    return uuid4()


class Executor:
    """Runs one execution, or its rollback, through the ports it was given.

    ``guard`` is asked before each command; without one none is refused. ``shown`` returns a text as
    the journal's log shows it, ``ids`` the id of the action with that number. Each way to end is an
    ``Outcome``; the one error raised is ``LeaseLost``, after which nothing more may be written.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        journal: Journal,
        stop: StopSignal,
        ids: Callable[[int], UUID] = _random,
        http: HttpClient | None = None,
        guard: Guard | None = None,
        shown: Callable[[str], str] = str,
    ) -> None:
        self._shown = shown
        self._transport = transport
        self._http = http
        self._journal = journal
        self._stop = stop
        self._ids = ids
        self._guard = guard

    def execute(
        self,
        runbook: Runbook,
        *,
        is_dry_run: bool = False,
        previous: Mapping[str, Any] | None = None,
        seq_after: int = 0,
        past: Iterable[PastAction] = (),
        once: Mapping[str, Any] | None = None,
        as_in: DryRun | None = None,
    ) -> Outcome:
        """Assess, run the steps from top to bottom, assess again.

        ``previous`` is the result of the previous execution in a workflow; ``seq_after`` the last
        ``seq`` in the log of an earlier attempt. A dry run is not assessed after. To go on with an
        attempt whose worker was lost, ``past`` is its log and ``once`` what it kept; ``as_in`` is
        the dry run that this run is to repeat.
        """
        kept = {**(as_in.once if as_in else {}), **(once or {})}
        context = Context(is_dry_run=is_dry_run, previous=dict(previous or {}), once=kept)
        ongoing = self._begin(
            runbook,
            context,
            seq_after=seq_after,
            past=past,
            comparison=Comparison(as_in, shown=self._shown),
        )
        before: Assessment | None = None
        failure: Failure | None = None
        try:
            before = self._assess(ongoing, 0, "Assess before")
            self._run_steps(ongoing)
        except Exception as error:  # noqa: BLE001 - each way to fail becomes an outcome
            ongoing.actions.note_what_is_left()
            failure = ongoing.failure(error)
        ended = ongoing.outcome(failure, status=Status.SUCCESS, summary=_summary(ongoing))
        after, complaint = self._assess_after(ongoing, before, failure)
        return _with_verdict(ended, before, after, complaint)

    def roll_back(
        self,
        runbook: Runbook,
        *,
        data: Mapping[str, Any],
        steps_done: Collection[int],
        seq_after: int = 0,
        past: Iterable[PastAction] = (),
        once: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Take back these steps, latest first; stop at the first that fails.

        ``data``, ``once`` and ``steps_done`` are those of the execution's ``Outcome``,
        ``seq_after`` the last ``seq`` in its log, ``past`` as in :meth:`execute`. The status is
        ``ROLLED_BACK``, or ``FAILED`` (``CANCELLED`` when told to stop,
        ``UNKNOWN`` when nobody saw the end of a change); ``steps_done`` then holds the steps that
        are still not taken back.
        """
        context = Context(is_rollback=True, data=dict(data), once=dict(once or {}))
        ongoing = self._begin(
            runbook, context, seq_after=seq_after, past=past, comparison=Comparison(None)
        )
        plan = undoable_steps(runbook, steps_done)
        failure: Failure | None = None
        left, ongoing.doing = set(steps_done), "before the rollback began"
        try:
            check_something_to_do(runbook, plan)
            for number, step in plan:
                ongoing.doing = f"taking back step {number}, “{step.title}”"
                left = {n for n in left if n <= number}
                run = self._enter(ongoing, number, f"Take back: {step.title}")
                step.take_back(runbook, run)
                left = {n for n in left if n < number}
                ongoing.actions.keep()
            ongoing.actions.check_nothing_is_left()
        except Exception as error:  # noqa: BLE001 - each way to fail becomes an outcome
            ongoing.actions.note_what_is_left()
            failure = ongoing.failure(error)
        taken = ", ".join(f"“{step.title}”" for _, step in plan)
        ended = ongoing.outcome(failure, status=Status.ROLLED_BACK, summary=f"Taken back: {taken}.")
        return replace(ended, steps_done=tuple(sorted(left)) if failure else ())

    def _begin(
        self,
        runbook: Runbook,
        context: Context,
        *,
        seq_after: int,
        past: Iterable[PastAction],
        comparison: Comparison,
    ) -> _Ongoing:
        actions = Actions(
            transport=self._transport,
            http=self._http,
            journal=self._journal,
            stop=self._stop,
            ids=self._ids,
            context=context,
            seq_after=seq_after,
            time_limit=runbook.default_timeout,
            past=Past(past, shown=self._shown),
            comparison=comparison,
            guard=self._guard,
        )
        return _Ongoing(
            runbook=runbook, context=context, actions=actions, doing="in the assessment before"
        )

    def _run_steps(self, ongoing: _Ongoing) -> None:
        """Run the steps in order, those that stand alongside one another at once."""
        for group in groups_of(ongoing.runbook.steps):
            ongoing.doing = _place_of(group, of=len(ongoing.runbook.steps))
            entered = [
                partial(_run_step, ongoing, number, step, self._enter(ongoing, number, step.title))
                for number, step in group
            ]
            if len(entered) == 1:
                entered[0]()
            else:
                run_all([(each, Turn()) for each in entered])
            ongoing.actions.keep()
        ongoing.actions.check_nothing_is_left()

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
            check_json(assessment.values, "The values of its assessment")
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
        ongoing.doing = "in the assessment after"
        try:
            return self._assess(ongoing, number, "Assess after"), ""
        except Exception as error:  # noqa: BLE001 - see the docstring
            why = ongoing.failure(error).message
            return None, f" What it achieved could not be assessed: {why}"


def _run_step(ongoing: _Ongoing, number: int, step: Step, run: Run) -> None:
    if not step.is_wanted(ongoing.runbook, run.only_reading("A condition may only read.")):
        run.skip()
        return
    step.run(ongoing.runbook, run)
    ongoing.context.ended_steps.add(number)


def _place_of(group: list[tuple[int, Step]], *, of: int) -> str:
    if len(group) == 1:
        number, step = group[0]
        return f"in step {number} of {of}, “{step.title}”"
    return f"in steps {group[0][0]} to {group[-1][0]} of {of}, which run at once"


def _with_verdict(
    ended: Outcome, before: Assessment | None, after: Assessment | None, complaint: str
) -> Outcome:
    succeeded = ended.status is Status.SUCCESS
    return replace(
        ended,
        before=before,
        after=after,
        verdict=verdict_of(before, after),
        summary=f"{ended.summary}{complaint if succeeded else ''}",
    )


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
