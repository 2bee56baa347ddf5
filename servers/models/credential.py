"""How to log in to servers; the secrets are sealed."""

from collections.abc import Mapping
from typing import Final

from django.db import models

from opsmanager.common.models import TimestampedModel
from opsmanager.common.sealed import SealedModel

SECRET_FIELDS: Final = ("password", "private_key", "passphrase")
"""The names of a credential's secrets; each is kept in ``sealed_<name>``."""


class AuthType(models.TextChoices):
    """What a credential proves itself with."""

    PASSWORD = "PASSWORD", "Password"
    PRIVATE_KEY = "PRIVATE_KEY", "Private key"


class Credential(SealedModel, TimestampedModel):
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

    def sealed_texts(self) -> dict[str, str]:
        """Return the sealed secrets that it has."""
        texts = {name: getattr(self, f"sealed_{name}") for name in SECRET_FIELDS}
        return {name: text for name, text in texts.items() if text}

    def put_sealed_texts(self, texts: Mapping[str, str]) -> None:
        """Replace sealed secrets by others; not saved."""
        for name, text in texts.items():
            setattr(self, f"sealed_{name}", text)
