"""Claiming an execution or its rollback: of any number of workers woken for it, one gets it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from opsmanager.common import zones
from opsmanager.common.connections import prepared_cursor

# Claims of a batch of which only so many may run come one after the other, so that each sees how
# many of it do.
_HOLD_BATCH = """
SELECT 1 FROM automation_batch b JOIN automation_execution e ON e.batch_id = b.id
 WHERE e.id = %(id)s AND e.waiting_since IS NOT NULL AND b.max_parallel IS NOT NULL FOR UPDATE OF b
"""
# The partial unique index `execution_server_lock` is the lock; the look before keeps the claim
# from running into it each time, and from passing by one that goes first. One that waits for its
# batch, or to be tried again, is passed by. What a lost worker left keeps its server until somebody
# has gone on with it, whatever has become of its batch.
_CLAIM = """
UPDATE automation_execution e
   SET status = CASE WHEN e.rollback_status = 'PENDING' THEN e.status ELSE 'RUNNING' END,
       rollback_status =
           CASE WHEN e.rollback_status = 'PENDING' THEN 'RUNNING' ELSE e.rollback_status END,
       attempt = e.attempt + CASE WHEN e.rollback_status = 'PENDING' THEN 0 ELSE 1 END,
       claims = e.claims + 1, fence = nextval('automation_fence_seq'),
       begin_seq = CASE WHEN e.resumes THEN e.begin_seq ELSE e.last_seq END,
       worker = %(worker)s, revision = e.revision + 1, waiting_since = NULL, not_before = NULL,
       keeps_records = CASE WHEN e.resumes THEN e.keeps_records
           ELSE (SELECT s.keeps_records FROM servers_server s WHERE s.id = e.server_id) END,
       holds_server = e.changes AND NOT e.is_dry_run,
       lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
       started_at = coalesce(e.started_at, clock_timestamp())
 WHERE e.id = %(id)s AND e.waiting_since IS NOT NULL AND NOT common_is_foreign()
   AND EXISTS (SELECT FROM servers_server s WHERE s.id = e.server_id AND s.zone = ANY(%(zones)s))
   AND (e.cancel_requested_at IS NULL OR e.resumes)
   AND (e.not_before IS NULL OR e.not_before <= clock_timestamp())
   AND (NOT e.changes OR e.is_dry_run OR (
        NOT EXISTS (
            SELECT 1 FROM automation_execution other
             WHERE other.server_id = e.server_id AND other.holds_server AND other.id <> e.id)
        AND (e.holds_server OR NOT EXISTS (
            SELECT 1 FROM automation_execution first
              LEFT JOIN automation_batch b ON b.id = first.batch_id
             WHERE first.server_id = e.server_id AND first.waiting_since IS NOT NULL
               AND first.changes AND NOT first.is_dry_run AND first.cancel_requested_at IS NULL
               AND (first.not_before IS NULL OR first.not_before <= clock_timestamp())
               AND (b.id IS NULL OR b.max_parallel IS NULL)
               AND (first.priority, first.waiting_since, first.id)
                   < (e.priority, e.waiting_since, e.id)))))
   AND (e.rollback_status = 'PENDING' OR e.resumes OR e.batch_id IS NULL OR EXISTS (
        SELECT 1 FROM automation_batch b
         WHERE b.id = e.batch_id AND b.stopped_at IS NULL
           AND (b.max_parallel IS NULL OR b.max_parallel > (
                SELECT count(*) FROM automation_execution member
                 WHERE member.batch_id = b.id AND member.status = 'RUNNING'))))
RETURNING e.fence, e.attempt, e.queued_at, e.last_seq, e.begin_seq, e.rollback_status = 'RUNNING',
          e.holds_server, e.batch_id IS NOT NULL
"""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to run an execution, or its rollback, until the lease is lost."""

    execution_id: UUID
    fence: int
    """Grows with each claim; every write carries it."""
    attempt: int
    queued_at: datetime
    last_seq: int
    """The last row of its log so far, of earlier attempts."""
    begin_seq: int = 0
    """The last row before the attempt that is gone on with; ``last_seq`` of a fresh one."""
    is_rollback: bool = False
    holds_server: bool = True
    """Whether others wait until it has changed its server."""
    is_of_batch: bool = True


def claim(execution_id: UUID, *, worker: str) -> Claim | None:
    """Claim an execution that waits, or its rollback; ``None`` when it is not to be had now.

    That is so when another worker has it, when it is cancelled or over, while another execution
    changes its server or is to do so first, and while enough of its batch run; where this process
    does not serve its server's zone; of a database that was restored, until somebody has said what
    becomes of what it held.
    """
    values: dict[str, Any] = {
        "id": execution_id,
        "worker": worker,
        "lease": settings.AUTOMATION_LEASE_SECONDS,
        "zones": zones.here(),
    }
    try:
        with transaction.atomic(), prepared_cursor() as cursor:
            cursor.execute(_HOLD_BATCH, values)
            cursor.execute(_CLAIM, values)
            row = cursor.fetchone()
    except IntegrityError:  # another worker claimed one for the same server in this moment
        return None
    if row is None:
        return None
    fence, attempt, queued_at, last_seq, begin_seq, is_rollback, holds_server, is_of_batch = row
    return Claim(
        execution_id=execution_id,
        fence=fence,
        attempt=attempt,
        queued_at=queued_at,
        last_seq=last_seq,
        begin_seq=begin_seq,
        is_rollback=is_rollback,
        holds_server=holds_server,
        is_of_batch=is_of_batch,
    )
