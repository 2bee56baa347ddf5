"""Makes incidents."""

from itertools import count
from typing import Any

from incidents.models import Incident
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
