"""Alerts of Grafana's own alerting: its webhook contact point.

https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from collections.abc import Mapping
from typing import Any

from incidents.sources import reading
from incidents.sources.alert import Alert
from incidents.sources.alertmanager import grouped


def alerts_of(payload: Any, _mapping: Mapping[str, Any]) -> list[Alert]:
    """Return the alerts of a delivery. Raises :class:`incidents.sources.reading.Malformed`."""
    return grouped(reading.an_object(payload, "The body"), title_names=("summary", "title"))
