"""Who looks at the same moment as another, each on a connection of its own."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from automation.models import Execution, Schedule, SlotState
from automation.services import schedules, slots
from opsmanager.common.clock import database_now
from tests.automation import makers
from tests.automation.runner.conftest import in_thread

pytestmark = pytest.mark.usefixtures("committed")


def together(times: int, *work: Callable[[], None]) -> None:
    ready = threading.Barrier(times * len(work))

    def run(each: Callable[[], None]) -> None:
        with connection.cursor():  # connect before the race
            ready.wait(60)
        each()

    threads = [in_thread(partial(run, each)) for each in work * times]
    for thread in threads:
        thread.join(60)


def test_however_many_wake_ups_come_at_once_each_time_is_started_once() -> None:
    rows = [makers.schedule(cron_expression="0 * * * *", name=f"N{n}") for n in range(3)]
    hours = database_now() - timedelta(hours=1, seconds=-1)
    Schedule.objects.update(seen_until=hours)
    together(4, lambda: slots.handle(rows[0].pk), slots.handle_all)
    slots.handle_all()
    for row in rows:
        slot = row.slots.get()
        assert slot.state in (SlotState.STARTED, SlotState.LATE)
        assert Execution.objects.filter(schedule_id=row.pk).get() == slot.execution


def test_one_that_is_deleted_or_paused_meanwhile_is_left_alone() -> None:
    gone, paused = makers.schedule(), makers.schedule()
    schedules.delete(actor=makers.admin(), schedule=gone)
    schedules.set_active(actor=makers.admin(), schedule=paused, on=False)
    Schedule.objects.update(seen_until=database_now() - timedelta(hours=1))
    for row in (gone, paused):
        slots.handle(row.pk)
    slots.handle_all()
    assert not Execution.objects.exists()
