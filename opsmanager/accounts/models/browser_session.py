"""The session of one browser."""

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from opsmanager.accounts.agents import agent_name


class BrowserSession(AbstractBaseSession):
    """A session as Django keeps it, and beside it whose it is, from where, and since when.

    ``expire_date`` is its absolute end, set at the login; it also ends when nobody has used it
    for a while, which ``seen_at`` tells.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="browser_sessions",
    )
    signed_in_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        default_permissions = ()

    @property
    def name(self) -> str:
        """A name to show: the key itself would let whoever reads it in."""
        return salted_hmac("opsmanager.accounts.session", self.session_key).hexdigest()[:32]

    @property
    def agent_name(self) -> str:
        """The browser, in two words."""
        return agent_name(self.agent)
