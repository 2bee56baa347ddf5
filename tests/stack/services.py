"""A database and a Redis of one's own on the services that the tests run against."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import redis
from psycopg import sql

LEASE = "opsmanager:test-stack"
LEASE_SECONDS = 4 * 3600


@contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """Create an empty database where `url` points to; yield its URL, and drop it at the end."""
    name = f"stack_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)


@contextmanager
def free_redis(url: str) -> Iterator[str]:
    """Lease a numbered database of the Redis that nobody uses; yield its URL, empty it at the end.

    Number 0 is left to whoever runs the tests.
    """
    for number in range(1, 16):
        leased = _numbered(url, number)
        with redis.Redis.from_url(leased) as client:
            if client.dbsize() or not client.set(LEASE, "taken", nx=True, ex=LEASE_SECONDS):
                continue
            try:
                yield leased
            finally:
                client.flushdb()
            return
    raise AssertionError("All numbered databases of the tests' Redis are in use.")


def flush(url: str) -> None:
    """Let a leased database of the Redis lose all that it holds, but for the lease.

    It is all that a FLUSHALL would take from this OpsManager, and nothing of its neighbours.
    """
    with redis.Redis.from_url(url) as client, client.pipeline(transaction=True) as together:
        together.flushdb()
        together.set(LEASE, "taken", ex=LEASE_SECONDS)
        together.execute()


def _numbered(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts._replace(query=f"db={number}").geturl()
    return parts._replace(path=f"/{number}").geturl()
