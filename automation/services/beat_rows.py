"""Beat's row for each schedule: it wakes a worker when the schedule is due.

It wakes only. Celery's crontabs want a day of the month *and* of the week where cron takes either,
know no last day, and lose times when the clocks change: so the row says numbers that wake at least
as often as the expression falls due by an ordinary clock, and what is due is worked out elsewhere.
"""

import json
from collections.abc import Collection
from typing import Final

from django_celery_beat.models import CrontabSchedule, PeriodicTask

from automation import cron
from automation.models import Schedule

_TASK: Final = "automation.tasks.run_schedule"
_EVERY: Final = "*"


def keep(schedule: Schedule) -> PeriodicTask:
    """Bring the row of a schedule in step with it; in the caller's transaction."""
    task = schedule.periodic_task or PeriodicTask(name=f"schedule:{schedule.pk}", task=_TASK)
    task.crontab = _crontab(schedule)
    task.args = json.dumps([str(schedule.pk)])
    task.enabled = schedule.is_active
    task.description = f"Wakes the schedule {schedule.name}."
    # Saving it also tells beat that something changed.
    task.save()
    return task


def drop(schedule: Schedule) -> None:
    """Delete the row of a schedule; in the caller's transaction."""
    if schedule.periodic_task is not None:
        schedule.periodic_task.delete()


def _crontab(schedule: Schedule) -> CrontabSchedule:
    said = cron.fields(schedule.cron_expression)
    any_day = said.is_either_day or said.days is None or said.weekdays is None
    wanted = {
        "minute": _listed(said.minutes, 60),
        "hour": _listed(said.hours, 24),
        "day_of_month": _EVERY if any_day else _listed(said.days or (), 31),
        "month_of_year": _listed(said.months, 12),
        "day_of_week": _EVERY if any_day else _listed(said.weekdays or (), 7),
        "timezone": cron.zone(schedule.timezone),
    }
    # Shared and never changed, as beat itself shares them.
    found = CrontabSchedule.objects.filter(**wanted).first()
    return found or CrontabSchedule.objects.create(**wanted)


def _listed(numbers: Collection[int], count: int) -> str:
    return _EVERY if len(numbers) == count else ",".join(str(each) for each in sorted(numbers))
