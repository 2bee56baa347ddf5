"""Claiming an execution: of any number of workers that are woken for it, one gets it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

# The partial unique index `execution_server_lock` is the lock; the look before keeps the claim
# from running into it each time.
_CLAIM = """
UPDATE automation_execution e
   SET status = 'RUNNING', attempt = e.attempt + 1, fence = nextval('automation_fence_seq'),
       worker = %(worker)s, revision = e.revision + 1,
       lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
       started_at = coalesce(e.started_at, clock_timestamp())
 WHERE e.id = %(id)s AND e.status = 'PENDING' AND e.cancel_requested_at IS NULL
   AND (NOT e.changes OR e.is_dry_run OR NOT EXISTS (
        SELECT 1 FROM automation_execution other
         WHERE other.server_id = e.server_id AND other.status = 'RUNNING'
           AND other.changes AND NOT other.is_dry_run))
RETURNING e.fence, e.attempt, e.queued_at, e.last_seq
"""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to run an execution, until the lease is lost."""

    execution_id: UUID
    fence: int
    """Grows with each claim; every write carries it."""
    attempt: int
    queued_at: datetime
    last_seq: int
    """The last row of its log so far, of earlier attempts."""


def claim(execution_id: UUID, *, worker: str) -> Claim | None:
    """Claim a pending execution; ``None`` when it is not to be had now.

    That is so when another worker has it, when it is cancelled or over, and while another
    execution changes its server.
    """
    values: dict[str, Any] = {
        "id": execution_id,
        "worker": worker,
        "lease": settings.AUTOMATION_LEASE_SECONDS,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_CLAIM, values)
            row = cursor.fetchone()
    except IntegrityError:  # another worker claimed one for the same server in this moment
        return None
    if row is None:
        return None
    fence, attempt, queued_at, last_seq = row
    return Claim(
        execution_id=execution_id,
        fence=fence,
        attempt=attempt,
        queued_at=queued_at,
        last_seq=last_seq,
    )
