"""Whether the PostgreSQL and Redis that the operator brings along answer."""

from urllib.parse import urlsplit

import psycopg
import redis

from opsmanager.common import redis_urls
from opsmanager.embedded.errors import ServiceError

PATIENCE = 5


def check_database(url: str, *, name: str = "DATABASE_URL") -> None:
    """Connect to the PostgreSQL that DATABASE_URL (or the setting ``name``) names.

    Raises ServiceError, whose message never repeats the URL's password.
    """
    instead = f"or leave {name} out" + (
        " to use the embedded PostgreSQL." if name == "DATABASE_URL" else "."
    )
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        raise ServiceError(
            f"{name} does not name a PostgreSQL. Write it like "
            f"postgresql://user:password@host:5432/opsmanager, {instead}"
        )
    try:
        psycopg.connect(url, connect_timeout=PATIENCE).close()
    except psycopg.OperationalError as error:
        raise ServiceError(
            f"The PostgreSQL that {name} names{_where(url)} cannot be used: "
            f"{_reason(error)}. Start it or correct {name}, {instead}"
        ) from None
    except psycopg.Error:
        raise ServiceError(
            f"{name} cannot be read. Write it like "
            f"postgresql://user:password@host:5432/opsmanager, {instead}"
        ) from None


def check_redis(url: str) -> None:
    """Ask the Redis that REDIS_URL names for an answer.

    Raises ServiceError, whose message never repeats the URL's password.
    """
    instead = "or leave REDIS_URL out to use the embedded Redis."
    example = "redis://:password@host:6379/0"
    try:
        connections = redis_urls.pool(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)
    except ValueError:
        raise ServiceError(
            f"REDIS_URL does not name a Redis. Write it like {example}, {instead}"
        ) from None
    try:
        with redis.Redis.from_pool(connections) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        raise ServiceError(
            f"The Redis that REDIS_URL names{_where(url)} cannot be used: "
            f"{_reason(error)}. Start it or correct REDIS_URL, {instead}"
        ) from None


def _where(url: str) -> str:
    """Where a URL points to, without user and password."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f" ({parts.hostname}{port})" if parts.hostname else ""


def _reason(error: Exception) -> str:
    """The end of a client's message: what happened, without the address it repeats."""
    first = str(error).strip().partition("\n")[0]
    return first.rpartition(": ")[2].strip(" .") or type(error).__name__
