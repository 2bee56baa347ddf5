"""What rules decided, and what came of it."""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from automation.engine.results import Status
from automation.models import Execution
from incidents.models import DecisionOutcome, Incident, RemediationRule, RuleBreaker, RuleDecision
from incidents.selectors import incidents
from opsmanager.accounts import permissions, roles
from servers.models import Server

LIVE = (Status.PENDING, Status.RUNNING)
"""Statuses in which something still happens."""
_MOST = 50


def of_rule(user: permissions.Actor, rule: RemediationRule) -> QuerySet[RuleDecision]:
    """Return what the rule decided about incidents that the user may see, newest first."""
    rows = rule.decisions.filter(incident__in=incidents.visible_to(user).order_by().values("pk"))
    return rows.select_related("incident", "server", "execution__runbook").order_by("-at", "-pk")


def of_incident(user: permissions.Actor, incident: Incident) -> QuerySet[RuleDecision]:
    """Return what rules decided about the incident, for who may see rules; newest first."""
    rows = incident.decisions.select_related("rule", "server", "execution").order_by("-at", "-pk")
    return rows if permissions.may(user, roles.VIEW_RULES) else rows.none()


def since_last_run(rule: RemediationRule, incident: Incident) -> list[RuleDecision]:
    """Return what the rule decided about the incident since it ran for it; newest first."""
    rows = RuleDecision.objects.filter(rule=rule, incident=incident).order_by("-at", "-pk")
    found = []
    for row in rows[:_MOST]:
        if row.execution_id is not None or row.ended_at is not None:
            break
        found.append(row)
    return found


def was_shown(rule: RemediationRule, incident: Incident) -> bool:
    """Return whether the rule said what it would have started since the incident was opened."""
    rows = RuleDecision.objects.filter(rule=rule, incident=incident, outcome=DecisionOutcome.SHADOW)
    reopened = incident.timeline.filter(kind="REOPENED").order_by("-at").first()
    return (rows.filter(at__gte=reopened.at) if reopened else rows).exists()


def last_run(rule: RemediationRule, incident: Incident) -> RuleDecision | None:
    """Return what the rule started for the incident last, if that has ended."""
    rows = RuleDecision.objects.filter(rule=rule, incident=incident, ended_at__isnull=False)
    return rows.order_by("-ended_at").first()


def running_for(incident: Incident) -> Execution | None:
    """Return what runs or waits for the incident now, dry runs apart."""
    rows = Execution.objects.filter(
        incident_id=incident.pk, is_dry_run=False, status__in=LIVE
    ).select_related("runbook")
    return rows.order_by("queued_at").first()


def started_since(
    rule: RemediationRule, outcome: DecisionOutcome, span: timedelta
) -> list[datetime]:
    """Return when the rule started something, or would have, within the span; oldest first."""
    rows = RuleDecision.objects.filter(rule=rule, outcome=outcome, at__gt=Now() - span)
    return list(rows.order_by("at").values_list("at", flat=True))


def live_servers(rule: RemediationRule) -> list[Server]:
    """Return where something of the rule runs or waits now, a server as often as it does."""
    rows = RuleDecision.objects.filter(
        rule=rule, outcome=DecisionOutcome.STARTED, execution__status__in=LIVE
    ).select_related("execution__server")
    return [row.execution.server for row in rows if row.execution]


def last_verdicts(rule: RemediationRule, server: Server, count: int) -> list[bool]:
    """Return whether the last runs on the server fixed, newest first, since it was re-armed."""
    rearmed = (
        RuleBreaker.objects.filter(rule=rule, server=server, rearmed_at__isnull=False)
        .order_by("-rearmed_at")
        .values_list("rearmed_at", flat=True)
        .first()
    )
    rows = RuleDecision.objects.filter(
        rule=rule,
        server=server,
        outcome=DecisionOutcome.STARTED,
        did_fix__isnull=False,
        ended_at__isnull=False,
    )
    if rearmed is not None:
        # What was started before it was re-armed speaks of what was before.
        rows = rows.filter(at__gt=rearmed)
    return [bool(row.did_fix) for row in rows.order_by("-ended_at")[:count]]
