"""One login over the API, whose tokens are one family."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from opsmanager.accounts.agents import agent_name
from opsmanager.common.models import UUIDModel


class ApiLogin(UUIDModel):
    """A login over the API, from its password to its end.

    Of its refresh tokens only the last one is good, and only its id is kept: no token can be made
    from this row.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_logins"
    )
    refresh_id = models.UUIDField()
    fingerprint = models.CharField(max_length=64)
    """Of the user's password, role and permissions at the login; with others it is over."""
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    seen_at = models.DateTimeField(db_default=Now(), editable=False)
    """When it last got new tokens."""
    expires_at = models.DateTimeField()
    """When its last refresh token does."""
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=20, blank=True)
    """REVOKED, REUSED or CHANGED."""

    class Meta:
        default_permissions = ()
        indexes = [models.Index("expires_at", name="api_login_expires_at")]

    def __str__(self) -> str:
        return f"{self.user} from {self.address}"

    @property
    def agent_name(self) -> str:
        """What logged in, in two words."""
        return agent_name(self.agent)
