"""The connection by which OpsManager asks Redis something itself, and never waits long for it."""

from functools import lru_cache

import redis
from django.conf import settings

from opsmanager.common import redis_urls


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """Return it; texts come as texts. It answers or refuses within two seconds."""
    connections = redis_urls.pool(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, decode_responses=True
    )
    return redis.Redis(connection_pool=connections)
