"""What beat asks for regularly, apart from any app's own work."""

from opsmanager.celery import app
from opsmanager.common import partitions, pulse


@app.task
def make_partitions() -> None:
    """Make the coming months' partitions."""
    partitions.make_partitions()


@app.task
def note_beat() -> None:
    """Note that beat lives: it sent this, and a worker ran it."""
    pulse.note("beat", "beat")
