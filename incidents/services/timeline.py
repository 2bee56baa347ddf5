"""Lines of the timeline that alerts write: few, however often the same is said."""

from typing import Final

from django.db.models.functions import Now

from incidents.models import Incident
from incidents.services import incidents
from incidents.sources.alert import worse

STILL: Final = "STILL_FIRES"
"""Of what fires on, although somebody here said that it is over."""


def fold(incident: Incident, kind: str, text: str) -> None:
    """Write a line, in place of the last one where that is of the same kind."""
    last = incident.timeline.order_by("-at", "-pk").first()
    if last is not None and last.kind == kind:
        incident.timeline.filter(pk=last.pk).update(text=text, at=Now())
    else:
        incidents.write(incident, kind, text)


def raise_severity(incident: Incident, severity: str) -> None:
    """Let the severity rise to this one, never fall, and write it down."""
    if worse(severity, incident.severity) == incident.severity:
        return
    Incident.objects.filter(pk=incident.pk).update(severity=severity)
    incidents.write(incident, "NOTE", f"It got worse: {incident.severity} became {severity}.")
    incident.severity = severity
