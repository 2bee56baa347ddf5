"""Waking workers for alerts: a message holds a source's id, and losing it changes nothing."""

from uuid import UUID

import structlog

from opsmanager.celery import app

log = structlog.get_logger(__name__)

TASK = "incidents.tasks.take_deliveries"


def send(source_id: UUID) -> None:
    """Wake a worker for what waits of a source.

    Never raises: what is not woken now is found by the next tick.
    """
    try:
        app.send_task(TASK, (str(source_id),), queue="incidents")
    except Exception as problem:  # noqa: BLE001 - whatever the broker's client raises
        log.warning("no worker woken for alerts; a tick will", reason=type(problem).__name__)
