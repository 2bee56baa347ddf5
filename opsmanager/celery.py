"""The Celery application; the settings in `opsmanager.settings.celery` say how it behaves."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from opsmanager.common import log_redaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsmanager.settings")

app = Celery("opsmanager")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def mask_tracebacks(**_: Any) -> None:
    """Mask what a thread of a worker, or beat, prints when it breaks off."""
    log_redaction.install_hooks()


worker_init.connect(mask_tracebacks)
beat_init.connect(mask_tracebacks)
