"""Alerts of Prometheus Alertmanager: its webhook, version 4.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from collections.abc import Mapping
from typing import Any

from incidents.sources import reading
from incidents.sources.alert import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    Alert,
    fingerprint_of,
    severity_of,
    url_of,
)
from incidents.sources.reading import Malformed

_FIRES = {"firing": True, "resolved": False}


def alerts_of(payload: Any, _mapping: Mapping[str, Any]) -> list[Alert]:
    """Return the alerts of a delivery. Raises :class:`Malformed`."""
    body = reading.an_object(payload, "The body")
    version = body.get("version")
    if version != "4":
        raise Malformed("version", 'Only version "4" of Alertmanager\'s webhook is known.')
    return grouped(body, title_names=("summary", "title"))


def grouped(body: Mapping[str, Any], *, title_names: tuple[str, ...]) -> list[Alert]:
    """Return the alerts of a group, as Alertmanager and what is built on it send them."""
    found = reading.a_list(body.get("alerts"), "alerts")
    return [_alert(one, f"alerts[{at}]", title_names) for at, one in enumerate(found)]


def _alert(value: Any, place: str, title_names: tuple[str, ...]) -> Alert:
    one = reading.an_object(value, place)
    status = one.get("status")
    if not isinstance(status, str) or status not in _FIRES:
        raise Malformed(f"{place}.status", "It must be firing or resolved.")
    labels = reading.labels(one.get("labels"), f"{place}.labels")
    notes = reading.an_object(one.get("annotations") or {}, f"{place}.annotations")
    own = reading.text(one.get("fingerprint"), f"{place}.fingerprint")
    if not labels and not own:
        raise Malformed(f"{place}.labels", "An alert has labels, by which it is known again.")
    title = next(
        (
            found
            for name in title_names
            if (found := _note(notes, name, place, longest=LONGEST_TITLE).strip())
        ),
        labels.get("alertname", ""),
    )
    is_firing = _FIRES[status]
    return Alert(
        fingerprint=fingerprint_of(own, labels),
        title=title or "An alert without a name",
        description=_note(notes, "description", place, longest=LONGEST_DESCRIPTION)
        or _note(notes, "message", place, longest=LONGEST_DESCRIPTION),
        severity=severity_of(labels.get("severity", "")),
        labels=labels,
        url=url_of(_url(one, notes, place)),
        is_firing=is_firing,
        began_at=reading.a_time(one.get("startsAt"), f"{place}.startsAt"),
        ended_at=None if is_firing else reading.a_time(one.get("endsAt"), f"{place}.endsAt"),
    )


def _note(notes: Mapping[str, Any], name: str, place: str, *, longest: int) -> str:
    return reading.text(notes.get(name), f"{place}.annotations.{name}", longest=longest)


def _url(one: Mapping[str, Any], notes: Mapping[str, Any], place: str) -> str:
    # Grafana sends the first three; Prometheus only the last.
    for name in ("panelURL", "dashboardURL", "generatorURL"):
        if found := reading.text(one.get(name), f"{place}.{name}"):
            return found
    return _note(notes, "runbook_url", place, longest=1000)
