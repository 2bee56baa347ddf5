"""Counts requests by who sends them, for all web processes together.

The counters are in Redis, which may be emptied or away at any time: then everything passes, since
nobody should be kept from his servers by a counter.
"""

import math
import time
from functools import lru_cache
from typing import Final

import redis
import structlog
from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from opsmanager.common import redis_urls

log = structlog.get_logger(__name__)

_ANSWERS_WITHIN: Final = 0.3
"""Seconds that Redis has for connecting, and for each answer."""
_LEFT_ALONE: Final = 5.0
"""Seconds for which a Redis that did not answer is not asked, so that nobody waits for it."""
_SAID_EVERY: Final = 60.0


class _Outage:
    """When Redis did not answer last. Threads may read and write it as they like."""

    def __init__(self) -> None:
        self.over_at = self.say_at = -math.inf

    @property
    def lasts(self) -> bool:
        """Whether Redis is left alone now."""
        return time.monotonic() < self.over_at

    def note(self, problem: Exception) -> None:
        """Leave Redis alone for a while, and say so once a minute."""
        now = time.monotonic()
        self.over_at = now + _LEFT_ALONE
        if now >= self.say_at:
            self.say_at = now + _SAID_EVERY
            log.warning("requests are not counted: Redis does not answer", reason=str(problem))


_outage = _Outage()


def seconds_to_wait(who: str, kind: str, per_minute: int) -> int:
    """Count a request, and return 0; or, when ``who`` sent too many, the seconds to wait.

    Of the last 60 seconds exactly ``per_minute`` requests of a ``kind`` pass; a refused one does
    not count.
    """
    if _outage.lasts:
        return 0
    limit = RateLimitItemPerMinute(per_minute)
    try:
        limiter = _limiter()
        if limiter.hit(limit, kind, who):
            return 0
        freed_at, _left = limiter.get_window_stats(limit, kind, who)
    except redis.RedisError as problem:
        _outage.note(problem)
        return 0
    return min(max(math.ceil(freed_at - time.time()), 1), 60)


def forget_connections() -> None:
    """Read the settings anew, and forget that Redis did not answer."""
    _limiter.cache_clear()
    _outage.over_at = _outage.say_at = -math.inf


@lru_cache(maxsize=1)
def _limiter() -> MovingWindowRateLimiter:
    pool = redis_urls.pool(
        settings.REDIS_URL,
        socket_timeout=_ANSWERS_WITHIN,
        socket_connect_timeout=_ANSWERS_WITHIN,
        retry=Retry(NoBackoff(), 0),
        # More than there can be threads: one that got no connection would count nothing.
        max_connections=1000,
    )
    storage = RedisStorage("redis://", connection_pool=pool, key_prefix="opsmanager:requests")
    return MovingWindowRateLimiter(storage)
