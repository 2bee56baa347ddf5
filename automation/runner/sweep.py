"""Looks after what nobody looks after: wakes what waits too long, reaps what a worker left.

Every worker sweeps, so that no single process has to live for it.
"""

import threading
from typing import Final

import structlog
from django.conf import settings
from django.db import Error, connection, transaction

from automation import wakeups
from automation.engine.results import ActionStatus, ErrorCode, Status
from automation.models import Execution, ExecutionLog
from automation.runner import finish
from opsmanager.common import pulse

log = structlog.get_logger(__name__)

_MAX_CLAIMS: Final = 5
"""How often an execution may be claimed and left before anything was sent."""
_GRACE_SECONDS: Final = 60.0
"""After the database was away, workers get this long to renew leases before any is reaped."""

_WAKE = """
UPDATE automation_execution SET woken_at = clock_timestamp() WHERE id IN (
    SELECT id FROM automation_execution WHERE status = 'PENDING'
       AND coalesce(woken_at, queued_at) < clock_timestamp() - make_interval(secs => %(after)s)
     ORDER BY priority, queued_at LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING id, priority, queued_at
"""
_LEFT = """
SELECT id FROM automation_execution
 WHERE status = 'RUNNING' AND lease_until < clock_timestamp()
   AND pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => %(grace)s)
 ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED
"""


def wake() -> int:
    """Wake workers for the executions that have waited too long; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, {"after": settings.AUTOMATION_WAKE_AFTER_SECONDS})
        # What an UPDATE returns is in no order.
        waiting = sorted(cursor.fetchall(), key=lambda row: row[1:])
    wakeups.send((execution_id, priority) for execution_id, priority, _ in waiting)
    return len(waiting)


def reap(*, worker: str, grace: float = _GRACE_SECONDS) -> int:
    """Settle the executions whose worker was lost; return how many.

    None is settled before PostgreSQL has been up for ``grace`` seconds.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LEFT, {"grace": grace})
            left = [row[0] for row in cursor.fetchall()]
        for execution_id in left:
            _settle(Execution.objects.select_related("runbook").get(pk=execution_id), worker=worker)
    return len(left)


def _settle(execution: Execution, *, worker: str) -> None:
    """Queue it again when nothing was sent that changes; else say honestly what is not known."""
    changing = _last_change(execution)
    lost = execution.worker
    ExecutionLog.objects.filter(
        execution=execution, queued_at=execution.queued_at, status=ActionStatus.RUNNING
    ).update(status=ActionStatus.UNKNOWN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('automation_fence_seq'), clock_timestamp()")
        execution.fence, now = cursor.fetchone()
    execution.worker, execution.lease_until, execution.woken_at = "", None, None
    execution.revision += 1
    execution.error_code = ErrorCode.WORKER_LOST
    if changing is not None:
        execution.status = Status.UNKNOWN
        execution.error_message = _unknown(changing, worker=lost)
    elif execution.cancel_requested_at is not None:
        execution.status, execution.error_code = Status.CANCELLED, ""
        execution.result_summary = "Cancelled before anything was sent that changes the server."
    elif execution.attempt >= _MAX_CLAIMS:
        execution.status = Status.FAILED
        execution.error_message = (
            f"{execution.attempt} workers were lost with it before anything was sent that changes "
            "the server. The workers' log says why."
        )
    else:
        execution.status, execution.error_code = Status.PENDING, ""
    if execution.is_final:
        execution.finished_at = now
    execution.save()
    log.warning("worker lost", execution=str(execution.pk), worker=lost, now=execution.status)
    if execution.is_final:
        finish.told(execution.pk, worker=worker)


def _last_change(execution: Execution) -> ExecutionLog | None:
    """Return the changing command that this attempt sent last, one that still runs before all."""
    rows = (
        ExecutionLog.objects.filter(
            execution=execution,
            queued_at=execution.queued_at,
            attempt=execution.attempt,
            changes=True,
        )
        .exclude(status=ActionStatus.PLANNED)
        .order_by("-seq")
    )
    return rows.filter(status=ActionStatus.RUNNING).first() or rows.first()


def _unknown(changing: ExecutionLog, *, worker: str) -> str:
    if changing.status == ActionStatus.RUNNING:
        return (
            f"The worker {worker} was lost while this ran: {changing.command} - nobody saw how it "
            "ended. Look at the server before you run anything again."
        )
    return (
        f"The worker {worker} was lost after this had ended: {changing.command} - what was to "
        "follow was not done. Look at the server before you run anything again."
    )


class Sweeper(threading.Thread):
    """Sweeps every few seconds, and lets the pages know that this worker lives."""

    def __init__(self, *, worker: str) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._worker = worker
        self._closing = threading.Event()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()

    def run(self) -> None:
        """Sweep until closed, whatever becomes of the database meanwhile."""
        while True:
            try:
                pulse.note("worker", self._worker)
                reap(worker=self._worker)
                wake()
            except Error as problem:
                log.warning("sweep failed; trying again", reason=str(problem).strip())
            except Exception:
                # A fault with one execution must not keep the others from being looked after.
                log.exception("sweep failed")
            finally:
                connection.close()
            if self._closing.wait(settings.AUTOMATION_SWEEP_SECONDS):
                return
