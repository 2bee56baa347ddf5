"""Incidents of PagerDuty: its webhooks, version 3.

https://developer.pagerduty.com/docs/webhooks-overview. One event a delivery. What an event says
stands in its type; that of the incident's later state would say too much where events overtake.
"""

from collections.abc import Mapping
from typing import Any, Final

from incidents.sources import reading
from incidents.sources.alert import (
    CRITICAL,
    HIGH,
    LONGEST_TITLE,
    LOW,
    Alert,
    fingerprint_of,
    severity_of,
    url_of,
)
from incidents.sources.reading import Malformed

_TRIGGERED, _REOPENED = "incident.triggered", "incident.reopened"
_ACKNOWLEDGED, _RESOLVED = "incident.acknowledged", "incident.resolved"
TOLD: Final = (_TRIGGERED, _REOPENED, _ACKNOWLEDGED, "incident.unacknowledged", _RESOLVED)
"""The events that say something of an incident's state."""
_URGENCIES: Final = {"high": HIGH, "low": LOW}


def alerts_of(payload: Any, _mapping: Mapping[str, Any]) -> list[Alert]:
    """Return the alert of a delivery; none for an event that changes nothing here.

    Raises :class:`Malformed`.
    """
    event = _event(payload)
    kind = reading.text(event.get("event_type"), "event.event_type")
    if not kind:
        raise Malformed("event.event_type", "It is missing: this is no event of PagerDuty.")
    if kind not in TOLD:
        return []
    data = reading.an_object(event.get("data"), "event.data")
    own = reading.text(data.get("id"), "event.data.id")
    if not own:
        raise Malformed("event.data.id", "The incident's id is missing.")
    happened = reading.a_time(event.get("occurred_at"), "event.occurred_at")
    created = reading.a_time(data.get("created_at"), "event.data.created_at")
    labels = _labels(data)
    return [
        Alert(
            fingerprint=fingerprint_of(own, labels),
            title=reading.text(data.get("title"), "event.data.title", longest=LONGEST_TITLE)
            or f"PagerDuty incident {own}",
            severity=_severity(data),
            labels=labels,
            url=url_of(reading.text(data.get("html_url"), "event.data.html_url")),
            is_firing=kind != _RESOLVED,
            # What was opened again fires since then, not since it was made.
            began_at=(happened if kind == _REOPENED else created or happened)
            if kind != _RESOLVED
            else None,
            ended_at=happened if kind == _RESOLVED else None,
            is_acknowledged=kind == _ACKNOWLEDGED,
        )
    ]


def delivery_of(payload: Any) -> str:
    """Return the name of the delivery: the event's id, the same each time that it is sent.

    Raises :class:`Malformed`.
    """
    return reading.text(_event(payload).get("id"), "event.id", longest=200)


def _event(payload: Any) -> Mapping[str, Any]:
    return reading.an_object(reading.an_object(payload, "The body").get("event"), "event")


def _severity(data: Mapping[str, Any]) -> str:
    priority = data.get("priority")
    if isinstance(priority, dict) and (name := reading.text(priority.get("summary"), "priority")):
        return severity_of(name)
    urgency = reading.text(data.get("urgency"), "event.data.urgency").lower()
    return _URGENCIES.get(urgency, CRITICAL if urgency == "critical" else HIGH)


def _labels(data: Mapping[str, Any]) -> dict[str, str]:
    named = {
        "service": _summary(data.get("service")),
        "escalation_policy": _summary(data.get("escalation_policy")),
        "urgency": reading.text(data.get("urgency"), "event.data.urgency"),
        "number": reading.text(data.get("number"), "event.data.number"),
        "incident_key": reading.text(data.get("incident_key"), "event.data.incident_key"),
    }
    return {name: value for name, value in named.items() if value}


def _summary(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    return reading.text(value.get("summary"), "event.data")
