"""The chain: each event is sealed once, soon after it is committed, whatever runs beside it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from opsmanager.audit import sealing, trail
from opsmanager.audit.models import AuditEvent, Seal
from opsmanager.audit.verify import verify
from opsmanager.common.partitions import make_partitions
from tests.support.audit import past_event, tamper
from tests.support.waiting import eventually


def members() -> list[tuple[int, int]]:
    """Return the number of each sealed event with that of its seal."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, n FROM audit_sealmember ORDER BY seq")
        return cursor.fetchall()


def events() -> list[int]:
    return list(AuditEvent.objects.order_by("seq").values_list("seq", flat=True))


@contextmanager
def sealers(count: int) -> Iterator[None]:
    running = [sealing.Sealer() for _ in range(count)]
    for sealer in running:
        sealer.start()
    try:
        yield
    finally:
        for sealer in running:
            sealer.close()
        for sealer in running:
            sealer.join(timeout=60)


def test_a_thousand_simultaneous_actions_leave_a_whole_chain(committed: None, settings) -> None:
    settings.AUDIT_SEAL_SECONDS = 0.01

    def act(number: int) -> None:
        try:
            for turn in range(50):
                with transaction.atomic():
                    trail.record("ACTED", actor=f"worker:{number}", turn=turn)
                    if turn % 10 == 0:
                        # Commits later than what others began after it.
                        time.sleep(0.02)
        finally:
            connections.close_all()

    with sealers(3), ThreadPoolExecutor(20) as pool:
        for done in [pool.submit(act, number) for number in range(20)]:
            done.result()
    sealing.seal()

    assert len(events()) == 1000
    assert [seq for seq, _ in members()] == events()
    assert Seal.objects.count() > 3
    found = verify()
    assert found.problems == []
    assert sum(Seal.objects.values_list("events", flat=True)) == 1000


def test_a_lower_number_that_is_committed_later_is_not_skipped(committed: None) -> None:
    written, go_on = threading.Event(), threading.Event()

    def slowly() -> int:
        try:
            with transaction.atomic():
                seq = trail.record("SLOW", actor=None).seq
                written.set()
                assert go_on.wait(60)
            return seq
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(slowly)
        assert written.wait(60)
        quick = [trail.record("QUICK", actor=None).seq for _ in range(3)]
        assert sealing.seal() == 3
        later = trail.record("QUICK", actor=None).seq
        assert sealing.seal() == 1
        go_on.set()
        low = slow.result()
    assert low < min(quick)
    assert sealing.seal() == 1
    assert sealing.seal() == 0
    assert members() == [(low, 3), *((seq, 1) for seq in quick), (later, 2)]
    assert verify().is_whole


def test_an_action_that_is_rolled_back_leaves_no_event_and_no_gap_in_the_chain(
    committed: None,
) -> None:
    @transaction.atomic
    def fail() -> None:
        trail.record("NEVER", actor=None)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    trail.record("DONE", actor=None)
    assert sealing.seal() == 1
    assert list(AuditEvent.objects.values_list("verb", flat=True)) == ["DONE"]
    assert verify().is_whole


def test_simultaneous_sealers_seal_each_event_once(committed: None) -> None:
    for number in range(300):
        trail.record(f"EVENT_{number}", actor=None)

    def seal() -> int:
        try:
            return sealing.seal(most=7)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        counts = [done.result() for done in [pool.submit(seal) for _ in range(6)]]
    assert sum(counts) == 300
    assert [seq for seq, _ in members()] == events()
    assert list(Seal.objects.order_by("n").values_list("n", flat=True)) == list(range(1, 44))
    assert verify().is_whole


def test_a_worker_seals_within_seconds_and_without_being_asked(committed: None) -> None:
    with sealers(1):
        trail.record("DONE", actor=None)
        eventually(Seal.objects.exists)
    assert verify().is_whole


@pytest.mark.django_db
def test_what_a_limit_leaves_over_is_sealed_next() -> None:
    for number in range(5):
        trail.record(f"EVENT_{number}", actor=None)
    with connection.cursor() as cursor:
        counts = []
        for _ in range(4):
            cursor.execute("SELECT audit_seal_events(2)")
            counts.append(cursor.fetchone()[0])
    assert counts == [2, 2, 1, 0]
    assert verify().is_whole


@pytest.mark.django_db
def test_a_seal_never_spans_two_months_also_around_the_turn_of_the_year() -> None:
    make_partitions(now=datetime(2021, 11, 1, tzinfo=UTC), ahead=3)
    moments = [
        datetime(2021, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2021, 12, 1, tzinfo=UTC),
        datetime(2021, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2022, 1, 1, tzinfo=UTC),
        datetime(2022, 1, 15, tzinfo=UTC),
    ]
    for moment in reversed(moments):
        past_event(moment)
    now = trail.record("NOW", actor=None)
    assert sealing.seal() == 6
    sealed = [(f"{seal.month:%Y-%m}", seal.events) for seal in Seal.objects.order_by("n")]
    assert sealed == [("2021-11", 1), ("2021-12", 2), ("2022-01", 2), (f"{now.at:%Y-%m}", 1)]
    assert verify().is_whole


@pytest.mark.django_db
def test_the_month_is_that_of_utc_whatever_the_time_zone_of_the_session() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Pacific/Auckland'")
    make_partitions(now=datetime(2021, 12, 1, tzinfo=UTC), ahead=1)
    past_event(datetime(2021, 12, 31, 23, 30, tzinfo=UTC))
    assert sealing.seal() == 1
    assert f"{Seal.objects.get().month:%Y-%m}" == "2021-12"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'America/New_York'")
    assert verify().is_whole


@pytest.mark.django_db
def test_events_restored_into_another_postgresql_are_sealed_too() -> None:
    trail.record("SEALED_THERE", actor=None)
    sealing.seal()
    left = past_event(datetime.now(UTC))
    with connection.cursor() as cursor:
        # The counter of transactions of the other one had got further than ours.
        cursor.execute("SELECT pg_current_xact_id()::text::bigint + 1000000")
        far = cursor.fetchone()[0]
    tamper("UPDATE audit_auditevent SET xid = %s::text::xid8 WHERE seq = %s", far, left.seq)
    tamper("UPDATE audit_seal SET horizon = %s::text::xid8", far)
    here = trail.record("HERE", actor=None)
    assert sealing.seal() == 2
    assert [seq for seq, _ in members()][-2:] == [left.seq, here.seq]
