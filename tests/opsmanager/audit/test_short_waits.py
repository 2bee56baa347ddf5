"""Months are made and dropped beside a backup, which holds every table: nobody waits for that."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from opsmanager.audit import retention, sealing, trail
from opsmanager.common import locks
from opsmanager.common.partitions import make_partitions
from tests.support.audit import past_event

AHEAD = datetime(2044, 2, 1, tzinfo=UTC)
OLD = datetime(2021, 12, 1, tzinfo=UTC)
MONTH = OLD.date()


@contextmanager
def backup() -> Iterator[None]:
    """Hold all that a pg_dump holds, in a transaction of another connection."""
    given = connection.get_connection_params()
    known = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{name: given[name] for name in known if given.get(name)}) as other:
        for table in ("audit_auditevent", "audit_sealmember", "automation_executionlog"):
            other.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")
        yield


@contextmanager
def longest_wait_of_a_writer() -> Iterator[list[float]]:
    """Record events all the while; the list holds how long the slowest one took, at the end."""
    longest = [0.0]
    ending = threading.Event()

    def write() -> None:
        while not ending.wait(0.01):
            began = time.monotonic()
            trail.record("TEST", actor=None)
            longest[0] = max(longest[0], time.monotonic() - began)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield longest
    finally:
        ending.set()
        writer.join()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon."""
    monkeypatch.setattr(locks, "_PAUSE_SECONDS", 0.1)


def make(month: datetime = AHEAD) -> bool:
    return bool(make_partitions(now=month, ahead=0))


def drop() -> bool:
    return MONTH in retention.let_old_months_go()


@pytest.mark.parametrize("change", [make, drop])
def test_beside_a_backup_it_is_left_to_the_next_time_and_no_writer_waits(
    committed: None, change: Callable[[], bool]
) -> None:
    make_partitions(now=OLD, ahead=0)
    past_event(OLD)
    assert sealing.seal() == 1
    with backup(), longest_wait_of_a_writer() as longest:
        assert not change()
    # Each try holds writers up for 0.3 s; on a busy machine some more.
    assert longest[0] < 5
    assert change()


def test_a_lock_that_becomes_free_meanwhile_is_taken(committed: None) -> None:
    holding = threading.Event()

    def hold_for_a_moment() -> None:
        with backup():
            holding.set()
            time.sleep(0.5)

    holder = threading.Thread(target=hold_for_a_moment)
    holder.start()
    assert holding.wait(30)
    assert make(datetime(2044, 3, 1, tzinfo=UTC))
    holder.join()


def test_what_else_goes_wrong_is_not_tried_again(committed: None) -> None:
    tries = []

    def fail() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError) as told:
        locks.patiently(fail)
    connection.close()
    assert not isinstance(told.value.__cause__, LockNotAvailable)
    assert len(tries) == 1
