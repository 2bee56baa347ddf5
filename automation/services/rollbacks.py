"""Taking an execution back, on a person's word and after they saw what that does."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from automation import wakeups
from automation.engine import params
from automation.engine.errors import EngineError
from automation.engine.results import Status
from automation.engine.rollback import rollback_plan
from automation.models import Execution
from automation.selectors import access, runbooks
from automation.selectors import executions as selectors
from automation.services import conditions
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import InvalidState, Problem


@dataclass(frozen=True, kw_only=True)
class RollbackPlan:
    """What a rollback would do now."""

    steps: list[tuple[int, str]]
    """Number and title of the steps it takes back, latest first."""
    why_not: str = ""
    """Why nothing can be taken back; empty where something can."""


def plan(execution: Execution) -> RollbackPlan:
    """Return what a rollback would take back, or why there is nothing to."""
    try:
        _require_state(execution)
        kind = runbooks.code_of(execution.runbook)
        runbook = params.parse(kind, execution.parameters, kept=params.secret_names(kind))
    except (Problem, EngineError) as problem:
        return RollbackPlan(steps=[], why_not=str(problem))
    steps = rollback_plan(runbook, execution.steps_done)
    if steps:
        return RollbackPlan(steps=steps)
    reason = runbook.why_irreversible()
    if not kind.changes:
        reason = "It only reads: there is nothing to take back."
    elif not execution.steps_done:
        reason = "It changed nothing, so there is nothing to take back."
    return RollbackPlan(steps=[], why_not=reason or "None of the steps that ran can be taken back.")


def roll_back(
    *, actor: User, execution: Execution, reason: str = "", is_confirmed: bool = False
) -> Execution:
    """Queue the rollback of an execution; a worker runs it and appends to the same log.

    Raises :class:`InvalidState` when there is nothing to take back, :class:`NotPermitted`,
    :class:`ConfirmationNeeded`.
    """
    require_rollback_permission(actor)
    kind = runbooks.code_of(execution.runbook)
    access.require_launch(actor, execution.runbook, kind, execution.server)
    with transaction.atomic():
        row = selectors.hold(execution.pk, "runbook", "server")
        planned = plan(row)
        if planned.why_not:
            raise InvalidState(planned.why_not)
        if not row.server.is_active:
            raise InvalidState(
                f"{row.server.name} is switched off, so nothing runs there. Switch it on first.",
                code="SERVER_INACTIVE",
            )
        conditions.require_confirmation(row.runbook, row.server, is_confirmed=is_confirmed)
        Execution.objects.filter(pk=row.pk).update(
            rollback_status=Status.PENDING,
            rollback_by=actor,
            rollback_token_id=actor.token.pk if actor.token else None,
            rollback_at=Now(),
            rollback_reason=secrets_in_use.masked(reason),
            rollback_message="",
            waiting_since=Now(),
            not_before=None,
            woken_at=None,
            claims=0,
            resumes=False,
            cancel_requested_at=None,
            cancel_requested_by=None,
            revision=F("revision") + 1,
        )
        trail.record(
            "AUTOMATION_EXECUTION_ROLLBACK_REQUESTED",
            actor=actor,
            target=row,
            message=reason,
            steps=[title for _, title in planned.steps],
        )
        woken = (row.pk, row.priority, row.server.zone)
        transaction.on_commit(lambda: wakeups.send([woken]))
    return selectors.get(actor, execution.pk)


def require_rollback_permission(actor: User) -> None:
    """Raise :class:`NotPermitted` unless the actor may take executions back."""
    permissions.require(
        actor,
        roles.ROLL_BACK_EXECUTIONS,
        "Your role may not take executions back. Ask a manager or an administrator.",
    )


def _require_state(execution: Execution) -> None:
    status = Status(execution.status)
    if not status.is_final:
        raise InvalidState("It has not ended yet. Wait for its end, or cancel it first.")
    if execution.is_dry_run:
        raise InvalidState("It was a dry run: it changed nothing that could be taken back.")
    if execution.is_rolling_back:
        raise InvalidState("It is being taken back already.")
    if status is Status.ROLLED_BACK:
        raise InvalidState("It was taken back already.")
    if status is Status.UNKNOWN:
        raise InvalidState(
            "Nobody knows how it ended, and its command may still run. Decide how it ended, then "
            "take it back."
        )
