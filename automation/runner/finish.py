"""The end of an attempt: written once, by whoever holds it, and told to those who listen."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F, UUIDField
from django.db.models.functions import Now

from automation import wakeups
from automation.engine.results import Assessment, CancelOutcome, ErrorCode, Outcome, Status
from automation.models import Execution
from automation.runner import batches
from automation.runner.claim import Claim
from automation.signals import execution_finished
from opsmanager.audit import trail
from opsmanager.common.compiled import Compiled
from opsmanager.common.connections import prepared_cursor

log = structlog.get_logger(__name__)

_VERBS = {
    Status.SUCCESS: "AUTOMATION_EXECUTION_COMPLETED",
    Status.FAILED: "AUTOMATION_EXECUTION_FAILED",
    Status.CANCELLED: "AUTOMATION_EXECUTION_CANCELLED",
    Status.TIMEOUT: "AUTOMATION_EXECUTION_TIMEOUT",
    Status.UNKNOWN: "AUTOMATION_EXECUTION_UNKNOWN",
    Status.ROLLED_BACK: "AUTOMATION_EXECUTION_ROLLED_BACK",
}

_NEXT_ON_SERVER = """
SELECT e.id, e.priority, s.zone
  FROM automation_execution e JOIN servers_server s ON s.id = e.server_id
 WHERE e.server_id = (SELECT server_id FROM automation_execution WHERE id = %(id)s)
   AND e.waiting_since IS NOT NULL AND e.cancel_requested_at IS NULL
   AND e.changes AND NOT e.is_dry_run
 ORDER BY e.priority, e.waiting_since, e.id LIMIT 1
"""
# Of a batch that runs all at once none waits for another. The first of each zone is woken, for one
# whose zone has no worker keeps none of another waiting.
_NEXT_OF_BATCH = """
SELECT DISTINCT ON (s.zone) e.id, e.priority, s.zone
  FROM automation_execution e JOIN servers_server s ON s.id = e.server_id
 WHERE e.batch_id = (SELECT b.id FROM automation_batch b JOIN automation_execution ended
                         ON ended.batch_id = b.id
                      WHERE ended.id = %(id)s AND b.max_parallel IS NOT NULL)
   AND e.waiting_since IS NOT NULL AND e.cancel_requested_at IS NULL
 ORDER BY s.zone, e.priority, e.waiting_since, e.id
"""
_ROW = Compiled(
    lambda pk: Execution.objects.select_related("runbook", "server").filter(pk=pk), pk=UUIDField()
)


def finish(claim: Claim, outcome: Outcome, *, worker: str) -> bool:
    """Write the outcome of an execution; ``False`` when it is no longer this worker's to end."""
    result: dict[str, Any] = {
        "status": outcome.status,
        "verdict": outcome.verdict or "",
        "result_summary": outcome.summary,
        "result_data": outcome.result,
        "context": outcome.data,
        "once": outcome.once,
        "warnings": list(outcome.warnings),
        "assessment_before": _kept(outcome.before),
        "assessment_after": _kept(outcome.after),
        "error_code": outcome.error_code or "",
        "error_message": outcome.error_message,
        "steps_done": list(outcome.steps_done),
        "cancel_outcome": outcome.cancel_outcome or "",
        "finished_at": Now(),
    }
    if outcome.status is Status.UNKNOWN and _may_be_told(outcome):
        result["ask_server_at"] = Now()
    with transaction.atomic():
        may_stop = claim.is_of_batch and outcome.status in batches.FAILED
        batch = batches.hold(claim.execution_id) if may_stop else None
        written = _let_go(claim, result)
        if written:
            told(claim.execution_id, worker=worker)
            batches.stop_if_enough(batch)
    wake_next(claim)
    connection.close()
    return written


def finish_rollback(claim: Claim, outcome: Outcome, *, worker: str) -> bool:
    """Write the outcome of a rollback; ``False`` when it is no longer this worker's to end."""
    is_done = outcome.status is Status.ROLLED_BACK
    result: dict[str, Any] = {
        "rollback_status": Status.SUCCESS if is_done else outcome.status,
        "rollback_message": outcome.summary
        if is_done
        else outcome.error_message or outcome.summary,
        "steps_done": list(outcome.steps_done),
        "rollback_performed": is_done,
        "rollback_at": Now(),
    }
    if is_done:
        result |= {"status": Status.ROLLED_BACK, "ask_server_at": None}
    with transaction.atomic():
        written = _let_go(claim, result)
        if written:
            told_of_rollback(claim.execution_id, worker=worker)
    wake_next(claim)
    connection.close()
    return written


def try_again(claim: Claim, outcome: Outcome, *, seconds: float, worker: str) -> bool:
    """Queue an execution for another attempt; ``False`` when it is no longer this worker's."""
    with transaction.atomic():
        written = _let_go(
            claim,
            {
                "status": Status.PENDING,
                "waiting_since": F("queued_at"),
                "not_before": Now() + timedelta(seconds=seconds),
                "resumes": False,
                "woken_at": None,
                "once": outcome.once,
                "error_code": outcome.error_code or "",
                "error_message": outcome.error_message,
                "current_step": 0,
            },
        )
        if written:
            trail.record(
                "AUTOMATION_EXECUTION_TRIED_AGAIN",
                actor=f"worker:{worker}",
                target=_row(claim.execution_id),
                outcome="FAILED",
                message=outcome.error_message,
                attempt=claim.attempt,
            )
    wake_next(claim)
    connection.close()
    return written


def _row(execution_id: UUID) -> Execution:
    (execution,) = _ROW.all(pk=execution_id)
    return execution


def _may_be_told(outcome: Outcome) -> bool:
    """Whether the server may still tell how it ended, rather than that nobody could go on."""
    is_away = outcome.cancel_outcome is CancelOutcome.UNREACHABLE
    return is_away or outcome.error_code is not ErrorCode.WORKER_LOST


def _let_go(claim: Claim, result: dict[str, Any]) -> bool:
    """Write the result and give lease and server back, if the claim still holds."""
    held = Execution.objects.filter(
        pk=claim.execution_id, fence=claim.fence, lease_until__isnull=False
    )
    freed = {"lease_until": None, "holds_server": False, "revision": F("revision") + 1}
    return bool(held.update(**result, **freed))


def told(execution_id: UUID, *, worker: str) -> None:
    """Audit the end of an execution and tell who listens, inside the caller's transaction."""
    execution = _row(execution_id)
    status = Status(execution.status)
    trail.record(
        _VERBS[status],
        actor=f"worker:{worker}",
        target=execution,
        outcome="OK" if status is Status.SUCCESS else "FAILED",
        message=_said(execution),
        status=execution.status,
        verdict=execution.verdict,
        errorCode=execution.error_code,
        isDryRun=execution.is_dry_run,
    )
    _told_of_refusal(execution, execution.error_code, execution.error_message, worker=worker)
    tell_listeners(execution)


def _said(execution: Execution) -> str:
    """Return what the trail says of an end; of one that nobody saw, which command it was."""
    if Status(execution.status) is Status.UNKNOWN:
        # Once its server has told the end, only the trail has this.
        return execution.error_message or execution.result_summary
    return execution.result_summary or execution.error_message


def _told_of_refusal(execution: Execution, error_code: str, message: str, *, worker: str) -> None:
    """Audit that the command guard ended an execution."""
    if error_code == ErrorCode.DANGEROUS_COMMAND:
        trail.record(
            "AUTOMATION_DANGEROUS_COMMAND_BLOCKED",
            actor=f"worker:{worker}",
            target=execution,
            outcome="FAILED",
            message=message,
        )


def tell_listeners(execution: Execution) -> None:
    """Tell who listens that an execution has ended, inside the caller's transaction."""
    try:
        with transaction.atomic():
            execution_finished.send(sender=Execution, execution=execution)
    except Exception:
        # Whatever a listener does, the execution has ended and says so.
        log.exception("a listener to the end of an execution failed", execution=str(execution.pk))


def told_of_rollback(execution_id: UUID, *, worker: str) -> None:
    """Audit the end of a rollback, inside the caller's transaction."""
    execution = _row(execution_id)
    is_done = execution.rollback_status == Status.SUCCESS
    trail.record(
        "AUTOMATION_EXECUTION_ROLLED_BACK" if is_done else "AUTOMATION_EXECUTION_ROLLBACK_FAILED",
        actor=f"worker:{worker}",
        target=execution,
        outcome="OK" if is_done else "FAILED",
        message=execution.rollback_message,
        status=execution.rollback_status,
    )
    if is_done:
        tell_listeners(execution)


def wake_next(claim: Claim) -> None:
    """Wake what waited for this one: the first for its server, and the first of its batch."""
    # What only reads never waited for the server, nor did anything wait for it.
    values = {"id": claim.execution_id}
    with prepared_cursor() as cursor:
        if claim.holds_server:
            cursor.execute(_NEXT_ON_SERVER, values)
            wakeups.send(cursor.fetchall())
        if claim.is_of_batch:
            cursor.execute(_NEXT_OF_BATCH, values)
            wakeups.send(cursor.fetchall())


def _kept(assessment: Assessment | None) -> dict[str, object] | None:
    return asdict(assessment) if assessment else None
