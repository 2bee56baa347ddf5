"""One API token, by which a program works for its user, and what it is limited to."""

from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from opsmanager.accounts import roles
from opsmanager.common.models import UUIDModel

LONGEST_NAME: Final = 100


class ApiToken(UUIDModel):
    """A token for a machine: it may what its user may at the moment, within its own limits.

    Only its hash is kept: no token can be made from this row.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=LONGEST_NAME)
    start = models.CharField(max_length=16)
    """Its first characters, to recognise it by."""
    digest = models.CharField(max_length=64, unique=True)
    permissions = ArrayField(models.CharField(max_length=200), null=True)
    """``app_label.codename`` each; NULL for all that the user may."""
    server_ids = ArrayField(models.UUIDField(), null=True)
    """Servers stand above accounts, so these are ids and no references. With :attr:`group_ids`
    together; both NULL for every server."""
    group_ids = ArrayField(models.UUIDField(), null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, editable=False)
    """To the minute."""
    last_used_address = models.GenericIPAddressField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        verbose_name = "API token"
        default_permissions = ()
        indexes = [models.Index("expires_at", name="api_token_expires_at")]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"

    @property
    def is_active(self) -> bool:
        """Whether it lets a program in, as long as its user may come in."""
        return self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def is_limited_to_servers(self) -> bool:
        """Whether it is for some servers only, or for none."""
        return self.server_ids is not None or self.group_ids is not None

    def covers(self, permission: str) -> bool:
        """Return whether a permission of its user is within its limits.

        One that is limited to servers covers nothing that reaches beyond them.
        """
        if self.permissions is not None and permission not in self.permissions:
            return False
        return not self.is_limited_to_servers or roles.keeps_to_servers(permission)
