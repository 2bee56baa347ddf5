"""The tables of incidents."""

from incidents.models.incident import Incident, IncidentStatus, Severity
from incidents.models.timeline import TimelineEntry

__all__ = ["Incident", "IncidentStatus", "Severity", "TimelineEntry"]
