"""The pool of database connections: it notices soon that a database which was away is back."""

import select
import time
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

_TIMEOUT: Final = 10
"""Seconds that a request waits for a connection."""
_RECONNECT_SECONDS: Final = 2.0
"""How long one series of attempts goes on; each waits twice as long as the one before it."""


class Pool(ConnectionPool[psycopg.Connection[Any]]):
    """Hands out connections that work.

    The pool's own check pauses after each broken one, twice as long each time: after a restart of
    the database, a request that met five of them would give up though the database is back.
    """

    def getconn(self, timeout: float | None = None) -> psycopg.Connection[Any]:
        """Return a connection that works. Raises ``psycopg_pool.PoolTimeout``."""
        until = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            connection = super().getconn(max(until - time.monotonic(), 0.0))
            try:
                look(connection)
            except psycopg.Error:
                # Each is met once: it goes, and a new one is made in its place.
                connection.close()
                self.putconn(connection)
            else:
                return connection

    def _get_ready_connection(self, timeout: float | None) -> psycopg.Connection[Any] | None:
        # The one that was used last, so that few are used where few are needed: the server has
        # what it does for each in a process, and that of another one has to be fetched from afar.
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)


def look(connection: psycopg.Connection[Any]) -> None:
    """Raise ``psycopg.OperationalError`` for a connection that the server has ended.

    Whoever ends one says so, or the system does: then there is something to read. Only then is the
    server asked, which each time would cost more than most of what follows.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        Pool.check_connection(connection)


def options(*, most: int) -> dict[str, Any]:
    """Return how the pool is to be made, of ``most`` connections at most."""
    return {
        "min_size": 1,
        "max_size": most,
        "timeout": _TIMEOUT,
        "reconnect_timeout": _RECONNECT_SECONDS,
        "reconnect_failed": _look_again,
    }


def _look_again(pool: ConnectionPool[Any]) -> None:
    """Begin another series of attempts, where the pool has given one up.

    Left to itself, a pool waits longer and longer between two attempts: after three minutes without
    its database for two more, in which every request is refused though the database is there.
    """
    # A look at those that are there could last as long as the database is silent.
    if not pool.get_stats().get("pool_available"):
        pool.check()
