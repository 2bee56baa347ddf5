"""The tables of incidents."""

from incidents.models.incident import UNRESOLVED, Incident, IncidentStatus, Severity
from incidents.models.rule import (
    DecisionOutcome,
    RemediationRule,
    RuleBreaker,
    RuleDecision,
    RuleMode,
)
from incidents.models.source import Delivery, SeenDelivery, Source
from incidents.models.timeline import TimelineEntry

__all__ = [
    "UNRESOLVED",
    "DecisionOutcome",
    "Delivery",
    "Incident",
    "IncidentStatus",
    "RemediationRule",
    "RuleBreaker",
    "RuleDecision",
    "RuleMode",
    "SeenDelivery",
    "Severity",
    "Source",
    "TimelineEntry",
]
