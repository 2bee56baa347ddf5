"""Whoever changes several executions locks them by id, so that no two wait for one another."""

from collections.abc import Callable
from operator import attrgetter

import pytest
from django.db import connection, transaction

from automation.engine.results import ErrorCode, Outcome, Status
from automation.models import Batch, Execution
from automation.runner.claim import Claim
from automation.runner.finish import finish
from automation.runner.journal import Journal
from automation.runner.lease import Lease, LeaseKeeper
from automation.runner.log_row import LogRow
from tests.automation import makers
from tests.automation.runner.conftest import action, claimed, in_thread, wait_until

pytestmark = pytest.mark.usefixtures("committed")

# Not of pg_stat_activity, which stays as it was until a transaction ends.
_WAITING = """
SELECT count(*) FROM pg_locks
 WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""


def renew(claims: list[Claim]) -> None:
    """Renew several leases at once."""
    LeaseKeeper().renew([Lease(claim, timeout=60) for claim in claims])


def write(claims: list[Claim]) -> None:
    """Write rows of several logs at once."""
    rows = {claim: LogRow(claim=claim, action=action()) for claim in claims}
    journal = Journal()
    for row in rows.values():
        journal.say(row)
    batches, journal._batches = journal._batches, {}
    journal._commit(batches, is_again=False)


@pytest.fixture
def pairs() -> list[Claim]:
    """Return claims, the lowest id first."""
    return sorted([claimed() for _ in range(4)], key=attrgetter("execution_id"))


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("change", [renew, write])
@pytest.mark.parametrize("is_reversed", [False, True], ids=["in order", "reversed"])
def test_who_waits_for_the_first_holds_none_of_the_others(
    pairs: list[Claim], change: Callable[[list[Claim]], None], is_reversed: bool
) -> None:
    asked = list(reversed(pairs)) if is_reversed else pairs
    ids = [claim.execution_id for claim in pairs]
    with transaction.atomic():
        Execution.objects.select_for_update().get(pk=ids[0])
        changing = in_thread(lambda: change(asked))
        wait_until(waiting)
        with connection.cursor() as cursor:
            # Waiting for one that the other holds would end in a deadlock.
            cursor.execute("SET LOCAL lock_timeout = '5s'")
        for pk in ids[1:]:
            Execution.objects.select_for_update().get(pk=pk)
    changing.join(60)
    assert not changing.is_alive()


def test_who_waits_for_the_batch_of_an_execution_does_not_hold_that_one() -> None:
    batch = Batch.objects.create(runbook=makers.entry(), stop_after_failures=1)
    claim = claimed(batch=batch)
    outcome = Outcome(
        status=Status.FAILED,
        summary="No.",
        error_code=ErrorCode.COMMAND_FAILED,
        error_message="No.",
    )
    with transaction.atomic():
        Batch.objects.select_for_update().get(pk=batch.pk)
        ending = in_thread(lambda: finish(claim, outcome, worker="test-worker"))
        wait_until(waiting)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
        Execution.objects.select_for_update().get(pk=claim.execution_id)
    ending.join(60)
    batch.refresh_from_db()
    assert batch.stopped_at is not None
