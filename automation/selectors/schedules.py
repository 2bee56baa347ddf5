"""Schedules as pages and clients ask for them, and what is coming up or did not run."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from automation import cron
from automation.models import Schedule, ScheduleSlot, SlotState
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound
from servers.selectors import limits

_RAN: Final = (SlotState.STARTED, SlotState.LATE)
_UNLUCKY: Final = (SlotState.MISSED, SlotState.REFUSED)
_MOST_COUNTED: Final = 100
"""How many times of one schedule are counted within the hours ahead."""
_LATELY: Final = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Upcoming:
    """When a schedule runs next, and how often more in the hours that were asked about."""

    schedule: Schedule
    at: datetime
    more: int
    """At most 99, which then stands for "99 or more"."""


def visible_to(user: permissions.Actor) -> QuerySet[Schedule]:
    """Return the schedules that the user may see by name, each with what became of its last slot.

    ``last_due_at``, ``last_state``, ``last_message``, ``last_execution_id``, ``last_batch_id`` and
    ``last_workflow_run_id`` are of the newest slot, ``last_run_at`` is when one was started last;
    all may be ``None``.
    """
    rows = Schedule.objects.select_related(
        "runbook",
        "template__runbook",
        "workflow",
        "server",
        "server_group",
        "owner",
        "secret_parameters",
    )
    if not permissions.may(user, roles.VIEW_SCHEDULES):
        return rows.none()
    newest = ScheduleSlot.objects.filter(schedule=OuterRef("pk")).order_by("-due_at")
    ran = newest.filter(state__in=_RAN)
    return limits.within(user, rows, server="server").annotate(
        last_due_at=Subquery(newest.values("due_at")[:1]),
        last_state=Subquery(newest.values("state")[:1]),
        last_message=Subquery(newest.values("message")[:1]),
        last_execution_id=Subquery(newest.values("execution")[:1]),
        last_batch_id=Subquery(newest.values("batch")[:1]),
        last_workflow_run_id=Subquery(newest.values("workflow_run")[:1]),
        last_run_at=Subquery(ran.values("handled_at")[:1]),
    )


def get(user: permissions.Actor, pk: UUID | str) -> Schedule:
    """Return a schedule that the user may see. Raises :class:`NotFound`."""
    schedule = visible_to(user).filter(pk=pk).first()
    if schedule is None:
        raise NotFound("There is no such schedule, or you may not see it.")
    return schedule


def slots(schedule: Schedule) -> QuerySet[ScheduleSlot]:
    """Return what became of its times, the newest first."""
    return schedule.slots.select_related("execution__server", "batch").order_by("-due_at")


def next_runs(schedule: Schedule, count: int = 5) -> list[datetime]:
    """Return its next times, in UTC; none while it is paused."""
    if not schedule.is_active:
        return []
    coming = cron.following(schedule.cron_expression, schedule.timezone, timezone.now())
    return list(islice(coming, count))


def in_words(expression: str) -> str:
    """Return what a cron expression says, in words; empty for what is none."""
    try:
        return cron.in_words(cron.normalised(expression))
    except cron.CronInvalid:
        return ""


def upcoming(user: permissions.Actor, hours: int = 24) -> list[Upcoming]:
    """Return which schedules run within the hours ahead, one entry each, the next one first."""
    now = timezone.now()
    until = now + timedelta(hours=hours)
    found = []
    for schedule in visible_to(user).filter(is_active=True):
        first = cron.next_after(
            schedule.cron_expression, schedule.timezone, now.replace(second=0, microsecond=0)
        )
        if first is None or first > until:
            continue
        coming = cron.following(schedule.cron_expression, schedule.timezone, now)
        times = list(islice(takewhile(lambda at: at <= until, coming), _MOST_COUNTED))
        if times:
            found.append(Upcoming(schedule=schedule, at=times[0], more=len(times) - 1))
    return sorted(found, key=lambda each: (each.at, each.schedule.name))


def missed_lately(user: permissions.Actor) -> QuerySet[ScheduleSlot]:
    """Return the slots of the last 24 hours that were missed or refused, the newest first."""
    return (
        ScheduleSlot.objects.filter(
            schedule__in=visible_to(user).values("pk"),
            state__in=_UNLUCKY,
            due_at__gt=Now() - _LATELY,
        )
        .select_related("schedule")
        .order_by("-due_at", "schedule__name")
    )
