"""The Celery application; the settings in `opsmanager.settings.celery` say how it behaves."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsmanager.settings")

app = Celery("opsmanager")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
