"""A database and a Redis of one's own on the services that the tests run against."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import redis
from psycopg import sql

RUN = "OPSMANAGER_TEST_RUN"
"""Names this run of the tests, for all its parallel processes."""
_ONE_AT_A_TIME = 7_204_811
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
def migrated_database(url: str, migrate: Callable[[str], None]) -> Iterator[str]:
    """Create a database with all tables, as :func:`fresh_database` does an empty one.

    They are made once for all tests of a run, by ``migrate``, which is given a URL: it takes as
    long as all else that OpsManager needs to start. A benchmark has them made for itself.
    """
    if RUN not in os.environ:
        with fresh_database(url) as alone:
            migrate(alone)
            yield alone
        return
    name = f"stack_{uuid4().hex[:12]}"
    made, copied = sql.Identifier(name), sql.Identifier(_migrated())
    with psycopg.connect(url, autocommit=True) as connection:
        with _alone(connection):
            known = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(known, [_migrated()]).fetchone() is None:
                with fresh_database(url) as first:
                    migrate(first)
                    begun = sql.Identifier(urlsplit(first).path.removeprefix("/"))
                    _copy(connection, copied, begun)
            _copy(connection, made, copied)
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(made))


def drop_migrated(url: str) -> None:
    """Drop what :func:`migrated_database` copied in this run, if it did."""
    with psycopg.connect(url, autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(drop.format(sql.Identifier(_migrated())))


def _migrated() -> str:
    return f"migrated_{os.environ[RUN]}"


@contextmanager
def _alone(connection: psycopg.Connection[Any]) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])


def _copy(connection: psycopg.Connection[Any], name: sql.Identifier, of: sql.Identifier) -> None:
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, of))


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
