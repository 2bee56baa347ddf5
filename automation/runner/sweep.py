"""Looks after what nobody looks after: wakes what waits too long, reaps what a worker left.

Every worker sweeps, so that no single process has to live for it. It wakes those of its own zones
alone: messages for a zone without a worker would only pile up. It reaps of all zones: that asks no
server, and the zone may have no other worker.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import Error, connection, transaction

from automation import wakeups
from automation.models import Execution
from automation.runner import high_water, lost
from automation.selectors import workflow_runs
from opsmanager.common import origin, pulse, zones

log = structlog.get_logger(__name__)

_WORKFLOWS: Final = 500
"""Runs of workflows that are woken at once."""
_GRACE_SECONDS: Final = 60.0
"""After the database was away, workers get this long to renew leases before any is reaped."""

_WAKE = """
UPDATE automation_execution SET woken_at = clock_timestamp() WHERE id IN (
    SELECT id FROM automation_execution
     WHERE waiting_since IS NOT NULL
       AND EXISTS (SELECT FROM servers_server s WHERE s.id = server_id AND s.zone = ANY(%(zones)s))
       AND (not_before IS NULL OR not_before <= clock_timestamp())
       AND (not_before IS NOT NULL AND woken_at IS NULL
            OR coalesce(woken_at, waiting_since)
               < clock_timestamp() - make_interval(secs => %(after)s))
     ORDER BY priority, waiting_since LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING id, priority, waiting_since,
          (SELECT s.zone FROM servers_server s WHERE s.id = server_id)
"""
_LEFT = """
SELECT id FROM automation_execution
 WHERE lease_until < clock_timestamp()
   AND pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => %(grace)s)
 ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED
"""


def wake() -> int:
    """Wake workers for the executions that have waited too long; return how many."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "after": settings.AUTOMATION_WAKE_AFTER_SECONDS,
            "zones": zones.here(),
        }
        cursor.execute(_WAKE, values)
        # What an UPDATE returns is in no order.
        waiting = sorted(cursor.fetchall(), key=lambda row: row[1:])
    wakeups.send((execution_id, priority, zone) for execution_id, priority, _, zone in waiting)
    return len(waiting)


def reap(*, worker: str, grace: float = _GRACE_SECONDS) -> int:
    """Settle the executions whose worker was lost; return how many.

    None is settled before PostgreSQL has been up for ``grace`` seconds.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LEFT, {"grace": grace})
            left = [row[0] for row in cursor.fetchall()]
        rows = Execution.objects.select_related("runbook", "server")
        for execution_id in left:
            lost.settle(rows.get(pk=execution_id), worker=worker)
    return len(left)


class Sweeper(threading.Thread):
    """Sweeps every few seconds, and lets the pages know that this worker lives."""

    def __init__(self, *, worker: str, figures: Callable[[], Mapping[str, float]] = dict) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._worker = worker
        self._figures = figures
        """What is told of this worker beside that it lives."""
        self._closing = threading.Event()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()

    def run(self) -> None:
        """Sweep until closed, whatever becomes of the database meanwhile."""
        while True:
            try:
                pulse.note("worker", self._worker, zones=zones.here(), **self._figures())
                origin.note()
                high_water.compare()
                if origin.is_foreign():
                    log.error("database restored; nothing is begun before manage.py after_restore")
                else:
                    self._look_after()
            except Error as problem:
                log.warning("sweep failed; trying again", reason=str(problem).strip())
            except Exception:
                # A fault with one execution must not keep the others from being looked after.
                log.exception("sweep failed")
            finally:
                connection.close()
            if self._closing.wait(settings.AUTOMATION_SWEEP_SECONDS):
                return

    def _look_after(self) -> None:
        reap(worker=self._worker)
        wake()
        wakeups.advance(workflow_runs.due().values_list("pk", flat=True)[:_WORKFLOWS])
