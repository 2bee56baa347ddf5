"""Celery's entry points for the trail, and the thread that seals it in every worker."""

from typing import Any

from celery.signals import worker_ready, worker_shutdown

from opsmanager.audit import anchors, retention
from opsmanager.audit.sealing import Sealer
from opsmanager.celery import app

_sealers: list[Sealer] = []


@app.task
def send_anchors() -> None:
    """Send the head of the chain outside."""
    anchors.send()


@app.task
def let_old_months_go() -> None:
    """Let the months go that were kept for long enough."""
    retention.let_old_months_go()


@worker_ready.connect
def start(**_: Any) -> None:
    """Start sealing in this worker."""
    sealer = Sealer()
    _sealers.append(sealer)
    sealer.start()


@worker_shutdown.connect
def stop(**_: Any) -> None:
    """End it."""
    while _sealers:
        sealer = _sealers.pop()
        sealer.close()
        sealer.join(timeout=5)
