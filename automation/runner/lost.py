"""Settles what a lost worker left behind: nothing is run twice in silence, nothing is lost.

What nothing was sent of that changes the server is queued again. Where the server keeps records,
another worker goes on with it. What may be done twice is done again. Of the rest nobody can know
how it ended, and it says so.
"""

from datetime import timedelta
from typing import Final

import structlog
from django.db import connection
from django.utils import timezone

from automation import catalog
from automation.engine.results import ActionStatus, ErrorCode, Status, StepType
from automation.models import Execution, ExecutionLog
from automation.runner import batches, finish

log = structlog.get_logger(__name__)

RECORDS_FOR: Final = timedelta(days=6)
"""For how long a server's records are trusted; they are removed when they are a week old."""
_MAX_CLAIMS: Final = 5
"""How often an execution may be claimed and left."""


def settle(execution: Execution, *, worker: str) -> None:
    """Settle one whose lease has run out, inside the caller's transaction that holds its row."""
    changing = last_change(execution)
    lost = execution.worker
    ExecutionLog.objects.filter(
        execution=execution, queued_at=execution.queued_at, status=ActionStatus.RUNNING
    ).update(status=ActionStatus.UNKNOWN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('automation_fence_seq'), clock_timestamp()")
        execution.fence, now = cursor.fetchone()
    execution.worker, execution.lease_until, execution.woken_at = "", None, None
    execution.holds_server = False
    execution.revision += 1
    if execution.rollback_status == Status.RUNNING:
        _settle_rollback(execution, changing, lost=lost)
    else:
        _settle_run(execution, changing, lost=lost)
        if execution.is_final:
            execution.finished_at = now
    execution.save()
    log.warning("worker lost", execution=str(execution.pk), worker=lost, now=execution.status)
    if execution.rollback_status:
        if not execution.is_rolling_back:
            finish.told_of_rollback(execution.pk, worker=worker)
    elif execution.is_final:
        finish.told(execution.pk, worker=worker)
        batches.after_end_of(execution.pk)


def queue_again(execution: Execution, *, resumes: bool) -> None:
    """Have it wait for a worker again, unsaved: to be gone on with, or from its beginning."""
    if execution.rollback_status:
        execution.rollback_status = Status.PENDING
    else:
        execution.status, execution.error_code, execution.error_message = Status.PENDING, "", ""
        execution.finished_at = None
    # It keeps its place: it waits the longest already.
    execution.waiting_since = execution.queued_at
    execution.resumes = resumes
    execution.ask_server_at = None
    # Its command may still run there: until that is known, no other one changes the server.
    execution.holds_server = resumes


def may_be_claimed(execution: Execution) -> bool:
    """Whether another worker may take it, or as many were lost with it as are enough."""
    return execution.claims < max(_MAX_CLAIMS, execution.max_retries + 1)


def may_be_done_twice(execution: Execution) -> bool:
    """Whether the runbook says that doing it twice is as good as once."""
    runbook_id = execution.runbook.runbook_id
    return runbook_id in catalog.runbooks() and catalog.runbooks().get(runbook_id).idempotent


def last_change(execution: Execution) -> ExecutionLog | None:
    """Return the changing action that this attempt sent last, one that still runs before all."""
    rows = (
        ExecutionLog.objects.filter(
            execution=execution,
            queued_at=execution.queued_at,
            seq__gt=execution.begin_seq,
            changes=True,
        )
        .exclude(status=ActionStatus.PLANNED)
        .order_by("-seq")
    )
    is_open = rows.filter(status__in=[ActionStatus.RUNNING, ActionStatus.UNKNOWN])
    return is_open.first() or rows.first()


def _settle_run(execution: Execution, changing: ExecutionLog | None, *, lost: str) -> None:
    is_left = may_be_claimed(execution)
    execution.error_code = ErrorCode.WORKER_LOST
    if changing is None and execution.cancel_requested_at is not None:
        execution.status, execution.error_code = Status.CANCELLED, ""
        execution.result_summary = "Cancelled before anything was sent that changes the server."
    elif changing is None and not is_left:
        execution.status = Status.FAILED
        execution.error_message = (
            f"{execution.claims} workers were lost with it before anything was sent that changes "
            "the server. The workers' log says why."
        )
    elif changing is None:
        queue_again(execution, resumes=False)
    elif is_recorded(execution, changing) and is_left:
        queue_again(execution, resumes=True)
    elif may_be_done_twice(execution) and is_left and not execution.cancel_requested_at:
        queue_again(execution, resumes=False)
    else:
        execution.status = Status.UNKNOWN
        execution.error_message = _unknown(changing, worker=lost)


def _settle_rollback(execution: Execution, changing: ExecutionLog | None, *, lost: str) -> None:
    is_left = may_be_claimed(execution)
    if changing is None and execution.cancel_requested_at is not None:
        execution.rollback_status = Status.CANCELLED
        execution.rollback_message = "Cancelled before anything was taken back."
    elif changing is None and is_left:
        queue_again(execution, resumes=False)
    elif changing is not None and is_recorded(execution, changing) and is_left:
        queue_again(execution, resumes=True)
    elif changing is not None:
        execution.rollback_status = Status.UNKNOWN
        execution.rollback_message = _unknown(changing, worker=lost)
    else:
        execution.rollback_status = Status.FAILED
        execution.rollback_message = (
            f"{execution.claims} workers were lost with it before anything was taken back. The "
            "workers' log says why."
        )


def is_recorded(execution: Execution, changing: ExecutionLog) -> bool:
    """Whether it can be found out how the action ended, if nobody saw it.

    By the server's record, which is not kept for ever; of a web call there is none.
    """
    if changing.step_type != StepType.SSH_COMMAND and _is_open(changing):
        return False
    return execution.keeps_records and timezone.now() - changing.started_at < RECORDS_FOR


def _is_open(changing: ExecutionLog) -> bool:
    return changing.status in (ActionStatus.RUNNING, ActionStatus.UNKNOWN)


def _unknown(changing: ExecutionLog, *, worker: str) -> str:
    if _is_open(changing):
        return (
            f"The worker {worker} was lost while this ran: {changing.command} - nobody saw how it "
            "ended. Look at the server before you run anything again."
        )
    return (
        f"The worker {worker} was lost after this had ended: {changing.command} - what was to "
        "follow was not done. Look at the server before you run anything again."
    )
