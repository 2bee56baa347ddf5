"""What rules decided, and what came of it."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from automation.engine.results import Status
from automation.models import Execution, WorkflowRun
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
    shown = rows.select_related("incident", "server", "execution__runbook", "workflow_run")
    return shown.order_by("-at", "-pk")


def of_incident(user: permissions.Actor, incident: Incident) -> QuerySet[RuleDecision]:
    """Return what rules decided about the incident, for who may see rules; newest first."""
    rows = incident.decisions.select_related("rule", "server", "execution").order_by("-at", "-pk")
    return rows if permissions.may(user, roles.VIEW_RULES) else rows.none()


def since_last_run(rule: RemediationRule, incident: Incident) -> list[RuleDecision]:
    """Return what the rule decided about the incident since it ran for it; newest first."""
    rows = RuleDecision.objects.filter(rule=rule, incident=incident).order_by("-at", "-pk")
    found = []
    for row in rows[:_MOST]:
        if row.has_begun or row.ended_at is not None:
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


def running_for(incident: Incident) -> str:
    """Return the name of what runs or waits for the incident now, dry runs apart; empty for none.

    Of what a workflow runs that of the workflow, which has not ended between two of its nodes.
    """
    run = WorkflowRun.objects.filter(incident_id=incident.pk, is_dry_run=False, status__in=LIVE)
    name = run.order_by("started_at").values_list("name", flat=True).first()
    if name:
        return f"The workflow {name}"
    rows = Execution.objects.filter(incident_id=incident.pk, is_dry_run=False, status__in=LIVE)
    return rows.order_by("queued_at").values_list("runbook__title", flat=True).first() or ""


def started_since(
    rule: RemediationRule, outcome: DecisionOutcome, span: timedelta
) -> list[datetime]:
    """Return when the rule started something, or would have, within the span; oldest first."""
    rows = RuleDecision.objects.filter(rule=rule, outcome=outcome, at__gt=Now() - span)
    return list(rows.order_by("at").values_list("at", flat=True))


def live_servers(rule: RemediationRule) -> list[Server]:
    """Return where something of the rule runs or waits now, a server as often as it does."""
    is_live = Q(execution__status__in=LIVE) | Q(workflow_run__status__in=LIVE)
    rows = RuleDecision.objects.filter(is_live, rule=rule, outcome=DecisionOutcome.STARTED)
    found = (
        row.execution.server if row.execution else row.server
        for row in rows.select_related("server", "execution__server")
    )
    return [server for server in found if server]


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
