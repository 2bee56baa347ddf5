"""Waking workers: a message holds a delivery's id, and losing or doubling it changes nothing."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import structlog

from opsmanager.celery import app

log = structlog.get_logger(__name__)

TASK: Final = "opsmanager.notifications.tasks.send_delivery"
QUEUE: Final = "notifications"


def send(waiting: Iterable[UUID]) -> None:
    """Wake a worker for each delivery.

    Never raises: what is not woken now is found by the next look at what is due.
    """
    try:
        for delivery_id in waiting:
            app.send_task(TASK, (str(delivery_id),), queue=QUEUE)
    except Exception as problem:  # noqa: BLE001 - whatever the broker's client raises
        log.warning("workers not woken; the next look will", reason=type(problem).__name__)
