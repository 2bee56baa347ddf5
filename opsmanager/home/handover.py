"""What one shift hands over to the next: what ran, what is still broken, what waits, what comes.

What ran is that of the shift's span; all else is as it is now. Each list holds what its reader may
see on the list's own page, and is ``None`` where the reader's role may not see that page.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import ApprovalState, Execution, ScheduleSlot, SlotState
from automation.selectors import approvals, executions, schedules
from automation.selectors.outcomes import COUNTS, Counts
from incidents.selectors import breakers, incidents
from opsmanager.accounts import permissions, roles
from opsmanager.home import asked, coming, items, now, unlucky
from opsmanager.home.health import Part
from opsmanager.home.places import Cooldown, Tended, cooldowns, maintenance
from opsmanager.home.shift import Shift

ROWS: Final = 50
_MOST_LOOKED_AT: Final = 200
"""Executions, so that one large batch does not hide the rest."""
_STILL_BROKEN: Final = timedelta(days=7)

Item = dict[str, Any]
"""As :mod:`opsmanager.home.items` has it."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The first of some items."""

    items: tuple[Item, ...]
    has_more: bool = False

    @property
    def count(self) -> str:
        """How many there are, as far as that is known."""
        return f"{len(self.items)}{'+' if self.has_more else ''}"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What ran in the shift, dry runs left out."""

    counts: Counts
    statuses: dict[str, int]
    verdicts: dict[str, int]
    failed: Listed
    """Those that did not help, also where something better was run since."""


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """What came in during the shift."""

    opened: int
    resolved: int


@dataclass(frozen=True, kw_only=True)
class Handover:
    """One shift, as it is handed over."""

    shift: Shift
    as_of: datetime
    ran: Ran
    alerts: Alerts | None
    open_incidents: Listed | None
    undecided: Listed
    still_broken: Listed
    breakers: Listed | None
    approvals: Listed | None
    in_progress: Listed
    cooldowns: tuple[Cooldown, ...]
    maintenance: tuple[Tended, ...]
    missed: Listed | None
    ahead: coming.Ahead | None
    health: tuple[Part, ...]

    @property
    def mended(self) -> Listed:
        """What did not help in the shift, and after which something better was run."""
        left = {
            item["url"] for listed in (self.still_broken, self.undecided) for item in listed.items
        }
        failed = self.ran.failed
        mended = tuple(item for item in failed.items if item["url"] not in left)
        return Listed(items=mended, has_more=failed.has_more)

    @property
    def unwell(self) -> tuple[Part, ...]:
        """The parts of OpsManager and its surroundings that are not well."""
        return tuple(part for part in self.health if not part.ok)

    @property
    def waiting_count(self) -> int:
        """How many things want somebody of the next shift, as far as they are listed."""
        lists = (
            self.open_incidents,
            self.undecided,
            self.still_broken,
            self.breakers,
            self.approvals,
            self.missed,
        )
        return sum(len(each.items) for each in lists if each) + len(self.unwell)


def of(user: permissions.Actor, shift: Shift) -> Handover:
    """Return the handover of a shift. Raises :class:`NotPermitted`."""
    permissions.require_view(user, roles.VIEW_EXECUTIONS)
    as_of = timezone.now()
    sees_incidents = permissions.may(user, roles.VIEW_INCIDENTS)
    sees_rules = permissions.may(user, roles.VIEW_RULES)
    sees_schedules = permissions.may(user, roles.VIEW_SCHEDULES)
    since = min(shift.start, as_of - _STILL_BROKEN)
    broken = _looked_at(unlucky.runs(user, since=since).exclude(status=Status.UNKNOWN))
    rollbacks = [items.of_rollback(row) for row in unlucky.rollbacks(user, since=since)[:ROWS]]
    unknown = executions.visible_to(user).filter(status=Status.UNKNOWN, is_dry_run=False)
    return Handover(
        shift=shift,
        as_of=as_of,
        ran=_ran(user, shift),
        alerts=_alerts(user, shift) if sees_incidents else None,
        open_incidents=_listed(map(items.of_incident, incidents.open_for(user)[: ROWS + 1]))
        if sees_incidents
        else None,
        undecided=_listed(items.of_executions(unknown[: ROWS + 1])),
        still_broken=_listed([*rollbacks, *items.of_executions(broken)]),
        breakers=_listed(map(items.of_breaker, breakers.open_for(user)[: ROWS + 1]))
        if sees_rules
        else None,
        approvals=_approvals(user),
        in_progress=_in_progress(user),
        cooldowns=cooldowns(user),
        maintenance=maintenance(user),
        missed=_missed(user, shift) if sees_schedules else None,
        ahead=coming.ahead(user, hours=shift.hours_ahead) if sees_schedules else None,
        health=tuple(now.well(user)),
    )


def _ran(user: permissions.Actor, shift: Shift) -> Ran:
    rows = executions.visible_to(user).filter(
        queued_at__gte=shift.start, queued_at__lt=shift.end, is_dry_run=False
    )
    statuses: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    kinds = rows.order_by().values_list("status", "verdict").annotate(total=Count("*"))
    for status, verdict, total in kinds:
        statuses[status] += total
        verdicts[verdict] += total
    return Ran(
        counts=Counts.of(rows.order_by().aggregate(**COUNTS)),
        statuses={status.value: statuses[status] for status in Status},
        verdicts={verdict.value: verdicts[verdict] for verdict in Verdict},
        failed=_listed(items.of_executions(_looked_at(rows.filter(unlucky.BAD)))),
    )


def _alerts(user: permissions.Actor, shift: Shift) -> Alerts:
    opened = Q(opened_at__gte=shift.start, opened_at__lt=shift.end)
    resolved = Q(resolved_at__gte=shift.start, resolved_at__lt=shift.end)
    found = (
        incidents.visible_to(user)
        .filter(opened | resolved)
        .order_by()
        .aggregate(opened=Count("pk", filter=opened), resolved=Count("pk", filter=resolved))
    )
    return Alerts(**found)


def _approvals(user: permissions.Actor) -> Listed | None:
    if not permissions.may(user, roles.VIEW_APPROVALS):
        return None
    visible = approvals.visible_to(user)
    pending = visible.filter(state=ApprovalState.PENDING)
    rows = [*pending[: ROWS + 1], *approvals.unreviewed(visible)[: ROWS + 1]]
    return _listed(map(asked.of_approval, rows))


def _in_progress(user: permissions.Actor) -> Listed:
    live = Q(lease_until__isnull=False) | Q(waiting_since__isnull=False)
    rows = executions.visible_to(user).filter(live)
    return _listed(map(items.of_execution, rows[: ROWS + 1]))


def _missed(user: permissions.Actor, shift: Shift) -> Listed:
    """Return the schedules of which the shift has missed or refused times, each once."""
    rows = (
        ScheduleSlot.objects.filter(
            schedule__in=schedules.visible_to(user).values("pk"),
            state__in=[SlotState.MISSED, SlotState.REFUSED],
            due_at__gte=shift.start,
            due_at__lt=shift.end,
        )
        .select_related("schedule")
        .order_by("-due_at", "schedule__name")
    )
    slots: dict[Any, list[ScheduleSlot]] = {}
    for slot in rows[:_MOST_LOOKED_AT]:
        slots.setdefault(slot.schedule_id, []).append(slot)
    return _listed(map(coming.of_schedule, slots.values()))


def _looked_at(rows: QuerySet[Execution]) -> QuerySet[Execution]:
    return rows.order_by("-queued_at", "-pk")[:_MOST_LOOKED_AT]


def _listed(found: Any) -> Listed:
    every = tuple(found)
    return Listed(items=every[:ROWS], has_more=len(every) > ROWS)
