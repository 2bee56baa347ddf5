"""A rule as an incident suggests it: what fitted and fixed this one, for those that are like it."""

from collections.abc import Mapping
from typing import Any

from automation.models import CatalogEntry
from automation.selectors import runbooks
from incidents.models import Incident, RemediationRule
from incidents.selectors import incidents
from incidents.selectors.suggestions import suggestions
from opsmanager.accounts import permissions
from opsmanager.common.problems import NotFound


def of_incident(user: permissions.Actor, incident: Incident) -> RemediationRule:
    """Return a rule, not saved, for incidents like this one.

    With the runbook that fixed it, else the one that fixed such incidents most often.
    """
    runbook, given = _action(user, incident)
    labels = {name: str(value) for name, value in incident.labels.items()}
    parameters, used = _from_labels(given, labels)
    server = incident.server
    groups = list(server.groups.all()[:2]) if server else []
    own = {name for name, value in labels.items() if server and _names(value, server.name)}
    asked = {name: "*" if name in used else value for name, value in labels.items()}
    return RemediationRule(
        name=f"{runbook.title if runbook else 'Remedy'}: {incident.title}"[:100],
        sources=[incident.source],
        labels={name: value for name, value in asked.items() if name not in own},
        title="" if labels.keys() - own else incident.title,
        server_group=groups[0] if len(groups) == 1 else None,
        runbook=runbook,
        parameters=parameters,
    )


def _action(
    user: permissions.Actor, incident: Incident
) -> tuple[CatalogEntry | None, Mapping[str, Any]]:
    fixed_by = incidents.fixed_by(incident)
    if fixed_by is not None:
        return fixed_by.runbook, fixed_by.parameters
    chosen = next((each for each in suggestions(user, incident) if each.changes), None)
    if chosen is None:
        return None, {}
    try:
        return runbooks.get(user, chosen.runbook_id), chosen.parameters
    except NotFound:
        return None, {}


def _from_labels(
    given: Mapping[str, Any], labels: Mapping[str, str]
) -> tuple[dict[str, Any], set[str]]:
    """Return the parameters, those that a label says as a template, and the labels used."""
    by_value = {value: name for name, value in reversed(list(labels.items())) if value}
    parameters, used = {}, set()
    for name, value in given.items():
        label = by_value.get(value) if isinstance(value, str) else None
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            label = by_value.get(value[0])
        if label is None:
            parameters[name] = value
            continue
        used.add(label)
        text = f"{{{{ labels.{label} }}}}" if label.isidentifier() else _quoted(label)
        parameters[name] = [text] if isinstance(value, list) else text
    return parameters, used


def _quoted(label: str) -> str:
    return "{{ labels[" + repr(label) + "] }}"


def _names(value: str, server: str) -> bool:
    """Return whether a label says which server it is, with or without port and domain."""
    host = value.rpartition("//")[2].partition("/")[0].partition(":")[0]
    return server.lower() in (host.lower(), host.partition(".")[0].lower())
