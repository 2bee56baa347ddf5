"""Telling people of incidents that alerts opened and resolved."""

from django.urls import reverse

from incidents.models import Incident, Severity
from opsmanager.notifications import outbox
from opsmanager.notifications.message import Event, Message
from servers.selectors import groups


def opened(incident: Incident, by: str, *, again: bool = False) -> None:
    """Tell that it was opened, in the caller's transaction."""
    where = f" on {incident.server.name}" if incident.server else ""
    said = f"\n\n{incident.description}" if incident.description else ""
    word = "opened it again" if again else "opened it"
    maintenance = "\nIts server is in maintenance." if incident.in_maintenance else ""
    _tell(
        incident,
        Event.INCIDENT_OPENED,
        title=f"{Severity(incident.severity).label}: {incident.title}",
        body=f"{by} {word}{where}.{maintenance}{said}",
    )


def resolved(incident: Incident, why: str) -> None:
    """Tell that it is over, in the caller's transaction."""
    _tell(incident, Event.INCIDENT_RESOLVED, title=f"Resolved: {incident.title}", body=why)


def _tell(incident: Incident, event: Event, *, title: str, body: str) -> None:
    outbox.tell(
        Message(
            event=event,
            severity=incident.severity,
            title=title[:300],
            body=body,
            path=reverse("incidents:incident_detail", args=[incident.pk]),
            key=f"{event}:{incident.fingerprint}"[:200],
            group_ids=groups.keys_of(incident.server),
        )
    )
