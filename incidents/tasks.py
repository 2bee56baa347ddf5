"""Celery's entry points for incidents."""

from uuid import UUID

from incidents.services import deliveries, flapping, remediation
from opsmanager.celery import app


@app.task
def take_deliveries(source_id: str) -> None:
    """Take in what waits of a source."""
    deliveries.take_all(UUID(source_id))


@app.task
def take_waiting() -> None:
    """Take in what no message woke anybody for, and resolve what has stopped flapping."""
    deliveries.take_waiting()
    flapping.resolve_quiet()


@app.task
def prune_deliveries() -> None:
    """Delete deliveries that nobody needs any more."""
    deliveries.prune()


@app.task
def look_again() -> None:
    """Ask the rules about the incidents that are due."""
    remediation.look_again()
