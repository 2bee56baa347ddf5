import threading
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from automation.engine.results import ActionStatus, Status
from automation.models import Execution, ExecutionLog, Priority
from automation.runner.claim import claim
from automation.runner.sweep import Sweeper, reap, wake
from opsmanager.audit.models import AuditEvent
from opsmanager.common import pulse
from tests.automation import makers
from tests.automation.runner.committed import outage
from tests.automation.runner.conftest import in_thread, wait_until
from tests.support.broker import queued

pytestmark = pytest.mark.usefixtures("committed")


def left(**fields: Any) -> Execution:
    """Make an execution whose worker claimed it, and was not heard of since."""
    execution = makers.execution(**fields)
    assert claim(execution.pk, worker="lost-worker")
    expire(execution)
    execution.refresh_from_db()
    return execution


def expire(execution: Execution) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE automation_execution SET lease_until = clock_timestamp() - interval '1 s'"
            " WHERE id = %s",
            [execution.pk],
        )


def reaped(execution: Execution) -> Execution:
    assert reap(worker="sweeping", grace=0) == 1
    return Execution.objects.get(pk=execution.pk)


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


def test_what_was_lost_before_anything_was_sent_is_queued_again() -> None:
    execution = left()
    makers.log_row(execution, 1, status=ActionStatus.RUNNING, finished_at=None)

    after = reaped(execution)

    assert after.status == Status.PENDING
    assert (after.worker, after.lease_until, after.error_code) == ("", None, "")
    assert after.fence > execution.fence
    assert after.revision > execution.revision
    assert ExecutionLog.objects.get(execution=execution).status == ActionStatus.UNKNOWN
    assert AuditEvent.objects.filter(target_id=str(execution.pk)).count() == 0
    assert claim(execution.pk, worker="next")


def test_what_was_lost_in_a_changing_command_is_unknown_and_names_the_command() -> None:
    execution = left()
    makers.log_row(execution, 1)
    makers.log_row(
        execution,
        2,
        changes=True,
        command="systemctl restart nginx.service",
        status=ActionStatus.RUNNING,
        exit_code=None,
        finished_at=None,
    )

    after = reaped(execution)

    assert (after.status, after.error_code) == (Status.UNKNOWN, "WORKER_LOST")
    assert "The worker lost-worker was lost" in after.error_message
    assert "systemctl restart nginx.service" in after.error_message
    assert after.finished_at is not None
    assert after.success is False
    rows = ExecutionLog.objects.filter(execution=execution).order_by("seq")
    assert [row.status for row in rows] == [ActionStatus.SUCCESS, ActionStatus.UNKNOWN]
    event = makers.last_event("AUTOMATION_EXECUTION_UNKNOWN")
    assert (event.target_id, event.actor_name) == (str(execution.pk), "sweeping")
    assert claim(execution.pk, worker="next") is None


def test_what_was_lost_after_a_changing_command_says_that_this_one_had_ended() -> None:
    execution = left()
    makers.log_row(execution, 1, changes=True, command="systemctl stop nginx.service")
    makers.log_row(execution, 2, changes=True, command="systemctl start nginx.service")
    makers.log_row(execution, 3, status=ActionStatus.RUNNING, finished_at=None)
    after = reaped(execution)
    assert (after.status, after.error_code) == (Status.UNKNOWN, "WORKER_LOST")
    assert "after this had ended: systemctl start nginx.service" in after.error_message


def test_of_commands_side_by_side_the_one_that_still_ran_is_named() -> None:
    execution = left()
    makers.log_row(
        execution, 1, changes=True, command="slow", status=ActionStatus.RUNNING, finished_at=None
    )
    makers.log_row(execution, 2, changes=True, command="quick")
    assert "while this ran: slow" in reaped(execution).error_message


def test_a_plan_of_a_dry_run_is_no_command_in_flight() -> None:
    execution = left(is_dry_run=True)
    makers.log_row(execution, 1, changes=True, status=ActionStatus.PLANNED)
    assert reaped(execution).status == Status.PENDING


def test_a_change_of_an_earlier_attempt_does_not_count_for_this_one() -> None:
    execution = left(attempt=1)
    makers.log_row(execution, 1, changes=True, attempt=1)
    assert reaped(execution).status == Status.PENDING


def test_what_was_to_be_cancelled_and_sent_nothing_is_cancelled() -> None:
    execution = left()
    Execution.objects.update(cancel_requested_at="2026-01-01T00:00:00Z")
    after = reaped(execution)
    assert (after.status, after.error_code) == (Status.CANCELLED, "")
    assert "before anything was sent" in after.result_summary
    assert makers.last_event("AUTOMATION_EXECUTION_CANCELLED").target_id == str(execution.pk)


@pytest.mark.parametrize(("attempts", "status"), [(4, Status.PENDING), (5, Status.FAILED)])
def test_what_loses_one_worker_after_the_other_fails_after_five(
    attempts: int, status: Status
) -> None:
    execution = left(attempt=attempts - 1)
    after = reaped(execution)
    assert after.status == status
    if status is Status.FAILED:
        assert after.error_code == "WORKER_LOST"
        assert after.error_message.startswith("5 workers were lost with it")


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
