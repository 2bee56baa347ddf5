import threading
from collections import Counter
from queue import Empty, SimpleQueue
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper

from automation.engine.results import Status
from automation.models import Batch, Execution, Priority
from automation.runner.claim import claim
from tests.automation import makers
from tests.automation.runner.conftest import in_thread, wait_until

pytestmark = pytest.mark.usefixtures("committed")


def test_a_claim_starts_the_execution_with_a_fence_and_a_lease() -> None:
    execution = makers.execution()

    found = claim(execution.pk, worker="one")

    execution.refresh_from_db()
    assert found is not None
    assert execution.status == Status.RUNNING
    assert (execution.worker, execution.attempt) == ("one", 1)
    assert execution.fence == found.fence > 0
    assert execution.started_at is not None
    assert execution.lease_until > execution.started_at
    assert (found.attempt, found.last_seq) == (1, 0)
    assert found.queued_at == execution.queued_at


def test_a_claimed_execution_is_not_to_be_had_again() -> None:
    execution = makers.execution()
    assert claim(execution.pk, worker="one")
    assert claim(execution.pk, worker="two") is None


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_only_a_pending_execution_is_to_be_had(status: Status) -> None:
    execution = makers.execution(status=status, changes=False)
    assert claim(execution.pk, worker="one") is None


def test_an_execution_that_nobody_knows_is_not_to_be_had() -> None:
    assert claim(UUID(int=7), worker="one") is None


def test_an_execution_that_is_to_be_cancelled_is_not_to_be_had() -> None:
    execution = makers.execution(cancel_requested_at="2026-01-01T00:00:00Z")
    assert claim(execution.pk, worker="one") is None


def test_a_later_attempt_keeps_the_first_start_and_the_place_in_the_log() -> None:
    execution = makers.execution(attempt=1, last_seq=7, started_at="2026-01-01T00:00:00Z")
    found = claim(execution.pk, worker="one")
    started = execution.started_at
    execution.refresh_from_db()
    assert found is not None
    assert (found.attempt, found.last_seq) == (2, 7)
    assert execution.started_at == started


def test_one_execution_changes_a_server_at_a_time() -> None:
    server = makers.server()
    first = makers.execution(server=server)
    second = makers.execution("SAMPLE_SCRIPTED", server=server)
    elsewhere = makers.execution()

    assert claim(first.pk, worker="one")
    assert claim(second.pk, worker="two") is None
    assert claim(elsewhere.pk, worker="two")

    Execution.objects.filter(pk=first.pk).update(status=Status.SUCCESS, holds_server=False)
    assert claim(second.pk, worker="two")


def test_what_only_reads_passes_a_changing_execution() -> None:
    server = makers.server()
    assert claim(makers.execution(server=server).pk, worker="one")
    reading = makers.execution("SAMPLE_LOOKING", server=server)
    dry = makers.execution(server=server, is_dry_run=True)
    assert claim(reading.pk, worker="two")
    assert claim(dry.pk, worker="three")


def test_a_changing_execution_passes_those_that_only_read() -> None:
    server = makers.server()
    assert claim(makers.execution("SAMPLE_LOOKING", server=server).pk, worker="one")
    assert claim(makers.execution(server=server).pk, worker="two")


def test_a_change_does_not_pass_by_one_that_goes_first() -> None:
    server = makers.server()
    late = makers.execution(server=server)
    low = makers.execution(server=server, priority=Priority.LOW, age_minutes=9)
    early = makers.execution(server=server, age_minutes=1)
    high = makers.execution(server=server, priority=Priority.HIGH)
    order = [high, early, late, low]
    for first in order:
        for other in reversed(order[order.index(first) + 1 :]):
            assert claim(other.pk, worker="other") is None
        assert claim(first.pk, worker="one"), first
        Execution.objects.filter(pk=first.pk).update(status=Status.SUCCESS, holds_server=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"not_before": "2100-01-01T00:00:00Z"},
        {"cancel_requested_at": "2026-01-01T00:00:00Z"},
        {"is_dry_run": True},
    ],
)
def test_what_can_not_run_now_is_passed_by(fields: dict[str, Any]) -> None:
    server = makers.server()
    makers.execution(server=server, priority=Priority.HIGH, **fields)
    assert claim(makers.execution(server=server).pk, worker="one")


def test_what_waits_for_its_batch_is_passed_by() -> None:
    member, other = members(max_parallel=1)
    assert claim(other.pk, worker="one")
    behind = makers.execution(server=member.server, priority=Priority.LOW)
    assert claim(member.pk, worker="two") is None
    assert claim(behind.pk, worker="three")


def test_no_more_of_a_batch_run_at_once_than_it_says() -> None:
    first, second, third = members(3, max_parallel=2)
    assert claim(first.pk, worker="one")
    assert claim(second.pk, worker="one")
    assert claim(third.pk, worker="one") is None
    Execution.objects.filter(pk=first.pk).update(status=Status.SUCCESS)
    assert claim(third.pk, worker="one")


def test_nothing_of_a_stopped_batch_begins() -> None:
    (first,) = members(1)
    Batch.objects.update(stopped_at="2026-01-01T00:00:00Z")
    assert claim(first.pk, worker="one") is None


def members(count: int = 2, **fields: Any) -> list[Execution]:
    batch = Batch.objects.create(runbook=makers.entry(), **fields)
    return [makers.execution(batch=batch) for _ in range(count)]


def test_however_often_each_is_delivered_it_is_claimed_once() -> None:
    server = makers.server()
    wanted = [makers.execution("SAMPLE_LOOKING", server=server).pk for _ in range(60)]
    deliveries: SimpleQueue[UUID] = SimpleQueue()
    for _ in range(16):
        for pk in wanted:
            deliveries.put(pk)
    got: list[UUID] = []

    def take() -> None:
        while True:
            try:
                pk = deliveries.get_nowait()
            except Empty:
                return
            found = claim(pk, worker=threading.current_thread().name)
            if found is not None:
                got.append(found.execution_id)

    threads = [in_thread(take) for _ in range(8)]
    for thread in threads:
        thread.join()

    assert Counter(got) == Counter(wanted)
    fences = Execution.objects.values_list("fence", flat=True)
    assert len(set(fences)) == 60
    assert set(Execution.objects.values_list("attempt", flat=True)) == {1}


def test_of_many_for_one_server_claimed_in_one_moment_one_gets_it() -> None:
    """The look before and the index behind it: whatever the timing, one passes."""
    server = makers.server()
    wanted = [makers.execution(server=server).pk for _ in range(8)]
    ready = threading.Barrier(8)
    got = []

    def take(pk: UUID) -> None:
        with connection.cursor():  # connect before the race
            ready.wait(60)
        if claim(pk, worker="one"):
            got.append(pk)

    threads = [in_thread(lambda pk=pk: take(pk)) for pk in wanted]
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_the_index_refuses_what_the_look_before_could_not_see() -> None:
    """Another claim for the same server that is not committed yet."""
    server = makers.server()
    first = makers.execution(server=server)
    second = makers.execution(server=server, priority=Priority.HIGH)
    results: list[object] = []
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "UPDATE automation_execution SET status = 'RUNNING', waiting_since = NULL,"
            " holds_server = true WHERE id = %s",
            [first.pk],
        )
        thread = in_thread(lambda: results.append(claim(second.pk, worker="two")))
        cursor.execute("SELECT pg_backend_pid()")
        own = cursor.fetchone()[0]
        wait_until(lambda: _blocks_another(cursor, own))
        cursor.execute("COMMIT")
    thread.join()
    assert results == [None]


def _blocks_another(cursor: CursorWrapper, own: int) -> bool:
    # Within a transaction the first look is kept.
    cursor.execute("SELECT pg_stat_clear_snapshot()")
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", [own]
    )
    return bool(cursor.fetchone()[0])
