"""Which runbooks may help with an incident: to look closer, or to fix it.

A runbook is suggested to fix when the incident's labels fill all it must be given, and a runbook
that only reads is suggested to diagnose. Those that FIXED incidents like this one most often of the
times that they were tried come first.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from automation.engine import params
from automation.engine.descriptions import describe
from automation.engine.errors import ParametersInvalid
from automation.engine.runbook import Runbook
from automation.models import CatalogEntry
from automation.selectors import runbooks
from incidents.models import Incident
from incidents.selectors import alike
from opsmanager.accounts import permissions


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A runbook that may help, with the parameters that the incident's labels give."""

    runbook_id: str
    title: str
    summary: str
    parameters: dict[str, Any]
    """By names on the wire, valid."""
    changes: bool
    fixed_count: int
    """How often it FIXED incidents like this one, of how often it was tried for them."""
    tried_count: int
    tried_for: str
    """What they have in common, such as "this alert"; empty where it was never tried."""
    url: str
    """The runbook's page with everything filled in."""
    why: str


def suggestions(user: permissions.Actor, incident: Incident) -> list[Suggestion]:
    """Return what may help on the incident's server, what is most likely to first."""
    server = incident.server
    if server is None:
        return []
    rows = runbooks.visible_to(user).filter(is_active=True, platforms__contains=[server.platform])
    known = alike.records(incident)
    found = []
    for entry in rows:
        record = known.get(entry.pk, alike.Record())
        suggestion = _suggested(incident, entry, record)
        if suggestion:
            found.append((-record.rank, record.likeness, suggestion.title, suggestion))
    return [each[-1] for each in sorted(found, key=lambda each: each[:-1])]


def _suggested(incident: Incident, entry: CatalogEntry, record: alike.Record) -> Suggestion | None:
    kind = runbooks.code_of(entry)
    values, used = _from_labels(kind, incident.labels)
    if kind.changes and not used:
        return None  # nothing in the incident speaks for it
    try:
        parameters = params.dump(params.parse(kind, values))
    except ParametersInvalid:
        return None
    query = {**values, "server": incident.server_id, "incident": incident.pk}
    page = reverse("automation:runbook_detail", args=[entry.runbook_id])
    said = ", ".join(f"{name} = {incident.labels[name]}" for name in used)
    return Suggestion(
        runbook_id=entry.runbook_id,
        title=entry.title,
        summary=entry.summary,
        parameters=parameters,
        changes=kind.changes,
        fixed_count=record.fixed,
        tried_count=record.tried,
        tried_for=record.of,
        url=f"{page}?{urlencode(query, doseq=True)}",
        why=f"The alert says {said}." if said else "It only reads, so it can do no harm.",
    )


def _from_labels(kind: type[Runbook], labels: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the parameters that the labels give, and the labels that gave them."""
    values: dict[str, Any] = {}
    used = []
    for parameter in describe(kind):
        label = next((name for name in parameter.labels if labels.get(name)), None)
        if label is None:
            continue
        is_list = parameter.json_schema.get("type") == "array"
        values[parameter.name] = [labels[label]] if is_list else labels[label]
        used.append(label)
    return values, used
