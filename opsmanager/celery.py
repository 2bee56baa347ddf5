"""The Celery application; the settings in `opsmanager.settings.celery` say how it behaves."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_after_setup, worker_init, worker_ready
from kombu.transport import TRANSPORT_ALIASES

from opsmanager.common import garbage, log_redaction, zones

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsmanager.settings")

for scheme in ("redis", "rediss"):
    TRANSPORT_ALIASES[scheme] = "opsmanager.messages:Transport"
TRANSPORT_ALIASES["sentinel"] = "opsmanager.messages:SentinelTransport"

app = Celery("opsmanager")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def mask_tracebacks(**_: Any) -> None:
    """Mask what a thread of a worker, or beat, prints when it breaks off."""
    log_redaction.install_hooks()


def take_from_zones(instance: Any, **_: Any) -> None:
    """Have a worker of zones take from their queues where ``-Q`` names those of no zone."""
    queues = instance.app.amqp.queues
    wanted = zones.consumed(queues.consume_from)
    for queue in wanted:
        queues.add(queue)
    queues.select([queue.name for queue in wanted])


celeryd_after_setup.connect(take_from_zones)

for beginning in (worker_init, beat_init):
    beginning.connect(mask_tracebacks)
worker_ready.connect(garbage.spare_what_stays)
