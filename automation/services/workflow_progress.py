"""Going on with the runs of workflows: whoever asks, how often, whoever died in the middle.

The run's row is locked while it is looked at; what has ended since, what is decided and what is
launched are written in that one transaction. So nothing is begun twice, and the next one to ask
begins where the last one committed. Nothing here waits.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from automation import workflows
from automation.engine.results import Status
from automation.models import Approval, ApprovalState, Execution, WorkflowRun, WorkflowStep
from automation.selectors import workflow_runs as selectors
from automation.services import approvals, executions, workflow_messages, workflow_rows
from automation.services.workflow_nodes import Beginner, failed
from automation.services.workflow_rows import Steps
from automation.signals import workflow_run_finished
from automation.workflows import Definition, Outcome, Phase, Result
from opsmanager.audit import trail
from opsmanager.common import origin
from opsmanager.common.problems import InvalidState, NotFound, Problem
from opsmanager.common.sandbox import TemplateInvalid

log = structlog.get_logger(__name__)

_VERBS: Final = {
    Status.SUCCESS: "AUTOMATION_WORKFLOW_COMPLETED",
    Status.FAILED: "AUTOMATION_WORKFLOW_FAILED",
    Status.CANCELLED: "AUTOMATION_WORKFLOW_CANCELLED",
}
_PASSED: Final = (ApprovalState.APPROVED, ApprovalState.BYPASSED)


def advance(run_id: UUID) -> None:
    """Go on with a run, if it has not ended and there is anything new.

    Not in a database that was restored, before somebody has settled what it held.
    """
    with transaction.atomic():
        run = (
            WorkflowRun.objects.select_for_update(of=("self",))
            .defer("definition")
            .filter(pk=run_id)
            .first()
        )
        if run is None or run.is_final or not selectors.due().filter(pk=run_id).exists():
            return
        if origin.is_foreign():
            return
        _Look(run).take()
    if run.cancel_requested_at is not None:
        _cancel_executions(run)


@lru_cache(maxsize=64)
def _definition_of(run_id: UUID) -> Definition:
    """Return what a run does, which never changes: it is read once in a process."""
    raw = WorkflowRun.objects.values_list("definition", flat=True).get(pk=run_id)
    return workflows.parsed(raw)


class _Look:
    """One look at a run that is locked."""

    def __init__(self, run: WorkflowRun) -> None:
        self._run = run
        self._definition = _definition_of(run.pk)
        self._steps = Steps(run)
        self._begin = Beginner(run, self._definition)
        self._state = self._steps.state()

    def take(self) -> None:
        """Take the news in, and do what is to be done now."""
        self._take_news()
        outcome = None
        while outcome is None:
            decided = workflows.advance(self._definition, self._state, {"inputs": self._run.inputs})
            self._state = workflows.applied(self._state, decided)
            moved = [self._start(key) for key in decided.start]
            moved += [self._start_one(key, item) for key, item in decided.start_items]
            outcome = decided.outcome
            if not any(moved):
                break
        self._steps.take(self._state)
        if self._steps.save() or outcome:
            WorkflowRun.objects.filter(pk=self._run.pk).update(revision=F("revision") + 1)
        self._withdraw()
        if outcome is not None:
            _end(self._run, outcome)

    def _take_news(self) -> None:
        """Take in what has ended since the last look."""
        running = [row for row in self._steps if row.phase == Phase.RUNNING and not row.is_spread]
        ended = _ended(self._run)
        waits = [row.pk for row in running if row.execution_id is None and row.due_at is None]
        asked = _asked(waits) if waits else {}
        now = timezone.now()
        for row in running:
            result = _news(row, ended, asked, now=now)
            if result is not None:
                self._state = workflows.ended(self._state, row.key, result, row.item or None)

    def _start(self, key: str) -> bool:
        """Begin a node; return whether more can be decided at once because of it."""
        node = self._definition.nodes[key]
        if not isinstance(node, workflows.Run) or node.for_each is None:
            return self._start_one(key, None)
        try:
            servers = self._begin.servers_of(node.for_each, self._state)
        except (Problem, TemplateInvalid) as problem:
            self._state = workflows.ended(self._state, key, failed(problem))
            return True
        self._steps.spread(key, servers)
        self._state = workflows.spread(self._state, key, [server.name for server in servers])
        return True

    def _start_one(self, key: str, item: str | None) -> bool:
        row = self._steps.of(key, item)
        self._state = workflows.begun(self._state, key, item)
        result = self._begin.begin(row, self._state)
        if result is not None:
            self._state = workflows.ended(self._state, key, result, item)
        return result is not None

    def _withdraw(self) -> None:
        """Ask nobody any more for what is not waited for any more."""
        for row in self._steps:
            waits = isinstance(self._definition.nodes[row.key], workflows.Wait)
            if waits and row.phase == Phase.CANCELLED:
                approvals.withdraw(row, actor=f"workflow:{self._run.name}")


def _ended(run: WorkflowRun) -> dict[UUID, Execution]:
    """Return what has ended of all that it waits for, by their keys.

    How an UNKNOWN one ended is found out or decided later: nothing follows it by itself.
    """
    live = [Status.PENDING, Status.RUNNING, Status.UNKNOWN]
    rows = Execution.objects.filter(
        workflow_steps__run=run, workflow_steps__phase=Phase.RUNNING
    ).exclude(status__in=live)
    return {row.pk: row for row in rows}


def _asked(waits: list[int]) -> dict[int | None, Approval]:
    """Return what was asked for each step, the latest where it was asked again."""
    rows = Approval.objects.filter(step__in=waits).order_by("asked_at")
    return {approval.step_id: approval for approval in rows}


def _news(
    row: WorkflowStep,
    ended: Mapping[UUID, Execution],
    asked: Mapping[int | None, Approval],
    *,
    now: Any,
) -> Result | None:
    """Return what came of something that runs, or waits; ``None`` while that is not known."""
    approval = asked.get(row.pk)
    if row.execution_id is not None:
        execution = ended.get(row.execution_id)
        return workflow_rows.result_of(execution) if execution else None
    if row.due_at is not None:
        return Result(success=True, summary="The time is over.") if row.due_at <= now else None
    if approval is None:
        return Result(success=False, status=Status.FAILED, error="Its execution was deleted.")
    if approval.is_pending:
        return None
    passed = approval.state in _PASSED
    said = _said(approval)
    return Result(success=passed, summary=said, error="" if passed else said)


def _said(approval: Approval) -> str:
    """Say what became of an approval that is decided."""
    votes = {
        approves: [
            vote for vote in approval.votes.select_related("user") if vote.approves is approves
        ]
        for approves in (True, False)
    }
    match ApprovalState(approval.state):
        case ApprovalState.APPROVED:
            return f"Approved by {', '.join(str(vote.user) for vote in votes[True])}."
        case ApprovalState.BYPASSED:
            return f"{approval.bypassed_by} went on without approval: {approval.bypass_reason}"
        case ApprovalState.REJECTED if votes[False]:
            return f"{votes[False][-1].user} did not approve it: {votes[False][-1].reason}"
        case ApprovalState.EXPIRED:
            return "Nobody approved it in time."
        case _:
            return f"{approval.get_state_display()}."


def _end(run: WorkflowRun, outcome: Outcome) -> None:
    """Write how a run has ended, and tell."""
    WorkflowRun.objects.filter(pk=run.pk).update(
        status=outcome.status, message=outcome.reason, finished_at=Now()
    )
    run.status, run.message = outcome.status, outcome.reason
    trail.record(
        _VERBS[outcome.status],
        actor=f"workflow:{run.name}",
        target=run,
        outcome="OK" if outcome.status is Status.SUCCESS else "FAILED",
        message=outcome.reason,
    )
    workflow_messages.tell_of(run)
    workflow_run_finished.send(sender=WorkflowRun, run=run)


def _cancel_executions(run: WorkflowRun) -> None:
    """Have what a cancelled run started end; each by itself, whoever died before."""
    asked_by = run.cancel_requested_by
    for execution in selectors.to_cancel(run):
        try:
            # Who may cancel the run may end what it started, also for somebody else.
            executions.cancel_part(
                execution, asked_by=asked_by, told_as=asked_by or f"workflow:{run.name}"
            )
        except (InvalidState, NotFound) as problem:
            log.info("not cancelled", execution=str(execution.pk), reason=problem.message)
