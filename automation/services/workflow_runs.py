"""Starting workflows, cancelling them and having them go on from what failed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from automation import wakeups, workflows
from automation.engine.results import Status
from automation.models import STARTERS, Priority, Trigger, Workflow, WorkflowRun
from automation.selectors import access
from automation.selectors import workflow_runs as selectors
from automation.services import (
    conditions,
    executions,
    retrying,
    workflow_checks,
    workflow_rows,
)
from automation.services.asked import digest_of, token_columns
from automation.services.workflow_rows import Steps
from automation.signals import workflow_run_started
from automation.workflows import Phase, ProgressInvalid, State
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.audit.trail import Actor
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import Invalid, InvalidState, NotPermitted


@dataclass(frozen=True, kw_only=True)
class WorkflowLaunch:
    """What somebody asks for: a run of a workflow."""

    actor: User
    """Whose permissions count: of what starts by itself, the owner of the schedule or rule."""
    workflow: Workflow
    inputs: Mapping[str, Any] = field(default_factory=dict)
    is_dry_run: bool = False
    is_confirmed: bool = False
    reason: str = ""
    priority: Priority = Priority.NORMAL
    incident_id: UUID | None = None
    idempotency_key: str | None = None
    trigger: Trigger = Trigger.MANUAL
    trigger_name: str = ""
    """Of what starts by itself: the name of the schedule or rule."""
    schedule_id: UUID | None = None

    @property
    def is_automatic(self) -> bool:
        """Whether no person asks for it now."""
        return self.trigger is not Trigger.MANUAL

    @property
    def told_as(self) -> Actor:
        """Return who asks for it, for the audit trail."""
        if not self.is_automatic:
            return self.actor
        return f"{STARTERS[self.trigger]}:{self.trigger_name}"

    def digest(self) -> str:
        """Return what tells whether two with one idempotency key ask for the same."""
        return digest_of(
            [
                str(self.workflow.pk),
                dict(self.inputs),
                self.is_dry_run,
                int(self.priority),
                str(self.incident_id),
                self.reason,
            ]
        )


def start(asked: WorkflowLaunch) -> WorkflowRun:
    """Check and store a run; a worker goes on with it once that is committed.

    Raises :class:`Invalid` with each input and each place of the definition that is wrong,
    :class:`InvalidState` for one that is switched off, :class:`NotPermitted`, which is audited,
    :class:`ConfirmationNeeded`.
    """
    try:
        with transaction.atomic():
            return _stored(asked)
    except NotPermitted as problem:
        trail.refuse(
            "AUTOMATION_WORKFLOW_REFUSED",
            actor=asked.told_as,
            target=asked.workflow,
            message=problem.message,
        )
        raise


def _stored(asked: WorkflowLaunch) -> WorkflowRun:
    actor, workflow = asked.actor, asked.workflow
    access.require_running(actor)
    before = executions.known_by_key(
        WorkflowRun.objects.filter(triggered_by_user=actor, idempotency_key=asked.idempotency_key),
        actor=actor,
        key=asked.idempotency_key,
        digest=asked.digest(),
    )
    if before is not None:
        return before
    workflow_checks.require_active(workflow)
    if not asked.is_automatic:
        conditions.require_incident(actor, asked.incident_id)
    definition = workflows.parsed(workflow.definition)
    inputs = workflow_checks.inputs_of(definition, asked.inputs)
    workflow_checks.require_runnable(
        definition, inputs, actor=actor, is_confirmed=asked.is_confirmed or asked.is_dry_run
    )
    run = WorkflowRun.objects.create(
        workflow=workflow,
        name=workflow.name,
        version=workflow.version,
        definition=workflow.definition,
        inputs=inputs,
        triggered_by=asked.trigger,
        trigger_name=asked.trigger_name,
        triggered_by_user=None if asked.is_automatic else actor,
        on_behalf_of=actor if asked.is_automatic else None,
        **token_columns(None if asked.is_automatic else actor),
        schedule_id=asked.schedule_id,
        incident_id=asked.incident_id,
        reason=secrets_in_use.masked(asked.reason),
        priority=asked.priority,
        is_dry_run=asked.is_dry_run,
        is_confirmed=asked.is_confirmed,
        idempotency_key=asked.idempotency_key,
        idempotency_hash=asked.digest() if asked.idempotency_key else "",
    )
    workflow_rows.make(run, definition)
    trail.record(
        "AUTOMATION_WORKFLOW_STARTED",
        actor=asked.told_as,
        target=run,
        message=asked.reason,
        workflow=workflow.name,
        version=workflow.version,
        inputs=inputs,
        isDryRun=asked.is_dry_run,
    )
    _wake(run)
    run.refresh_from_db(fields=["started_at"])
    _tell_begun(run, asked.told_as)
    return run


@transaction.atomic
def cancel(*, actor: User, run: WorkflowRun) -> WorkflowRun:
    """Begin nothing more, and have what runs end. Raises :class:`InvalidState`, if it has ended.

    Raises :class:`NotPermitted`.
    """
    if not selectors.may_cancel(actor, run):
        raise NotPermitted(
            "You may cancel the workflows that you started; this one was started by another."
        )
    row = _held(run)
    if row.is_final:
        raise InvalidState(f"It has ended already ({row.status}), so there is nothing to cancel.")
    if row.cancel_requested_at is None:
        WorkflowRun.objects.filter(pk=row.pk).update(
            cancel_requested_at=Now(), cancel_requested_by=actor, revision=F("revision") + 1
        )
        trail.record("AUTOMATION_WORKFLOW_CANCEL_REQUESTED", actor=actor, target=row)
    _wake(row)
    return selectors.get(actor, row.pk)


@transaction.atomic
def retry(
    *,
    actor: User,
    run: WorkflowRun,
    node: str | None = None,
    reason: str = "",
    is_confirmed: bool = False,
) -> WorkflowRun:
    """Have a run that has ended go on from a node, or from all that failed or was cancelled.

    What depends on it runs again, too; what succeeded before it stays. From then on the
    permissions of the actor count. Raises :class:`InvalidState` while it has not ended and where
    there is nothing to go on from, :class:`Invalid` for a node that there is not,
    :class:`NotPermitted`, :class:`ConfirmationNeeded`.
    """
    retrying.require_retry_permission(actor)
    access.require_running(actor)
    row = _held(run)
    if not row.is_final:
        raise InvalidState("It has not ended yet. Wait for its end, or cancel it, then try again.")
    definition = workflows.parsed(row.definition)
    steps = Steps(row)
    # A new attempt is no cancelled one.
    state = State(nodes=steps.state().nodes)
    if node is not None and node not in state.nodes:
        raise Invalid(
            f"The workflow has no node {node}.",
            details={"node": [f"Name one of {', '.join(state.nodes)}."]},
        )
    beginnings = [node] if node else _where_it_stopped(state)
    if not beginnings:
        raise InvalidState("Nothing in it failed or was cancelled, so there is nothing to go on.")
    try:
        for key in beginnings:
            if state.nodes[key].phase.has_ended:  # not put back with another one
                state = workflows.again(definition, state, key)
    except ProgressInvalid as problem:
        raise InvalidState(str(problem)) from problem
    workflow_checks.require_runnable(
        definition,
        row.inputs,
        actor=actor,
        is_confirmed=is_confirmed or row.is_dry_run,
        only=[key for key, at in state.nodes.items() if not at.phase.has_ended],
    )
    steps.take(state)
    steps.save()
    WorkflowRun.objects.filter(pk=row.pk).update(
        status=Status.RUNNING,
        message="",
        finished_at=None,
        cancel_requested_at=None,
        cancel_requested_by=None,
        retried_by=actor,
        **token_columns(actor),
        is_confirmed=is_confirmed,
        retries=F("retries") + 1,
        revision=F("revision") + 1,
    )
    trail.record(
        "AUTOMATION_WORKFLOW_RETRIED",
        actor=actor,
        target=row,
        message=reason,
        nodes=beginnings,
    )
    _wake(row)
    row.refresh_from_db(fields=["status", "retries"])
    _tell_begun(row, actor)
    return selectors.get(actor, row.pk)


def _where_it_stopped(state: State) -> list[str]:
    """Return the nodes that failed, or were cancelled; else those that were not begun."""
    ended = {key: at for key, at in state.nodes.items() if at.phase.has_ended}
    failed = [key for key, at in ended.items() if at.phase is Phase.FAILED]
    cancelled = [key for key, at in ended.items() if at.phase is Phase.CANCELLED]
    ran = [key for key in cancelled if state.nodes[key].result is not None]
    return [*failed, *ran] or cancelled


def _held(run: WorkflowRun) -> WorkflowRun:
    """Return the run, with which nobody else goes on until the transaction ends."""
    return WorkflowRun.objects.select_for_update(of=("self",)).get(pk=run.pk)


def _tell_begun(run: WorkflowRun, actor: Actor) -> None:
    if run.incident_id is not None:
        workflow_run_started.send(sender=WorkflowRun, run=run, actor=actor)


def _wake(run: WorkflowRun) -> None:
    transaction.on_commit(partial(wakeups.advance, [run.pk]))
