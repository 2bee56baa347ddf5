"""What becomes of each time of a schedule: every one is dealt with once, whoever asks how often.

The schedule's row is locked while its slots since ``seen_until`` are worked out, launched and
written down, all in one transaction. So a message that is lost, doubled or late, a second beat
and a worker that dies change nothing: the next one to ask begins where the last one committed.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models.functions import Now

from automation import cron
from automation.engine.results import Status
from automation.models import (
    Execution,
    MissedPolicy,
    OverlapPolicy,
    Schedule,
    ScheduleSlot,
    SlotState,
    Trigger,
    WorkflowRun,
)
from automation.services import slot_news, starting
from automation.services.starting import Started
from opsmanager.accounts.models import User
from opsmanager.common import origin
from opsmanager.common.clock import database_now
from opsmanager.common.problems import NotPermitted, Problem

log = structlog.get_logger(__name__)

_MOST_ROWS: Final = 100
"""How many of the slots that were missed in a row are written down one by one: the latest."""
_MOST_COUNTED: Final = 50_000
"""How many are counted; more than a minutely schedule has in a month."""
_FAR: Final = timedelta(days=31)
_NOBODY_LOOKED: Final = "Nobody looked at it in time: beat, or all workers, did not run then."


@dataclass(frozen=True, kw_only=True)
class Due:
    """The slots since somebody looked last."""

    missed: list[datetime]
    on_time: list[datetime]
    count: int
    """How many there were, also those before these, which are not written down one by one."""
    left_out: int
    """How many those are."""
    is_counted: bool
    """Whether ``left_out`` is exact, and not "at least"."""


def handle_all() -> None:
    """Deal with all schedules of which something is due, or waits.

    Of none in a database that was restored, before somebody has settled what it held.
    """
    if origin.is_foreign():
        return
    now = database_now()
    rows = Schedule.objects.filter(is_active=True).values_list(
        "pk", "cron_expression", "timezone", "seen_until"
    )
    waiting = ScheduleSlot.objects.filter(state=SlotState.WAITING).values_list(
        "schedule", flat=True
    )
    to_do = dict.fromkeys(waiting)
    for pk, expression, zone, seen_until in rows:
        coming = cron.next_after(expression, zone, seen_until)
        if coming is not None and coming <= now:
            to_do[pk] = None
    for pk in to_do:
        try:
            handle(pk)
        except Exception:
            # A fault with one schedule must not hold up the others.
            log.exception("schedule not dealt with; trying again", schedule=str(pk))


def handle(schedule_id: UUID) -> None:
    """Deal with what is due of one schedule, unless somebody does so right now."""
    with transaction.atomic():
        schedule = (
            Schedule.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related(
                "runbook", "template__runbook", "workflow", "server", "server_group", "owner"
            )
            .filter(pk=schedule_id, is_active=True)
            .first()
        )
        if schedule is not None and not origin.is_foreign():
            settle(schedule, now=database_now())


def settle(schedule: Schedule, *, now: datetime) -> None:
    """Deal with what is due of a schedule that is locked, inside the caller's transaction."""
    _start_waiting(schedule)
    due = _due(schedule, now)
    if not due.count:
        return
    late = None
    if schedule.missed == MissedPolicy.RUN_ONCE and due.missed and not due.on_time:
        late = due.missed[-1]
    missed = [at for at in due.missed if at != late]
    if missed:
        run_later = late or (due.on_time[0] if due.on_time else None)
        instead = run_later if schedule.missed == MissedPolicy.RUN_ONCE else None
        _miss(schedule, missed, due, why=_NOBODY_LOOKED, instead=instead)
    if late is not None:
        _run(schedule, late, SlotState.LATE)
    for at in due.on_time:
        _run(schedule, at, SlotState.STARTED)
    schedule.seen_until = now
    schedule.save(update_fields=["seen_until"])


def leave_out(schedule: Schedule, *, now: datetime, why: str) -> int:
    """Start nothing of what was due until ``now``; return how many times that were.

    Inside the caller's transaction, which holds the schedule.
    """
    forget_waiting(schedule, why)
    due = _due(schedule, now)
    if new := due.missed + due.on_time:
        _miss(schedule, new, due, why=why)
    schedule.seen_until = now
    schedule.save(update_fields=["seen_until"])
    return due.count


def forget_waiting(schedule: Schedule, why: str) -> None:
    """Leave out what waits for the one before to end."""
    schedule.slots.filter(state=SlotState.WAITING).update(
        state=SlotState.OVERLAPPED, message=why, handled_at=Now()
    )


def _due(schedule: Schedule, now: datetime) -> Due:
    latest: deque[datetime] = deque(maxlen=_MOST_ROWS)
    begins, count, is_counted = [schedule.seen_until], 0, True
    for begin in begins:
        for at in cron.following(schedule.cron_expression, schedule.timezone, begin):
            if at > now:
                break
            count += 1
            latest.append(at)
            if count == _MOST_COUNTED and at < now - _FAR:
                begins.append(now - _FAR)
                is_counted = False
                break
    # A clock that was set back must not make a slot fall due for a second time.
    known = set(schedule.slots.filter(due_at__in=latest).values_list("due_at", flat=True))
    new = [at for at in latest if at not in known]
    in_time = now - timedelta(seconds=settings.AUTOMATION_SCHEDULE_GRACE_SECONDS)
    return Due(
        missed=[at for at in new if at < in_time],
        on_time=[at for at in new if at >= in_time],
        count=count,
        left_out=count - len(latest),
        is_counted=is_counted,
    )


def _miss(
    schedule: Schedule,
    missed: list[datetime],
    due: Due,
    *,
    why: str,
    instead: datetime | None = None,
) -> None:
    said = why
    if instead is not None:
        said += f" The time of {instead:%Y-%m-%d %H:%M} UTC was run in its place."
    rows = [
        ScheduleSlot(schedule=schedule, due_at=at, state=SlotState.MISSED, message=said)
        for at in missed
    ]
    if due.left_out:
        least = "" if due.is_counted else "at least "
        rows[0].message += f" So were {least}{due.left_out:,} before it."
    ScheduleSlot.objects.bulk_create(rows)
    slot_news.tell_missed(schedule, missed, left_out=due.left_out, why=why, instead=instead)


def _run(schedule: Schedule, at: datetime, state: SlotState) -> None:
    slot = ScheduleSlot(schedule=schedule, due_at=at, state=state)
    before = _still_running(schedule)
    if before is None:
        _start(slot)
        return
    waits = schedule.slots.filter(state=SlotState.WAITING).order_by("due_at").first()
    if schedule.overlap == OverlapPolicy.QUEUE and waits is None:
        slot.state = SlotState.WAITING
        slot.message = f"It waits until {before} has ended."
    else:
        slot.state = SlotState.OVERLAPPED
        also = f", and that of {waits.due_at:%H:%M} UTC waits already" if waits else ""
        slot.message = f"Left out, for {before} had not ended{also}."
    slot.save()


def _start_waiting(schedule: Schedule) -> None:
    slot = schedule.slots.filter(state=SlotState.WAITING).order_by("due_at").first()
    if slot is not None and _still_running(schedule) is None:
        slot.schedule = schedule
        slot.state = SlotState.STARTED
        _start(slot)


def _start(slot: ScheduleSlot) -> None:
    """Launch what is due, and write down with it what became of the slot."""
    slot.message, slot.conditions = "", []
    try:
        with transaction.atomic():
            _launch(slot)
    except OperationalError:
        # The database's own trouble passes; the next one to look tries again.
        raise
    except Exception:
        log.exception("slot not started", schedule=str(slot.schedule_id), due_at=slot.due_at)
        _refuse(
            slot,
            "It could not be started because of a fault in OpsManager or in the runbook. What "
            "went wrong stands in the workers' log. “Run now” shows whether it goes on.",
        )


def _launch(slot: ScheduleSlot) -> None:
    try:
        started = starting.start(
            slot.schedule, actor=_owner(slot.schedule), trigger=Trigger.SCHEDULED
        )
    except Problem as problem:
        # Nothing of the launch is left but the trail's word that it was refused.
        _refuse(slot, _said(slot.schedule, problem), problem.conditions)
        return
    _note(slot, started)
    _save(slot)


def _note(slot: ScheduleSlot, started: Started) -> None:
    if isinstance(started, Execution):
        slot.execution = started
        return
    if isinstance(started, WorkflowRun):
        slot.workflow_run = started
        return
    slot.batch = started
    if started.refusals and not started.executions.exists():
        first = started.refusals[0]
        slot.state = SlotState.REFUSED
        slot.message = f"It was refused on every server. On {first['server_name']}: " + str(
            first["message"]
        )


def _refuse(slot: ScheduleSlot, message: str, conditions: Iterable[object] = ()) -> None:
    slot.state, slot.message, slot.conditions = SlotState.REFUSED, message, list(conditions)
    slot.execution = slot.batch = slot.workflow_run = None
    _save(slot)


def _save(slot: ScheduleSlot) -> None:
    if slot.pk is not None:
        slot.handled_at = database_now()
    slot.save()
    if slot.state == SlotState.REFUSED:
        slot_news.tell_refused(slot)


def _owner(schedule: Schedule) -> User:
    if schedule.owner is None:
        raise Problem(
            "The user for whom it runs was removed. Let somebody who may run this there save the "
            "schedule: then it runs for them.",
            code="NO_OWNER",
        )
    return schedule.owner


def _said(schedule: Schedule, problem: Problem) -> str:
    if isinstance(problem, NotPermitted) and schedule.owner is not None:
        return (
            f"{schedule.owner.get_username()}, for whom it runs, may not run "
            f"{starting.named(schedule).title} any more. Let somebody who may save the schedule: "
            "then it runs for them."
        )
    return problem.shown


def _still_running(schedule: Schedule) -> str | None:
    """Say what the schedule started and has not ended, if anything."""
    rows = Execution.objects.filter(
        schedule_id=schedule.pk, status__in=[Status.PENDING, Status.RUNNING]
    ).select_related("server")
    live = rows.order_by("queued_at").first()
    if live is not None:
        return f"the execution of {live.queued_at:%Y-%m-%d %H:%M} UTC on {live.server.name}"
    runs = WorkflowRun.objects.filter(schedule_id=schedule.pk, status=Status.RUNNING)
    run = runs.order_by("started_at").first()
    return f"the run of {run.started_at:%Y-%m-%d %H:%M} UTC" if run else None
