"""Stops a batch when enough of it has failed."""

from typing import Final
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from automation.engine.results import Status
from automation.models import Approval, Batch, Execution
from automation.runner import approvals
from opsmanager.audit import trail

FAILED: Final = (Status.FAILED, Status.TIMEOUT, Status.UNKNOWN)


def hold(execution_id: UUID) -> Batch | None:
    """Return the batch of an execution, if failures may stop it, until the transaction ends.

    To be held before the execution, as by all who hold both: none waits in a circle.
    """
    return (
        Batch.objects.select_for_update(of=("self",))
        .filter(executions=execution_id, stop_after_failures__isnull=False, stopped_at__isnull=True)
        .first()
    )


def after_end_of(execution_id: UUID) -> None:
    """Stop the batch of an execution that has just ended, if that was one failure too many.

    Inside the caller's transaction.
    """
    stop_if_enough(hold(execution_id))


def stop_if_enough(batch: Batch | None) -> None:
    """Stop a batch that is held, if so many have failed that it is to be."""
    if batch is None or batch.stop_after_failures is None:
        return
    failed = batch.executions.filter(status__in=FAILED).count()
    if failed >= batch.stop_after_failures:
        word = "execution" if failed == 1 else "executions"
        stop(batch, f"{failed} {word} failed, and it was to stop then.")


def stop(batch: Batch, reason: str, *, actor: trail.Actor = "worker:batch") -> int:
    """Leave out what has not begun, and return how many; what runs goes on.

    Inside the caller's transaction, which holds the batch's row.
    """
    Batch.objects.filter(pk=batch.pk).update(stopped_at=Now(), stop_reason=reason)
    # What a lost worker left is looked after first.
    waiting = Execution.objects.filter(batch=batch, status=Status.PENDING, resumes=False)
    left_out = waiting.update(
        status=Status.CANCELLED,
        finished_at=Now(),
        waiting_since=None,
        not_before=None,
        result_summary=f"Not begun: {reason}",
        revision=F("revision") + 1,
    )
    approvals.withdraw(
        Approval.objects.filter(execution__batch=batch, execution__status=Status.CANCELLED),
        actor=actor,
    )
    trail.record(
        "AUTOMATION_BATCH_STOPPED",
        actor=actor,
        target=batch,
        message=reason,
        leftOut=left_out,
    )
    return left_out
