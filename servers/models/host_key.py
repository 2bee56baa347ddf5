"""The keys by which servers prove that they are themselves."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from opsmanager.common.models import UUIDModel
from servers.models.server import Server


class HostKeyState(models.TextChoices):
    """What a host key is to us."""

    OFFERED = "OFFERED", "Offered by the server, accepted by nobody"
    ACCEPTED = "ACCEPTED", "Accepted by a person"
    RETIRED = "RETIRED", "Was accepted once"


class HostKey(UUIDModel):
    """A host key of a server: the one accepted, the one last offered, and former ones."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="host_keys")
    state = models.CharField(max_length=20, choices=HostKeyState.choices)
    type = models.CharField(max_length=60)
    public_key = models.TextField()
    """Base64 of the SSH wire form, as in known_hosts."""
    fingerprint = models.CharField(max_length=100)
    seen_at = models.DateTimeField(db_default=Now())
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "server", "state", condition=~models.Q(state="RETIRED"), name="host_key_one_a_state"
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.fingerprint}"
