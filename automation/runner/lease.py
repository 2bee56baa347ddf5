"""Leases: how the others know that a worker lives, and how it knows that it may go on."""

import threading
import time
from datetime import timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import Error, connection

from automation.runner.claim import Claim
from opsmanager.common.connections import prepared_cursor

log = structlog.get_logger(__name__)

# One look a process, however many executions it runs: a cancel is to be final within a second.
_CANCEL_POLL_SECONDS: Final = 0.2
# Locked in the order of their ids, as by all who change several: none waits in a circle.
_RENEW = """
WITH held AS (
    SELECT e.id
      FROM automation_execution e
      JOIN unnest(%(ids)s::uuid[], %(fences)s::bigint[]) AS held(id, fence) USING (id, fence)
     WHERE e.lease_until IS NOT NULL
     ORDER BY e.id FOR NO KEY UPDATE OF e)
UPDATE automation_execution e
   SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
  FROM held WHERE e.id = held.id
RETURNING e.id
"""
_CANCELLED = """
SELECT id FROM automation_execution WHERE id = ANY(%(ids)s) AND cancel_requested_at IS NOT NULL
"""


class Lease:
    """The stop signal of one execution: cancelled, out of time, or no longer ours.

    Implements the engine's ``StopSignal``. Once the lease could not be renewed for long enough it
    counts as lost even when nobody can be asked.
    """

    def __init__(self, claim: Claim, *, timeout: float) -> None:
        self.claim = claim
        self._ends_at = time.monotonic() + timeout
        self._stopped = threading.Event()
        self._reason: str | None = None
        self._good_until = 0.0
        self.renewed()

    def renewed(self) -> None:
        """Note that the database has just prolonged it."""
        margin = settings.AUTOMATION_LEASE_SECONDS - settings.AUTOMATION_LEASE_MARGIN_SECONDS
        self._good_until = time.monotonic() + margin

    def stop(self, reason: str) -> None:
        """Ask the execution to stop; the first reason stays, but a lost lease outweighs it."""
        if self._reason is None or reason == "LEASE_LOST":
            self._reason = reason
        self._stopped.set()

    def reason(self) -> str | None:
        """Return why to stop, or ``None`` to go on."""
        now = time.monotonic()
        if now > self._good_until:
            self.stop("LEASE_LOST")
        elif now > self._ends_at:
            self.stop("TIMEOUT")
        return self._reason

    def wait(self, seconds: float) -> str | None:
        """Wait until stopped, or for ``seconds``; return why to stop."""
        until = time.monotonic() + seconds
        while (left := min(until, self._ends_at) - time.monotonic()) > 0:
            if self._stopped.wait(min(left, 1.0)) or self.reason():
                break
        return self.reason()

    def remaining(self) -> timedelta | None:
        """Return the time left for the execution, never less than none."""
        return timedelta(seconds=max(self._ends_at - time.monotonic(), 0))


class LeaseKeeper(threading.Thread):
    """Renews the leases of all executions of this process, and brings them word of a cancel."""

    def __init__(self) -> None:
        super().__init__(name="leases", daemon=True)
        self._held: dict[object, Lease] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def hold(self, lease: Lease) -> None:
        """Keep renewing the lease."""
        with self._lock:
            self._held[lease.claim.execution_id] = lease

    def release(self, lease: Lease) -> None:
        """Stop renewing it."""
        with self._lock:
            self._held.pop(lease.claim.execution_id, None)

    def held(self) -> int:
        """Return how many executions this process runs."""
        with self._lock:
            return len(self._held)

    def close(self) -> None:
        """End the thread."""
        self._closing.set()

    def run(self) -> None:
        """Renew and listen, whatever becomes of the database meanwhile."""
        renew_at = 0.0
        while not self._closing.wait(_CANCEL_POLL_SECONDS):
            with self._lock:
                leases = list(self._held.values())
            if not leases:
                continue
            try:
                if time.monotonic() >= renew_at:
                    self.renew(leases)
                    renew_at = time.monotonic() + settings.AUTOMATION_HEARTBEAT_SECONDS
                self.tell_cancelled(leases)
            except Error as problem:
                # The leases run out by the monotonic clock if this lasts; until then work goes on.
                log.warning("leases not renewed", reason=str(problem).strip())
            except Exception:
                log.exception("leases not renewed")
            finally:
                connection.close()

    def renew(self, leases: list[Lease]) -> None:
        """Renew these leases; stop the executions that are no longer ours."""
        values: dict[str, Any] = {
            "ids": [lease.claim.execution_id for lease in leases],
            "fences": [lease.claim.fence for lease in leases],
            "lease": settings.AUTOMATION_LEASE_SECONDS,
        }
        with prepared_cursor() as cursor:
            cursor.execute(_RENEW, values)
            ours = {row[0] for row in cursor.fetchall()}
        for lease in leases:
            if lease.claim.execution_id in ours:
                lease.renewed()
            elif self._is_held(lease):
                lease.stop("LEASE_LOST")

    def tell_cancelled(self, leases: list[Lease]) -> None:
        """Stop the executions whose cancel was asked for."""
        by_id = {lease.claim.execution_id: lease for lease in leases}
        with prepared_cursor() as cursor:
            cursor.execute(_CANCELLED, {"ids": list(by_id)})
            for (execution_id,) in cursor.fetchall():
                by_id[execution_id].stop("CANCELLED")

    def _is_held(self, lease: Lease) -> bool:
        """Whether it still runs here: one that has just finished was not lost."""
        with self._lock:
            return lease.claim.execution_id in self._held
