"""Makes channels and deliveries as they stand in the database."""

from typing import Any

from opsmanager.common import vault
from opsmanager.notifications.models import Channel, Delivery


def channel(name: str = "noc", url: str = "json://127.0.0.1:9/hook", **fields: Any) -> Channel:
    """Make a channel with its address sealed."""
    row = Channel(name=name, shown_url="json://127.0.0.1", **fields)
    row.sealed_url = vault.seal(url, row=str(row.pk), field="url")
    row.save()
    return row


def delivery(to: Channel, **fields: Any) -> Delivery:
    """Make a delivery that waits."""
    values = {
        "event": "EXECUTION_FAILED",
        "severity": "HIGH",
        "title": "It failed",
        "body": "It said no.",
        "url": "http://localhost:8000/executions/1/",
        "key": "execution:web1",
    }
    made = Delivery.objects.create(channel=to, **values | fields)
    made.refresh_from_db()
    return made
