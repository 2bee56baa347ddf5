"""Celery's entry points for servers."""

from opsmanager.celery import app
from servers import probing


@app.task
def take_probe(probe_id: str) -> None:
    """Take the look at a server that somebody asked for."""
    probing.take(probe_id)
