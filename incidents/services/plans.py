"""What a rule would run for an incident: the runbook or workflow, the server, the parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from automation import workflows
from automation.models import CatalogEntry, Workflow
from incidents import parameters
from incidents.models import DecisionOutcome, Incident, RemediationRule
from incidents.parameters import TemplateInvalid
from servers.models import Server


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be run; where something is missing, a sentence says what."""

    action: CatalogEntry | Workflow
    """What is started."""
    server: Server | None
    """Where; of a workflow, which says itself where it runs, what the incident is about."""
    no_server: str = ""
    """Why there is no server."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """By names on the wire, not validated yet."""
    no_parameters: str = ""
    """Why they can't be filled in."""

    @property
    def title(self) -> str:
        """What is started, within a sentence."""
        return title_of(self.action)

    @property
    def where(self) -> str:
        """What is started and where, within a sentence."""
        name = self.server.name if self.server else "no server"
        word = "for" if isinstance(self.action, Workflow) else "on"
        return f"{self.title} {word} {name}"


def title_of(action: CatalogEntry | Workflow) -> str:
    """Return what a rule starts, within a sentence."""
    return action.title if isinstance(action, CatalogEntry) else f"the workflow {action.name}"


def action_of(rule: RemediationRule) -> CatalogEntry | Workflow:
    """Return what a rule starts: its runbook, that of its template, or its workflow."""
    return rule.workflow or runbook_of(rule)


def runbook_of(rule: RemediationRule) -> CatalogEntry:
    """Return the runbook that a rule starts, its own or that of its template.

    Of one that starts a workflow there is none.
    """
    if rule.template is not None:
        return rule.template.runbook
    if rule.runbook is None:
        raise ValueError("A rule has a runbook, a template or a workflow.")
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
        if rule.workflow is not None:
            given = workflows.typed(workflows.parsed(rule.workflow.definition), given)
        no_parameters = ""
    except TemplateInvalid as problem:
        given, no_parameters = {}, str(problem)
    return Plan(
        action=action_of(rule),
        server=server,
        no_server=no_server,
        parameters=given,
        no_parameters=no_parameters,
    )


def decided(rule: RemediationRule, plan: Plan, outcome: DecisionOutcome) -> str:
    """Return the sentence of a rule that nothing holds back."""
    if outcome == DecisionOutcome.STARTED:
        return f"The rule {rule.name} fits: it starts {plan.where}."
    if outcome == DecisionOutcome.SUGGESTED:
        return f"The rule {rule.name} fits: it suggests {plan.where}."
    return f"The rule {rule.name} fits: it would have started {plan.where}."


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
