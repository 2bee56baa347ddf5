"""What a rule would run for an incident: the runbook, the server and the parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from automation.models import CatalogEntry, Trigger
from automation.services.executions import Launch
from incidents import parameters
from incidents.models import Incident, RemediationRule
from incidents.parameters import TemplateInvalid
from opsmanager.accounts.models import User
from servers.models import Server


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be run; where something is missing, a sentence says what."""

    runbook: CatalogEntry
    server: Server | None
    no_server: str = ""
    """Why there is no server."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """By names on the wire, not validated yet."""
    no_parameters: str = ""
    """Why they can't be filled in."""


def runbook_of(rule: RemediationRule) -> CatalogEntry:
    """Return the runbook that a rule starts, its own or that of its template."""
    if rule.template is not None:
        return rule.template.runbook
    if rule.runbook is None:
        raise ValueError("A rule has a runbook or a template.")
    return rule.runbook


def plan(rule: RemediationRule, incident: Incident) -> Plan:
    """Return what the rule would run for the incident."""
    known = names(incident, incident.server)
    try:
        server = _server(rule, incident, known)
        no_server = "" if server else _why_none(incident)
    except TemplateInvalid as problem:
        server, no_server = None, str(problem)
    try:
        given = _saved(rule) | parameters.filled(rule.parameters, names(incident, server))
        no_parameters = ""
    except TemplateInvalid as problem:
        given, no_parameters = {}, str(problem)
    return Plan(
        runbook=runbook_of(rule),
        server=server,
        no_server=no_server,
        parameters=given,
        no_parameters=no_parameters,
    )


def launch_for(
    rule: RemediationRule,
    incident: Incident,
    plan: Plan,
    server: Server,
    *,
    actor: User,
    by_hand: bool = False,
    idempotency_key: str | None = None,
) -> Launch:
    """Return what is launched: by the rule for its owner, or by a person who takes it up."""
    template = rule.template
    return Launch(
        actor=actor,
        runbook=plan.runbook,
        server=server,
        parameters=plan.parameters,
        is_confirmed=by_hand or rule.is_confirmed,
        incident_id=incident.pk,
        reason=f"For the incident: {incident.title}",
        trigger=Trigger.MANUAL if by_hand else Trigger.INCIDENT,
        trigger_name="" if by_hand else rule.name,
        template_id=template.pk if template else None,
        idempotency_key=idempotency_key,
        saved_secrets=template.secret_parameters if template else None,
    )


def names(incident: Incident, server: Server | None) -> dict[str, Any]:
    """Return what templates may name of an incident."""
    known: dict[str, Any] = {
        "labels": {name: str(value) for name, value in incident.labels.items()},
        "title": incident.title,
        "severity": incident.severity,
        "source": incident.source,
    }
    return known if server is None else {**known, "server": {"name": server.name}}


def _saved(rule: RemediationRule) -> dict[str, Any]:
    """Return the parameters of its template, as they are: a brace in them is a brace."""
    return dict(rule.template.parameters) if rule.template else {}


def _server(rule: RemediationRule, incident: Incident, known: Mapping[str, Any]) -> Server | None:
    if not rule.server_template:
        return incident.server
    name = parameters.text_of(rule.server_template, known).strip()
    called = Q(name__iexact=name) | Q(aliases__contains=[name.lower()])
    found = list(Server.objects.filter(called)[:2]) if name else []
    if len(found) != 1:
        many = "More than one server is" if found else "No server is"
        raise TemplateInvalid(f"{many} called “{name[:100]}”.")
    return found[0]


def _why_none(incident: Incident) -> str:
    said = incident.server_found_by
    return said or "The incident names no server that OpsManager knows."
