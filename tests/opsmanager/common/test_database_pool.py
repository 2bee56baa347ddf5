"""A database that was away is used again as soon as it is back."""

import os
import time
from collections.abc import Iterator

import psycopg
import pytest

from opsmanager.common import database_pool
from opsmanager.common.database_pool import Pool
from opsmanager.common.postgresql.base import DatabaseWrapper
from opsmanager.embedded import port as ports
from opsmanager.settings import base
from tests.faults.relay import Relay

AWAY = 9.0  # seconds, after which a pool left to itself waits for seven more
NOTICED = 4.0
ENGINE = "opsmanager.common.postgresql"


@pytest.fixture
def relay() -> Iterator[Relay]:
    info = psycopg.conninfo.conninfo_to_dict(os.environ["DATABASE_URL"])
    opened = Relay((str(info["host"]), int(str(info["port"]))))
    yield opened
    opened.close()


def away_and_back(relay: Relay, pool: Pool) -> float:
    """Have the database away for a while; return how long nobody noticed that it was back."""
    with pool.connection():
        pass
    there = relay.upstream
    relay.upstream = (ports.LOOPBACK, ports.free())
    relay.cut()
    until = time.monotonic() + AWAY
    while time.monotonic() < until:
        # Somebody asks all the time, as the web's visitors do.
        with pytest.raises(psycopg.OperationalError), pool.connection(timeout=0.5):
            pass
        time.sleep(0.1)
    relay.upstream = there
    back_at = time.monotonic()
    with pool.connection(timeout=30) as connection:
        connection.execute("SELECT 1")
    return time.monotonic() - back_at


def made(relay: Relay) -> Pool:
    where = {"host": relay.host, "port": relay.port, "autocommit": True}
    return Pool(os.environ["DATABASE_URL"], kwargs=where, **database_pool.options(most=8))


def test_a_database_that_is_back_is_used_soon(relay: Relay) -> None:
    with made(relay) as pool:
        assert away_and_back(relay, pool) < NOTICED


def test_a_request_after_a_restart_meets_no_connection_of_before(relay: Relay) -> None:
    with made(relay) as pool:
        several = [pool.getconn() for _ in range(7)]
        for connection in several:
            pool.putconn(connection)
        relay.cut()
        began = time.monotonic()
        with pool.connection() as connection:
            connection.execute("SELECT 1")
        assert connection not in several
        assert time.monotonic() - began < NOTICED


def test_django_makes_this_pool() -> None:
    settings = {**base.DATABASES["default"], "TIME_ZONE": None, "ENGINE": ENGINE}
    options = {"pool": database_pool.options(most=2)}
    wrapper = DatabaseWrapper({**settings, "OPTIONS": options}, alias="pooled")
    try:
        assert isinstance(wrapper.pool, Pool)
        assert wrapper.pool is wrapper.pool
        wrapper.pool.open()
        with wrapper.pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        wrapper.close_pool()
    assert DatabaseWrapper({**settings, "OPTIONS": {}}, alias="pooled").pool is None
