"""Launches in the same moment, each on a connection of its own."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from automation.engine.results import Status
from automation.models import Batch, Execution
from automation.runner.claim import claim
from automation.services import approvals, deleting
from automation.services.batches import BatchLaunch
from automation.services.batches import launch as launch_batch
from automation.services.decisions import Decision, decide
from automation.services.executions import Launch, cancel, launch
from automation.services.retrying import retry
from opsmanager.common.problems import Conflict, CoolingDown, InvalidState, NotFound
from tests.automation import makers
from tests.automation.runner.conftest import in_thread

pytestmark = pytest.mark.usefixtures("committed")


def at_once(work: Callable[[], str], times: int = 12) -> Counter[str]:
    """Do the work in as many threads in one moment; count what they returned."""
    ready = threading.Barrier(times)
    results: list[str] = []

    def run() -> None:
        with connection.cursor():  # connect before the race
            ready.wait(60)
        results.append(work())

    for thread in [in_thread(run) for _ in range(times)]:
        thread.join(60)
    return Counter(results)


def test_of_simultaneous_launches_a_cooldown_admits_one() -> None:
    server, actor, entry = makers.server(), makers.admin(), makers.entry()
    asked = Launch(actor=actor, runbook=entry, server=server, parameters={"path": "/x"})

    def work() -> str:
        try:
            launch(asked)
        except CoolingDown:
            return "refused"
        return "launched"

    assert at_once(work) == {"launched": 1, "refused": 11}
    assert Execution.objects.count() == 1


def test_one_idempotency_key_in_the_same_moment_gives_one_execution() -> None:
    server, actor = makers.server(), makers.admin()
    asked = Launch(
        actor=actor,
        runbook=makers.entry("SAMPLE_LOOKING"),
        server=server,
        idempotency_key="abc",
    )
    found = at_once(lambda: str(launch(asked).pk))
    assert list(found.values()) == [12]
    assert Execution.objects.count() == 1


def test_of_several_who_decide_at_once_one_wins() -> None:
    execution = makers.execution(status=Status.UNKNOWN)
    actor = makers.admin()

    def work() -> str:
        try:
            decided = decide(
                actor=actor, execution=execution, outcome=Decision.SUCCESS, reason="I looked."
            )
        except Conflict:
            return "conflict"
        return str(decided.status)

    assert at_once(work, 6) == {"SUCCESS": 1, "conflict": 5}


def test_of_several_who_delete_at_once_one_does_and_the_others_find_nothing() -> None:
    execution, actor = makers.execution(status=Status.FAILED, age_minutes=60), makers.admin()

    def work() -> str:
        try:
            deleting.delete(actor=actor, execution=execution)
        except NotFound:
            return "not found"
        return "deleted"

    assert at_once(work, 6) == {"deleted": 1, "not found": 5}


def test_the_last_two_of_a_batch_deleted_at_once_take_it_with_them() -> None:
    batch = Batch.objects.create(runbook=makers.entry(), started_by=makers.somebody())
    rows = [makers.execution(status=Status.SUCCESS, batch=batch, age_minutes=60) for _ in range(2)]
    actor = makers.admin()

    def work() -> str:
        with lock:
            row = rows.pop()
        deleting.delete(actor=actor, execution=row)
        return "deleted"

    lock = threading.Lock()
    assert at_once(work, 2) == {"deleted": 2}
    assert not Batch.objects.exists()


@pytest.mark.parametrize("_time", range(3))
def test_one_that_is_run_again_while_it_is_deleted_is_or_is_not_found(_time: int) -> None:
    execution = makers.execution(
        makers.entry(cooldown_minutes=0), status=Status.FAILED, age_minutes=60
    )
    acts = [deleting.delete, retry]
    actor, lock = makers.admin(), threading.Lock()

    def work() -> str:
        with lock:
            act = acts.pop()
        try:
            act(actor=actor, execution=execution)
        except NotFound:
            return "not found"
        return "done"

    said = at_once(work, 2)
    assert said["done"] >= 1
    assert said.total() == 2
    assert not Execution.objects.filter(pk=execution.pk).exists()
    assert Execution.objects.count() == said["done"] - 1


def test_claims_of_one_batch_at_once_keep_its_limit() -> None:
    batch = launch_batch(
        BatchLaunch(
            actor=makers.admin(),
            runbook=makers.entry(),
            servers=[makers.server() for _ in range(8)],
            parameters={"path": "/x"},
            max_parallel=3,
        )
    )
    waiting = list(batch.executions.values_list("pk", flat=True))

    def work() -> str:
        with lock:
            pk = waiting.pop()
        return "claimed" if claim(pk, worker="one") else "not to be had"

    lock = threading.Lock()
    assert at_once(work, 8) == {"claimed": 3, "not to be had": 5}


def test_of_votes_in_the_same_moment_as_many_count_as_are_needed() -> None:
    execution = makers.execution(waiting_since=None)
    row = makers.approval(execution, needed=3)
    people = [makers.user("MANAGER") for _ in range(12)]

    def work() -> str:
        try:
            approvals.vote(actor=people.pop(), approval=row, approves=True)
        except InvalidState:
            return "refused"
        return "approved"

    assert at_once(work) == {"approved": 3, "refused": 9}
    assert row.votes.count() == 3
    row.refresh_from_db()
    execution.refresh_from_db()
    assert row.state == "APPROVED"
    assert execution.waiting_since is not None


def test_of_approvals_and_cancellations_in_the_same_moment_nothing_is_left_half() -> None:
    execution = makers.execution(waiting_since=None)
    row = makers.approval(execution)
    managers = [makers.user("MANAGER") for _ in range(12)]

    def work() -> str:
        actor = managers.pop()
        try:
            if len(managers) % 2:
                cancel(actor=actor, execution=execution)
                return "cancelled"
            approvals.vote(actor=actor, approval=row, approves=True)
        except InvalidState:
            return "refused"
        return "approved"

    found = at_once(work)

    assert found["cancelled"] == 1
    row.refresh_from_db()
    execution.refresh_from_db()
    assert row.state == ("APPROVED" if found["approved"] else "WITHDRAWN")
    assert (execution.status, execution.waiting_since) == (Status.CANCELLED, None)
    assert claim(execution.pk, worker="w") is None
