"""A look at a server that somebody asked for and a worker takes."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from opsmanager.common.models import UUIDModel
from servers.models.server import Server


class ProbeKind(models.TextChoices):
    """What to look at."""

    CHECK = "CHECK", "Log in and say how long it took"
    HOST_KEY = "HOST_KEY", "See which host key is offered"
    CONTENTS = "CONTENTS", "See which units, file systems and programs it has"


class Probe(UUIDModel):
    """One look: web can't open credentials and may not reach servers, so a worker takes it."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="probes")
    kind = models.CharField(max_length=20, choices=ProbeKind.choices)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    requested_at = models.DateTimeField(db_default=Now())
    taken_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    reachable = models.BooleanField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    found = models.JSONField(null=True)
    """Of a look at the contents: by kind, each name with a few words on it."""

    class Meta:
        indexes = [models.Index("server", models.F("requested_at").desc(), name="probe_latest")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.server_id}"

    @property
    def is_finished(self) -> bool:
        """Whether the worker has answered."""
        return self.finished_at is not None
