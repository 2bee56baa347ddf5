"""What the home page says of schedules: what is coming up, and what did not run at its time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef
from django.urls import reverse

from automation.models import Schedule, ScheduleSlot, SlotState
from automation.selectors import schedules
from opsmanager.accounts import permissions

_ROWS: Final = 12
_MOST_UNLUCKY: Final = 200
_HOURS: Final = 24


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A schedule that runs within the next hours."""

    schedule: Schedule
    at: datetime
    local: datetime
    """The same, as the clocks of its zone show it."""
    more: int
    """How often it runs after that within these hours."""


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What runs by itself within the next hours, soonest first."""

    rows: tuple[Coming, ...]
    left_out: int
    """How many schedules more there are than are shown."""

    @property
    def count(self) -> int:
        """How many schedules run."""
        return len(self.rows) + self.left_out


def ahead(user: permissions.Actor, *, hours: int = _HOURS) -> Ahead:
    """Return what runs within the next hours; a schedule once, however often it runs."""
    found = schedules.upcoming(user, hours=hours)
    rows = tuple(
        Coming(
            schedule=each.schedule,
            at=each.at,
            local=each.at.astimezone(ZoneInfo(each.schedule.timezone)),
            more=each.more,
        )
        for each in found[:_ROWS]
    )
    return Ahead(rows=rows, left_out=len(found) - len(rows))


def not_run(user: permissions.Actor) -> list[dict[str, Any]]:
    """Return the schedules that were missed or refused lately and have not run since."""
    later = ScheduleSlot.objects.filter(
        schedule=OuterRef("schedule"),
        due_at__gt=OuterRef("due_at"),
        state__in=[SlotState.STARTED, SlotState.LATE],
    )
    slots: dict[Any, list[ScheduleSlot]] = {}
    for slot in schedules.missed_lately(user).filter(~Exists(later))[:_MOST_UNLUCKY]:
        slots.setdefault(slot.schedule_id, []).append(slot)
    return [of_schedule(unlucky) for unlucky in list(slots.values())[:_ROWS]]


def of_schedule(unlucky: list[ScheduleSlot]) -> dict[str, Any]:
    """Return a schedule as an item, with those of its times that were not kept, newest first."""
    newest = unlucky[0]
    times = f"{len(unlucky)} times. " if len(unlucky) > 1 else ""
    return {
        "kind": "schedule",
        "title": f"Schedule: {newest.schedule.name}",
        "url": reverse("automation:schedule_detail", args=[newest.schedule_id]),
        "when": newest.due_at,
        "server": None,
        "detail": f"{times}{newest.message or newest.get_state_display()}",
        "badge": newest.state,
        "status": newest.state,
    }
