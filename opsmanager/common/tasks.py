"""What beat asks for regularly, apart from any app's own work."""

from typing import Any

from celery.signals import beat_init

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
    pulse.forget_old()


@beat_init.connect
def note_start(**_: Any) -> None:
    """Note a beat that has just started, instead of calling it missing until its first interval."""
    note_beat.apply_async(retry=False)
