"""Who a user is at the provider of single sign-on."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from opsmanager.common.models import UUIDModel


class Identity(UUIDModel):
    """A person at a provider, and the user they are here.

    Only ``issuer`` and ``subject`` together say who somebody is: names and e-mail addresses are
    given to others in time, and at many providers their owners change them.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities"
    )
    issuer = models.CharField(max_length=500)
    """The provider's address, as it spells it."""
    subject = models.CharField(max_length=255)
    """The person's ``sub`` there; OpenID Connect allows no longer one."""
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_login_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_of_one_user")
        ]
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"
