"""The Celery application; the settings in `opsmanager.settings.celery` say how it behaves."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsmanager.settings")

for scheme in ("redis", "rediss"):
    TRANSPORT_ALIASES[scheme] = "opsmanager.messages:Transport"

app = Celery("opsmanager")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
