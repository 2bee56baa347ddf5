"""Deleting an execution that has ended; the audit trail keeps what it was."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from automation.engine.results import Status
from automation.models import Approval, Batch, Execution, ExecutionLog, SpentKey
from automation.runner import leftovers
from automation.selectors import approvals, cooldown
from automation.selectors import executions as selectors
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common.problems import InvalidState, NotPermitted, Problem
from servers.selectors import servers

_LIVE = (Status.PENDING, Status.RUNNING)


@transaction.atomic
def delete(*, actor: User, execution: Execution) -> None:
    """Delete an execution with its log, its secrets, and its batch if that has no other one.

    Raises :class:`InvalidState` while something still needs it, :class:`NotPermitted`,
    :class:`NotFound` when somebody else was quicker.
    """
    require_permission(actor, execution)
    # The batch first, as whoever cancels one does: the last two of it may go in one moment.
    batch = _held_batch(execution.batch_id)
    row = selectors.hold(execution.pk, "runbook", "server", "triggered_by_user")
    _require_state(row)
    # By its month: the cascade would look for them in each one.
    rows, _ = ExecutionLog.objects.filter(execution=row, queued_at=row.queued_at).delete()
    _record(actor, row, log_rows=rows)
    secrets = {row.secret_parameters_id}
    _spend(row.triggered_by_user, row.idempotency_key)
    row.delete()
    if batch is not None and not batch.executions.exists():
        secrets.add(batch.secret_parameters_id)
        _delete_batch(actor, batch)
    leftovers.delete_secrets(pk for pk in secrets if pk is not None)


def why_not(execution: Execution) -> str:
    """Return why it can't be deleted now, with what to do; empty where it can."""
    try:
        _require_state(execution)
    except Problem as problem:
        return problem.message
    return ""


def may_delete(actor: User, execution: Execution) -> bool:
    """Whether the actor may delete executions, and of this server."""
    try:
        require_permission(actor, execution)
    except NotPermitted:
        return False
    return True


def require_permission(actor: User, execution: Execution) -> None:
    """Raise :class:`NotPermitted` unless the actor may delete executions of this server."""
    permissions.require(
        actor,
        roles.DELETE_EXECUTIONS,
        "Your role may not delete executions. Ask a manager or an administrator.",
    )
    if not servers.may_operate(actor, execution.server):
        raise NotPermitted(
            f"You may not delete what ran on {execution.server.name}. An administrator can grant "
            "you this server, or one of its groups."
        )


def _held_batch(pk: UUID | None) -> Batch | None:
    return Batch.objects.select_for_update(of=("self",)).filter(pk=pk).first() if pk else None


def _require_state(execution: Execution) -> None:
    if execution.is_rolling_back:
        raise InvalidState(
            "It is being taken back. Wait for the end of that, or cancel it, then delete it."
        )
    if execution.is_live:
        raise InvalidState("It has not ended yet. Wait for its end, or cancel it, then delete it.")
    if execution.is_unknown:
        raise InvalidState(
            "Nobody knows how it ended, and its command may still run. Look at the server and "
            "decide how it ended, then delete it."
        )
    if execution.exact_runs.filter(status__in=_LIVE).exists():
        raise InvalidState(
            "An execution repeats this dry run, and compares with it what it reads. Wait until "
            "that one has ended, then delete it."
        )
    siblings = Execution.objects.filter(batch__isnull=False, batch=execution.batch_id)
    if siblings.filter(status__in=_LIVE).exists():
        raise InvalidState(
            "Its batch still runs, and counts what failed. Wait until all of that has ended, or "
            "cancel it, then delete it."
        )
    if approvals.unreviewed(Approval.objects.filter(execution=execution)).exists():
        raise InvalidState(
            "It went ahead without the approval that was asked for, and nobody has reviewed that "
            "yet. Have somebody review it, then delete it."
        )
    left = cooldown.seconds_left_of(execution)
    if left:
        minutes, seconds = divmod(left, 60)
        raise InvalidState(
            f"It started a cooldown: {execution.runbook.title} may run again on "
            f"{execution.server.name} in {minutes} min {seconds} s. It can be deleted after that.",
            details={"retryAfterSeconds": left},
        )


def _record(actor: User, execution: Execution, *, log_rows: int) -> None:
    starter = execution.triggered_by_user
    trail.record(
        "AUTOMATION_EXECUTION_DELETED",
        actor=actor,
        target=execution,
        message=execution.result_summary or execution.error_message,
        runbook=execution.runbook.runbook_id,
        server=execution.server.name,
        startedBy=starter.get_username() if starter else None,
        triggeredBy=execution.triggered_by,
        reason=execution.reason,
        status=execution.status,
        verdict=execution.verdict,
        errorCode=execution.error_code,
        isDryRun=execution.is_dry_run,
        parameters=execution.parameters,
        queuedAt=_time(execution.queued_at),
        startedAt=_time(execution.started_at),
        finishedAt=_time(execution.finished_at),
        decision=execution.decision,
        rollbackStatus=execution.rollback_status,
        batch=_id(execution.batch_id),
        incident=_id(execution.incident_id),
        retryOf=_id(execution.retry_of_id),
        dryRun=_id(execution.dry_run_id),
        logRows=log_rows,
    )


def _delete_batch(actor: User, batch: Batch) -> None:
    trail.record(
        "AUTOMATION_BATCH_DELETED",
        actor=actor,
        target=batch,
        message=batch.reason,
        runbook=batch.runbook.runbook_id,
        startedBy=batch.started_by.get_username() if batch.started_by else None,
        isDryRun=batch.is_dry_run,
        parameters=batch.parameters,
        createdAt=_time(batch.created_at),
        refused=[refusal["server_name"] for refusal in batch.refusals],
    )
    _spend(batch.started_by, batch.idempotency_key)
    batch.delete()


def _spend(user: User | None, key: str | None) -> None:
    """Keep a key, so that repeating its request late launches nothing."""
    if user is not None and key is not None:
        spent = SpentKey(user=user, idempotency_key=key)
        SpentKey.objects.bulk_create([spent], ignore_conflicts=True)


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _id(pk: UUID | None) -> str | None:
    return str(pk) if pk else None
