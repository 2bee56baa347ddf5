"""How to log in to servers; the secrets are sealed."""

from django.db import models

from opsmanager.common.models import TimestampedModel, UUIDModel


class AuthType(models.TextChoices):
    """What a credential proves itself with."""

    PASSWORD = "PASSWORD", "Password"
    PRIVATE_KEY = "PRIVATE_KEY", "Private key"


class Credential(UUIDModel, TimestampedModel):
    """A login shared by servers. Its secrets are sealed texts that only workers can open."""

    name = models.CharField(max_length=100, unique=True)
    username = models.CharField(max_length=100)
    auth_type = models.CharField(max_length=20, choices=AuthType.choices)
    sealed_password = models.TextField(blank=True, editable=False)
    sealed_private_key = models.TextField(blank=True, editable=False)
    sealed_passphrase = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
