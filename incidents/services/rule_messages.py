"""What the channels hear of rules: started, held back, stopped."""

from django.urls import reverse

from automation.models import CatalogEntry
from incidents.models import Incident, RemediationRule, RuleBreaker
from incidents.services import plans
from opsmanager.notifications import outbox
from opsmanager.notifications.message import Event, Message
from servers.models import Server
from servers.selectors import groups


def started(rule: RemediationRule, incident: Incident, server: Server, said: str) -> None:
    """Tell that a rule has started something, in the caller's transaction."""
    _tell(Event.REMEDIATION_STARTED, rule, incident, server, said, key="started")


def held(rule: RemediationRule, incident: Incident, server: Server | None, said: str) -> None:
    """Tell that a rule fits and is held back, in the caller's transaction."""
    _tell(Event.REMEDIATION_HELD, rule, incident, server, said, key="held")


def resolved(rule: RemediationRule, incident: Incident, said: str) -> None:
    """Tell that what a rule started fixed an incident, in the caller's transaction."""
    server = incident.server
    outbox.tell(
        Message(
            event=Event.INCIDENT_RESOLVED,
            severity=incident.severity,
            title=f"Resolved: {incident.title}",
            body=f"{said}\nServer: {server.name if server else 'not known'}",
            path=reverse("incidents:incident_detail", args=[incident.pk]),
            key=f"incident:{incident.pk}",
            runbook_id=_runbook_id(rule),
            group_ids=groups.keys_of(server),
        )
    )


def stopped(breaker: RuleBreaker, incident: Incident) -> None:
    """Tell that a rule was stopped for a server, in the caller's transaction."""
    rule, server = breaker.rule, breaker.server
    outbox.tell(
        Message(
            event=Event.BREAKER_OPENED,
            severity=incident.severity,
            title=f"The rule {rule.name} was stopped for {server.name}",
            body=f"{breaker.message}\nNothing more is started there until somebody re-arms it.\n"
            f"Last incident: {incident.title}",
            path=reverse("incidents:rule_detail", args=[rule.pk]),
            key=f"breaker:{breaker.pk}",
            runbook_id=_runbook_id(rule),
            group_ids=groups.keys_of(server),
        )
    )


def _tell(
    event: Event,
    rule: RemediationRule,
    incident: Incident,
    server: Server | None,
    said: str,
    *,
    key: str,
) -> None:
    outbox.tell(
        Message(
            event=event,
            severity=incident.severity,
            title=f"{incident.title}: {'held back' if key == 'held' else 'remediation started'}",
            body=f"Rule: {rule.name}\nServer: {server.name if server else 'not known'}\n{said}",
            path=reverse("incidents:incident_detail", args=[incident.pk]),
            key=f"{key}:{incident.pk}",
            runbook_id=_runbook_id(rule),
            group_ids=groups.keys_of(server),
        )
    )


def _runbook_id(rule: RemediationRule) -> str:
    action = plans.action_of(rule)
    return action.runbook_id if isinstance(action, CatalogEntry) else ""
