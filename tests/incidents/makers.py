"""Makes incidents."""

from itertools import count
from typing import Any

from incidents.models import Incident, RemediationRule
from incidents.services import incidents
from servers.models import Environment
from tests.automation import makers

_numbers = count(1)


def incident(**fields: Any) -> Incident:
    """Open an incident, as an alert would."""
    values = {
        "title": "nginx is down",
        "severity": "HIGH",
        "source": "prometheus",
        "fingerprint": f"alert-{next(_numbers)}",
        "labels": {"path": "/tmp/x", "job": "web"},
        **fields,
    }
    if "server" not in values:
        values["server"] = makers.server(environment=Environment.STAGING)
    status = values.pop("status", None)
    made = incidents.open_incident(**values)
    if status:
        made.status = status
        made.save()
    return made


def rule(mode: str = "AUTOMATIC", **fields: Any) -> RemediationRule:
    """Make a rule that mends the file a label names, as its owner switched it on."""
    values = {
        "name": f"rule {next(_numbers)}",
        "parameters": {"path": "{{ labels.path }}"},
        "labels": {"job": "web"},
        "mode": mode,
        **fields,
    }
    if not values.keys() & {"runbook", "template", "workflow"}:
        values["runbook"] = makers.entry("SAMPLE_MENDING")
    if "owner" not in values:
        values["owner"] = makers.somebody()
    return RemediationRule.objects.create(**values)
