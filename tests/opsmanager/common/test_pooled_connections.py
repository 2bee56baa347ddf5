"""The look at a pooled connection before it is lent."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from opsmanager.common.database_pool import look
from tests.support.waiting import eventually

_LAST = "SELECT query FROM pg_stat_activity WHERE pid = %s"


@pytest.fixture
def pair() -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    url = os.environ["DATABASE_URL"]
    with (
        psycopg.connect(url, autocommit=True) as one,
        psycopg.connect(url, autocommit=True) as other,
    ):
        yield one, other


def test_one_that_stands_is_asked_nothing(pair) -> None:
    lent, other = pair
    lent.execute("SELECT 'the last'")
    look(lent)
    assert other.execute(_LAST, [lent.info.backend_pid]).fetchone() == ("SELECT 'the last'",)


def test_one_that_was_told_something_is_asked(pair) -> None:
    lent, other = pair
    lent.execute("LISTEN news")
    other.execute("NOTIFY news")
    eventually(lambda: _asked(lent, other))


def _asked(lent: psycopg.Connection, other: psycopg.Connection) -> bool:
    look(lent)
    return other.execute(_LAST, [lent.info.backend_pid]).fetchone() != ("LISTEN news",)


def test_one_that_the_server_has_ended_is_refused(pair) -> None:
    lent, other = pair
    other.execute("SELECT pg_terminate_backend(%s)", [lent.info.backend_pid])

    def is_refused() -> bool:
        try:
            look(lent)
        except psycopg.OperationalError:
            return True
        return False

    eventually(is_refused)
