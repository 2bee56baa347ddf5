"""The end of an execution: written once, by whoever holds it, and told to those who listen."""

from dataclasses import asdict
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from automation import wakeups
from automation.engine.results import Assessment, Outcome, Status
from automation.models import Execution
from automation.runner.claim import Claim
from automation.signals import execution_finished
from opsmanager.audit import trail

log = structlog.get_logger(__name__)

_VERBS = {
    Status.SUCCESS: "AUTOMATION_EXECUTION_COMPLETED",
    Status.FAILED: "AUTOMATION_EXECUTION_FAILED",
    Status.CANCELLED: "AUTOMATION_EXECUTION_CANCELLED",
    Status.TIMEOUT: "AUTOMATION_EXECUTION_TIMEOUT",
    Status.UNKNOWN: "AUTOMATION_EXECUTION_UNKNOWN",
    Status.ROLLED_BACK: "AUTOMATION_EXECUTION_ROLLED_BACK",
}


def finish(claim: Claim, outcome: Outcome, *, worker: str) -> bool:
    """Write the outcome of an execution; ``False`` when it is no longer this worker's to end."""
    with transaction.atomic():
        written = Execution.objects.filter(
            pk=claim.execution_id, fence=claim.fence, status=Status.RUNNING
        ).update(
            status=outcome.status,
            verdict=outcome.verdict or "",
            result_summary=outcome.summary,
            result_data=outcome.result,
            context=outcome.data,
            assessment_before=_kept(outcome.before),
            assessment_after=_kept(outcome.after),
            error_code=outcome.error_code or "",
            error_message=outcome.error_message,
            steps_done=outcome.steps_done,
            cancel_outcome=outcome.cancel_outcome or "",
            finished_at=Now(),
            lease_until=None,
            revision=F("revision") + 1,
        )
        if written:
            told(claim.execution_id, worker=worker)
    wake_next_on_server_of(claim.execution_id)
    connection.close()
    return bool(written)


def told(execution_id: UUID, *, worker: str) -> None:
    """Audit the end of an execution and tell who listens, inside the caller's transaction."""
    execution = Execution.objects.select_related("runbook", "server").get(pk=execution_id)
    status = Status(execution.status)
    trail.record(
        _VERBS[status],
        actor=f"worker:{worker}",
        target=execution,
        outcome="OK" if status is Status.SUCCESS else "FAILED",
        message=execution.result_summary or execution.error_message,
        status=execution.status,
        verdict=execution.verdict,
        errorCode=execution.error_code,
        isDryRun=execution.is_dry_run,
    )
    tell_listeners(execution)


def tell_listeners(execution: Execution) -> None:
    """Tell who listens that an execution has ended, inside the caller's transaction."""
    try:
        with transaction.atomic():
            execution_finished.send(sender=Execution, execution=execution)
    except Exception:
        # Whatever a listener does, the execution has ended and says so.
        log.exception("a listener to the end of an execution failed", execution=str(execution.pk))


def wake_next_on_server_of(execution_id: UUID) -> None:
    """Wake the execution that waits longest, of the highest priority, for the same server."""
    server = Execution.objects.filter(pk=execution_id).values("server_id")
    waiting = (
        # What only reads never waited for the server.
        Execution.objects.filter(
            server_id__in=server, status=Status.PENDING, changes=True, is_dry_run=False
        )
        .order_by("priority", "queued_at")
        .values_list("pk", "priority")
    )
    wakeups.send(waiting[:1])


def _kept(assessment: Assessment | None) -> dict[str, object] | None:
    return asdict(assessment) if assessment else None
