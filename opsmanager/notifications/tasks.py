"""Celery's entry points for notifications."""

from uuid import UUID

from opsmanager.celery import app
from opsmanager.notifications import sending


@app.task
def send_delivery(delivery_id: str) -> None:
    """Send the delivery if it can be claimed."""
    sending.send(UUID(delivery_id))


@app.task
def send_due() -> None:
    """Wake workers for what is due, and was not woken or has to be tried again."""
    sending.wake_due()


@app.task
def forget_old() -> None:
    """Delete deliveries that are kept no longer."""
    sending.forget_old()
