import threading

import pytest
from pytest_django import Settings

from automation.engine.results import Status
from automation.models import Execution, Priority
from automation.runner.claim import claim
from automation.runner.sweep import Sweeper, reap, wake
from opsmanager.common import pulse
from tests.automation import makers
from tests.automation.runner.committed import outage
from tests.automation.runner.conftest import in_thread, left, wait_until
from tests.support.broker import queued

pytestmark = pytest.mark.usefixtures("committed")


def test_what_waits_too_long_is_woken_by_priority_and_age() -> None:
    low = makers.execution(priority=Priority.LOW, age_minutes=3)
    late = makers.execution(priority=Priority.HIGH, age_minutes=1)
    early = makers.execution(priority=Priority.HIGH, age_minutes=2)
    fresh = makers.execution()

    assert wake() == 3

    high = queued("automation.high")
    assert high.index(str(early.pk)) < high.index(str(late.pk))
    assert str(low.pk) in queued("automation.low")
    assert str(fresh.pk) not in queued("automation.normal")


def test_what_was_just_woken_is_left_in_peace() -> None:
    execution = makers.execution(age_minutes=1)
    assert wake() == 1
    assert wake() == 0
    execution.refresh_from_db()
    assert execution.woken_at is not None


def test_nothing_is_woken_that_runs_or_has_ended() -> None:
    for status in set(Status) - {Status.PENDING}:
        makers.execution("SAMPLE_LOOKING", status=status, age_minutes=1)
    assert wake() == 0


def test_two_sweeps_at_once_wake_each_execution_once() -> None:
    for _ in range(20):
        makers.execution(age_minutes=1)
    woken: list[int] = []
    ready = threading.Barrier(4)

    def sweep() -> None:
        ready.wait(60)
        woken.append(wake())

    threads = [in_thread(sweep) for _ in range(4)]
    for thread in threads:
        thread.join()
    assert sum(woken) == 20


def test_a_lease_that_was_renewed_is_respected() -> None:
    execution = makers.execution()
    assert claim(execution.pk, worker="alive")
    assert reap(worker="sweeping", grace=0) == 0
    execution.refresh_from_db()
    assert execution.status == Status.RUNNING


def test_nothing_is_reaped_while_postgresql_has_only_just_come_back() -> None:
    execution = left()
    assert reap(worker="sweeping", grace=1_000_000) == 0
    execution.refresh_from_db()
    assert execution.status == Status.RUNNING


def test_two_sweeps_at_once_settle_each_execution_once() -> None:
    for _ in range(6):
        left()
    settled: list[int] = []
    ready = threading.Barrier(4)

    def sweep() -> None:
        ready.wait(60)
        settled.append(reap(worker="sweeping", grace=0))

    threads = [in_thread(sweep) for _ in range(4)]
    for thread in threads:
        thread.join()
    assert sum(settled) == 6


def test_the_sweeper_sweeps_again_and_again_and_says_that_the_worker_lives(
    settings: Settings,
) -> None:
    settings.AUTOMATION_SWEEP_SECONDS = 0.1
    sweeper = Sweeper(worker="one")
    sweeper.start()
    try:
        wait_until(lambda: [p.name for p in pulse.seen()] == ["one"])
        waiting = makers.execution(age_minutes=1)
        wait_until(lambda: Execution.objects.get(pk=waiting.pk).woken_at)
    finally:
        sweeper.close()
        sweeper.join(60)
    assert not sweeper.is_alive()


def test_the_sweeper_outlives_a_fault_of_its_own(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.AUTOMATION_SWEEP_SECONDS = 0.1
    patience = settings.AUTOMATION_WAKE_AFTER_SECONDS
    del settings.AUTOMATION_WAKE_AFTER_SECONDS
    waiting = makers.execution(age_minutes=1)
    sweeper = Sweeper(worker="one")
    sweeper.start()
    try:
        wait_until(lambda: "sweep failed" in caplog.text)
        settings.AUTOMATION_WAKE_AFTER_SECONDS = patience
        wait_until(lambda: Execution.objects.get(pk=waiting.pk).woken_at)
    finally:
        sweeper.close()
        sweeper.join(60)


def test_the_sweeper_outlives_an_outage(settings: Settings) -> None:
    settings.AUTOMATION_SWEEP_SECONDS = 0.1
    waiting = makers.execution(age_minutes=1)
    sweeper = Sweeper(worker="one")
    try:
        with outage():
            sweeper.start()
            sweeper.join(1.0)
            assert sweeper.is_alive()
        wait_until(lambda: Execution.objects.get(pk=waiting.pk).woken_at)
    finally:
        sweeper.close()
        sweeper.join(60)
    assert not sweeper.is_alive()
