"""How soon a process has a connection again once PostgreSQL is back."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from psycopg import Error
from psycopg_pool import ConnectionPool, PoolTimeout

from opsmanager.common import database_pool
from servers.ssh.testing.openssh import free_port
from tests.faults.relay import Relay

OUTAGE = 17.0  # seconds; a pool that does not give up would try again after 31


@pytest.fixture
def network(django_db_setup: None) -> Iterator[Relay]:
    """Return what stands between a process and the tests' PostgreSQL."""
    given = connection.get_connection_params()
    relay = Relay((given.get("host") or "127.0.0.1", int(given.get("port") or 5432)))
    yield relay
    relay.close()


@pytest.fixture
def pool(network: Relay) -> Iterator[ConnectionPool[Any]]:
    """Return a pool with the product's options, but for how long one waits."""
    given = connection.get_connection_params()
    known = {name: given[name] for name in ("user", "password", "dbname") if given.get(name)}
    options = database_pool.options(most=5) | {"timeout": 1}
    with ConnectionPool(
        kwargs=known | {"host": network.host, "port": network.port},
        check=ConnectionPool.check_connection,
        open=True,
        **options,
    ) as pool:
        yield pool


def asked(pool: ConnectionPool[Any]) -> bool:
    try:
        with pool.connection() as connected:
            connected.execute("SELECT 1")
    except (Error, PoolTimeout):
        return False
    return True


def test_after_an_outage_it_is_there_at_once(network: Relay, pool: ConnectionPool[Any]) -> None:
    assert asked(pool)
    there, network.upstream = network.upstream, ("127.0.0.1", free_port())
    network.cut()
    since = time.monotonic()
    while time.monotonic() - since < OUTAGE:
        assert not asked(pool)
        time.sleep(0.2)
    network.upstream = there
    since = time.monotonic()
    while not asked(pool):
        time.sleep(0.2)
    assert time.monotonic() - since < 8
