"""What the home page says: what needs me, what happens, what is held, is all well."""

import time
from datetime import timedelta
from typing import Any
from zlib import crc32

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Subquery, Sum, Value
from django.db.models.functions import JSONObject
from django.utils import timezone

from automation.models import Execution, ScheduleSlot
from automation.selectors import executions, records, waiting
from automation.selectors.outcomes import COUNTS, Counts
from incidents.selectors import breakers, incidents
from opsmanager.accounts import permissions, roles
from opsmanager.audit.models import AuditEvent
from opsmanager.home import asked, coming, health, items, unlucky
from opsmanager.home.health import Part
from opsmanager.notifications import selectors as notifications
from servers.models import Server
from servers.selectors import servers

_ROWS = 20
_MOST_UNLUCKY = 200
"""Looked at, so that one large batch does not hide the rest."""
_SHOWN_SECONDS = 30
"""After so long the page is made anew, whatever happened: what it shows grows old."""
_RECENTLY = timedelta(hours=24)


def context(user: permissions.Actor) -> dict[str, Any]:
    """Return all that the home page shows to this user."""
    visible = executions.visible_to(user)
    day_ago = timezone.now() - _RECENTLY
    day = visible.filter(queued_at__gte=day_ago, is_dry_run=False)
    held = visible.filter(waiting_since__isnull=False).order_by("priority", "waiting_since")[:_ROWS]
    return {
        "needs_you": [
            *(items.of_incident(row) for row in incidents.without_a_fix(user)[:_ROWS]),
            *asked.of_me(user),
            *(items.of_breaker(row) for row in breakers.open_for(user)[:_ROWS]),
            *items.of_executions(unlucky.runs(user, since=day_ago)[:_MOST_UNLUCKY])[:_ROWS],
            *(items.of_rollback(row) for row in unlucky.rollbacks(user, since=day_ago)[:_ROWS]),
            *coming.not_run(user),
        ],
        "ahead": coming.ahead(user) if permissions.may(user, roles.VIEW_SCHEDULES) else None,
        "happening": records.with_usual(visible.filter(lease_until__isnull=False)[:_ROWS]),
        "held": waiting.with_waiting([*asked.held(user), *held]),
        "health": well(user),
        "counts": Counts.of(day.aggregate(**COUNTS)),
    }


def news_along() -> JSONObject:
    """Return a subquery that finds what changes with all that the home page shows.

    Each change of state is an event of the audit trail; beside it stand what is no such change: how
    far runs are, what became of a schedule's times, which servers and processes answer, and, twice
    a minute, the time itself.
    """
    live = Execution.objects.filter(lease_until__isnull=False).order_by().annotate(all=Value(1))
    moved = live.values("all").annotate(moved=Sum("revision"), count=Count("pk"))
    unreachable = Server.objects.filter(reachable=False, is_active=True).order_by()
    return JSONObject(
        event=Subquery(AuditEvent.objects.order_by("-seq").values("seq")[:1]),
        moved=Subquery(moved.values("moved")),
        live=Subquery(moved.values("count")),
        slot=Subquery(ScheduleSlot.objects.order_by("-pk").values("pk")[:1]),
        unreachable=ArraySubquery(unreachable.order_by("pk").values("pk")),
        untold=ArraySubquery(notifications.failing().order_by("pk").values("pk")),
        answering=ArraySubquery(health.living().order_by("pk").values("pk")),
    )


def seen(found: Any) -> str:
    """Return what tells whether a page shows what is so now, from what the query has found."""
    span = int(time.time() // _SHOWN_SECONDS)
    return f"{crc32(repr(sorted(found.items())).encode()):x}.{span}" if found else ""


def well(user: permissions.Actor) -> list[Part]:
    """Return OpsManager's own parts, the servers and the channels, each with whether it is well."""
    return [*health.parts(), *_unreachable(user), *_untold(user)]


def _unreachable(user: permissions.Actor) -> list[Part]:
    rows = servers.visible_to(user).filter(is_active=True, reachable=False)
    names = list(rows.values_list("name", flat=True)[:5])
    if names:
        return [Part(name="servers", ok=False, detail=f"Not reachable: {', '.join(names)}.")]
    if servers.visible_to(user).filter(is_active=True, reachable=True).exists():
        return [Part(name="servers", ok=True, detail="All that were checked answer.")]
    return [Part(name="servers", ok=True, detail="None was checked yet.")]


def _untold(user: permissions.Actor) -> list[Part]:
    """Return that channels did not take what was last sent; by name for who may see them."""
    names = list(notifications.failing().values_list("name", flat=True)[:5])
    if not names:
        return []
    said = (
        f"Not taken by {', '.join(names)}. Look at what was sent there."
        if permissions.may(user, roles.VIEW_CHANNELS)
        else "Not all channels take what is sent. An administrator sees which."
    )
    return [Part(name="notifications", ok=False, detail=said)]
