"""What is to be done over SSH on a server of a zone, workers of that zone take alone."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from automation.engine.results import Outcome, Status
from automation.models import Batch, Execution, Priority
from automation.runner import poller as polling
from automation.runner.asker import Asker
from automation.runner.claim import claim
from automation.runner.finish import finish
from automation.runner.poller import Poller
from automation.runner.process import WorkerProcess
from automation.runner.sweep import Sweeper, wake
from automation.selectors import waiting
from opsmanager.common import pulse
from servers.models import Server
from tests.automation import makers
from tests.automation.runner.conftest import claimed, left, reaped, wait_until
from tests.support.broker import queued

pytestmark = pytest.mark.usefixtures("committed")

DONE = Outcome(status=Status.SUCCESS, summary="Done.")
LONE = "No worker of zone dmz is running. Start one there, or look at its log."


@pytest.fixture
def serve(settings: Settings) -> Callable[..., None]:
    """Have this process serve these zones from now on."""

    def serve(*names: str) -> None:
        settings.AUTOMATION_ZONES = list(names)

    return serve


def of(zone: str, **fields: Any) -> Execution:
    return makers.execution(server=makers.server(zone=zone), **fields)


def test_a_worker_claims_what_is_of_its_zones_and_nothing_else(serve: Callable[..., None]) -> None:
    inside, plant, outside = of("dmz"), of("plant"), of("")
    assert claim(inside.pk, worker="outside") is None
    serve("dmz", "plant")
    assert claim(outside.pk, worker="inside") is None
    assert claim(inside.pk, worker="inside")
    assert claim(plant.pk, worker="inside")
    serve()
    assert claim(outside.pk, worker="outside")


def test_a_server_that_moves_takes_with_it_what_waits(serve: Callable[..., None]) -> None:
    execution = of("")
    Server.objects.update(zone="dmz")
    assert claim(execution.pk, worker="outside") is None
    serve("dmz")
    assert claim(execution.pk, worker="inside")


def test_a_rollback_is_claimed_in_its_zone(serve: Callable[..., None]) -> None:
    execution = of(
        "dmz", status=Status.FAILED, rollback_status=Status.PENDING, waiting_since=timezone.now()
    )
    assert claim(execution.pk, worker="outside") is None
    serve("dmz")
    found = claim(execution.pk, worker="inside")
    assert found is not None
    assert found.is_rollback


def test_a_sweep_wakes_what_is_of_its_zones_in_their_queues(serve: Callable[..., None]) -> None:
    inside, outside = of("dmz", age_minutes=1), of("", age_minutes=1)
    assert wake() == 1
    assert str(outside.pk) in queued("automation.normal")
    serve("dmz", "plant")
    assert wake() == 1
    assert str(inside.pk) in queued("zone.dmz.automation.normal")
    assert str(inside.pk) not in queued("automation.normal")


def test_what_a_lost_worker_left_any_worker_settles_and_one_of_the_zone_goes_on_with(
    serve: Callable[..., None],
) -> None:
    serve("dmz")
    execution = left(server=makers.server(zone="dmz"))
    serve()
    assert reaped(execution).status == Status.PENDING
    assert claim(execution.pk, worker="outside") is None
    serve("dmz")
    assert claim(execution.pk, worker="inside")


def test_what_waits_for_a_server_is_woken_in_its_zone(serve: Callable[..., None]) -> None:
    serve("dmz")
    server = makers.server(zone="dmz")
    held = claimed(server=server)
    behind = makers.execution(server=server)
    finish(held, DONE, worker="inside")
    assert str(behind.pk) in queued("zone.dmz.automation.normal")


def test_of_a_batch_the_first_of_each_zone_is_woken() -> None:
    batch = Batch.objects.create(runbook=makers.entry(), max_parallel=1)
    held = claimed(batch=batch)
    inside = of("dmz", batch=batch, priority=Priority.HIGH, age_minutes=3)
    first, second = of("", batch=batch, age_minutes=2), of("", batch=batch, age_minutes=1)
    finish(held, DONE, worker="outside")
    assert str(inside.pk) in queued("zone.dmz.automation.high")
    assert str(first.pk) in queued("automation.normal")
    assert str(second.pk) not in queued("automation.normal")
    assert claim(first.pk, worker="outside")


def test_without_redis_a_worker_takes_what_is_of_its_zones(
    serve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(polling, "_is_away", lambda: True)
    serve("dmz")
    inside, _outside, low = of("dmz"), of(""), of("dmz", priority=Priority.LOW)
    taken: list[Any] = []
    poller = Poller(run=taken.append)
    poller.serve({"zone.dmz.automation.normal", "zone.dmz.servers"}, at_once=1)
    try:
        wait_until(lambda: len(taken) > 2)
    finally:
        poller.close()
    assert set(taken) == {inside.pk}
    assert low.pk not in taken


def test_the_server_of_an_unknown_execution_is_asked_from_its_zone(
    serve: Callable[..., None], worker: WorkerProcess
) -> None:
    execution = of("dmz", status=Status.UNKNOWN, ask_server_at="2026-01-01T00:00:00Z")
    assert not Asker(pool=worker.pool).ask_next()
    serve("dmz")
    assert Asker(pool=worker.pool).ask_next()
    execution.refresh_from_db()
    assert execution.ask_server_at is None


def test_it_waits_and_says_so_until_a_worker_of_its_zone_comes(
    serve: Callable[..., None], server: Server
) -> None:
    Server.objects.filter(pk=server.pk).update(zone="dmz")
    execution = makers.execution("SAMPLE_LOOKING", server=server)
    outside = WorkerProcess("outside")
    outside.start()
    try:
        wait_until(lambda: pulse.serving()[""])
        outside.run(execution.pk)
        execution.refresh_from_db()
        assert execution.status == Status.PENDING
        assert waiting.waiting_for(execution) == LONE
    finally:
        outside.close()
    serve("dmz")
    inside = WorkerProcess("inside")
    inside.start()
    try:
        wait_until(lambda: pulse.serving()["dmz"])
        assert waiting.waiting_for(execution) == "Waits for a free worker."
        inside.run(execution.pk)
    finally:
        inside.close()
    execution.refresh_from_db()
    assert (execution.status, execution.worker) == (Status.SUCCESS, "inside")


def test_the_heartbeat_says_the_zones(serve: Callable[..., None]) -> None:
    serve("dmz", "plant")
    sweeper = Sweeper(worker=f"one-{uuid4()}")
    sweeper.start()
    try:
        wait_until(lambda: pulse.serving() == {"dmz": 1, "plant": 1})
    finally:
        sweeper.close()
        sweeper.join(60)
