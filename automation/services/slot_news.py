"""Who hears of a slot that was missed or refused: the trail, and the channels."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import OperationalError, transaction

from automation.models import Schedule, ScheduleSlot
from automation.services import starting
from opsmanager.audit import trail
from opsmanager.notifications import outbox
from opsmanager.notifications.message import Event, Message

log = structlog.get_logger(__name__)


def tell_missed(
    schedule: Schedule,
    missed: Sequence[datetime],
    *,
    left_out: int,
    why: str,
    instead: datetime | None,
) -> None:
    """Tell that these times were not run, and why; in the caller's transaction."""
    count = len(missed) + left_out
    first, last = missed[0], missed[-1]
    span = f"at {first:%Y-%m-%d %H:%M} UTC"
    if count > 1:
        span = f"{count:,} times until {last:%Y-%m-%d %H:%M} UTC"
    ran = (
        f"The time of {instead:%H:%M} UTC is run in place of all that were missed."
        if instead
        else "What was missed is left out."
    )
    trail.record(
        "AUTOMATION_SCHEDULE_MISSED",
        actor=f"schedule:{schedule.name}",
        target=schedule,
        outcome="FAILED",
        message=f"It was not run {span}.",
        count=count,
        first=first.isoformat(),
        last=last.isoformat(),
    )
    _tell(
        schedule,
        Event.SCHEDULE_MISSED,
        title=f"{schedule.name} was not run {span}",
        body=f"{why} {ran} See whether they run now.",
    )


def tell_refused(slot: ScheduleSlot) -> None:
    """Tell that a time was due and nothing was started; in the caller's transaction."""
    schedule = slot.schedule
    trail.record(
        "AUTOMATION_SCHEDULE_REFUSED",
        actor=f"schedule:{schedule.name}",
        target=schedule,
        outcome="REFUSED",
        message=slot.message,
        dueAt=slot.due_at.isoformat(),
    )
    _tell(
        schedule,
        Event.SCHEDULE_REFUSED,
        title=f"{schedule.name} was refused at {slot.due_at:%Y-%m-%d %H:%M} UTC",
        body=slot.message,
    )


def _tell(schedule: Schedule, event: Event, *, title: str, body: str) -> None:
    try:
        with transaction.atomic():
            what = starting.named(schedule)
            outbox.tell(
                Message(
                    event=event,
                    severity="MEDIUM",
                    title=title,
                    body=body,
                    path=f"/schedules/{schedule.pk}/",
                    key=f"schedule:{schedule.pk}:{event}",
                    runbook_id=what.runbook_id,
                    group_ids=what.group_ids,
                )
            )
    except OperationalError:
        raise
    except Exception:
        # Whoever should have heard of it can still read it; the schedule must go on.
        log.exception("nobody told", schedule=str(schedule.pk), happened=str(event))
