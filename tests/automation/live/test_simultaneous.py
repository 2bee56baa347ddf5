"""Launches in the same moment, each on a connection of its own."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from automation.engine.results import Status
from automation.models import Execution
from automation.runner.claim import claim
from automation.services.batches import BatchLaunch
from automation.services.batches import launch as launch_batch
from automation.services.decisions import Decision, decide
from automation.services.executions import Launch, launch
from opsmanager.common.problems import Conflict, CoolingDown
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
