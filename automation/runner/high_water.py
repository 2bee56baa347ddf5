"""How far the database had come, remembered outside of it, to notice one that was set back.

Each claim takes a number that only grows. Workers keep the highest they saw in Redis; a database
that gives a lower one was restored in place, or a copy that lagged behind took over. What Redis has
lost is remembered anew, and then nothing is noticed.
"""

from typing import Final

import redis
import structlog
from django.db import connection

from opsmanager.common import origin, redis_client

log = structlog.get_logger(__name__)

_AHEAD: Final = 1_000_000
"""How many numbers are left out after a restore: more than were taken since any backup."""


def compare() -> None:
    """Have nothing begun any more in a database that is behind what was remembered of it."""
    key = f"opsmanager:fence:{origin.name()}"
    try:
        # Before the database is asked: what others remember later, it may not have been yet.
        remembered = int(str(redis_client.client().get(key) or 0))
        fence = _fence()
        if fence > remembered:
            # A number may not be on disk yet; all that was before what is committed now is.
            origin.touch()
            redis_client.client().set(key, fence)
    except (redis.RedisError, ValueError) as problem:
        log.info("not compared with Redis", reason=type(problem).__name__)
        return
    if fence < remembered:
        log.error("the database was set back", remembered=remembered, found=fence)
        origin.doubt()


def _fence() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_sequence_last_value('automation_fence_seq'), 0)")
        return int(cursor.fetchone()[0])


def go_ahead() -> None:
    """Have the next claim take a number that none ever took, whatever the backup says."""
    with connection.cursor() as cursor:
        # The application's role may take numbers, and not set them.
        cursor.execute(
            "SELECT count(nextval('automation_fence_seq')) FROM generate_series(1, %s)", [_AHEAD]
        )
