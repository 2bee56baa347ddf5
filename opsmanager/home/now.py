"""What the home page says: what needs me, what happens, what is held, is all well."""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import Execution, ScheduleSlot
from automation.selectors import executions, records, waiting
from automation.selectors.outcomes import COUNTS, Counts
from incidents.models import Incident, RuleBreaker
from incidents.selectors import breakers, incidents
from opsmanager.accounts import permissions, roles
from opsmanager.audit.models import AuditEvent
from opsmanager.home import asked, coming, health
from opsmanager.home.health import Part
from opsmanager.notifications import selectors as notifications
from servers.models import Server
from servers.selectors import servers

_ROWS = 20
_MOST_UNLUCKY = 200
"""Looked at, so that one large batch does not hide the rest."""
_NAMES = 8
_SHOWN_SECONDS = 30
"""After so long the page is made anew, whatever happened: what it shows grows old."""
_RECENTLY = timedelta(hours=24)


def context(user: permissions.Actor) -> dict[str, Any]:
    """Return all that the home page shows to this user."""
    visible = executions.visible_to(user)
    day = visible.filter(queued_at__gte=timezone.now() - _RECENTLY, is_dry_run=False)
    held = visible.filter(waiting_since__isnull=False).order_by("priority", "waiting_since")[:_ROWS]
    return {
        "needs_you": [
            *(_of_incident(row) for row in incidents.without_a_fix(user)[:_ROWS]),
            *asked.of_me(user),
            *(_of_breaker(row) for row in breakers.open_for(user)[:_ROWS]),
            *_of_executions(_unlucky(user)[:_MOST_UNLUCKY])[:_ROWS],
            *(_of_rollback(row) for row in _not_rolled_back(user)[:_ROWS]),
            *coming.not_run(user),
        ],
        "ahead": coming.ahead(user) if permissions.may(user, roles.VIEW_SCHEDULES) else None,
        "happening": records.with_usual(visible.filter(lease_until__isnull=False)[:_ROWS]),
        "held": waiting.with_waiting([*asked.held(user), *held]),
        "health": [*health.parts(), *_unreachable(user), *_untold(user)],
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


def _unlucky(user: permissions.Actor) -> QuerySet[Execution]:
    """Return recent runs that did not help and after which nothing better was run.

    What nobody knows the end of stays, however old it is.
    """
    bad = Q(status__in=[Status.FAILED, Status.TIMEOUT, Status.UNKNOWN]) | Q(
        verdict__in=[Verdict.NOT_FIXED, Verdict.MADE_WORSE]
    )
    is_due = Q(finished_at__gte=timezone.now() - _RECENTLY) | Q(status=Status.UNKNOWN)
    rows = executions.visible_to(user).filter(bad, is_due, is_dry_run=False)
    better = Execution.objects.filter(status=Status.SUCCESS, is_dry_run=False).exclude(
        verdict__in=[Verdict.NOT_FIXED, Verdict.MADE_WORSE]
    )
    return executions.without_later(rows, better)


def _not_rolled_back(user: permissions.Actor) -> QuerySet[Execution]:
    """Return the executions whose rollback was asked for lately and did not succeed."""
    return executions.visible_to(user).filter(
        rollback_status__in=[Status.FAILED, Status.UNKNOWN],
        rollback_at__gte=timezone.now() - _RECENTLY,
    )


def _of_incident(incident: Incident) -> dict[str, Any]:
    return {
        "kind": "incident",
        "title": incident.title,
        "url": reverse("incidents:incident_detail", args=[incident.pk]),
        "when": incident.opened_at,
        "server": incident.server,
        "detail": incident.description,
        "badge": incident.severity,
        "status": incident.status,
        "incident": incident,
    }


def _of_breaker(breaker: RuleBreaker) -> dict[str, Any]:
    rule = reverse("incidents:rule_detail", args=[breaker.rule_id])
    return {
        "kind": "breaker",
        "title": f"Rule stopped: {breaker.rule.name}",
        "url": f"{rule}#breakers",
        "when": breaker.opened_at,
        "server": breaker.server,
        "detail": breaker.message,
        "badge": "STOPPED",
        "status": "STOPPED",
    }


def _of_executions(rows: Iterable[Execution]) -> list[dict[str, Any]]:
    """Return what needs somebody: those of one batch together, what wants a decision by itself."""
    groups: dict[UUID, list[Execution]] = {}
    for row in rows:
        together = None if row.is_unknown else row.batch_id
        groups.setdefault(together or row.pk, []).append(row)
    return [
        _of_execution(group[0]) if len(group) == 1 else _of_batch(group)
        for group in groups.values()
    ]


def _of_batch(unlucky: list[Execution]) -> dict[str, Any]:
    first = unlucky[0]
    names = sorted(execution.server.name for execution in unlucky)
    listed = ", ".join(names[:_NAMES]) + (", …" if len(names) > _NAMES else ".")
    return {
        "kind": "batch",
        "title": f"{first.runbook.title}, a batch",
        "url": reverse("automation:batch_detail", args=[first.batch_id]),
        "when": max(
            (row.finished_at for row in unlucky if row.finished_at), default=first.queued_at
        ),
        "server": None,
        "detail": f"It did not help on {len(unlucky)} servers: {listed}",
        "badge": first.verdict or first.status,
        "status": first.status,
    }


def _of_execution(execution: Execution) -> dict[str, Any]:
    monitor = reverse("automation:execution_detail", args=[execution.pk])
    return {
        "kind": "execution",
        "title": execution.runbook.title,
        "url": f"{monitor}#decision" if execution.is_unknown else monitor,
        "when": execution.finished_at,
        "server": execution.server,
        "detail": execution.error_message or execution.result_summary,
        "badge": execution.verdict or execution.status,
        "status": execution.status,
    }


def _of_rollback(execution: Execution) -> dict[str, Any]:
    return {
        "kind": "rollback",
        "title": f"Rollback: {execution.runbook.title}",
        "url": reverse("automation:execution_detail", args=[execution.pk]),
        "when": execution.rollback_at,
        "server": execution.server,
        "detail": execution.rollback_message,
        "badge": execution.rollback_status,
        "status": execution.rollback_status,
    }


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
