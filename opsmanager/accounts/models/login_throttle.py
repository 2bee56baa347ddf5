"""How often somebody tried a password, by one account, address or device."""

from django.db import models
from django.db.models.functions import Now


class LoginThrottle(models.Model):
    """The tries that count together. In PostgreSQL, because Redis may be emptied at any time."""

    key = models.CharField(primary_key=True, max_length=64)
    """A hash: what is typed as a name is at times a password."""
    failed = models.FloatField(default=0)
    """Wrong tries; they are forgotten bit by bit."""
    trying = models.IntegerField(default=0)
    """Tries whose password is being looked at just now."""
    free_at = models.DateTimeField(db_default=Now())
    """Before this no further try is looked at."""
    last_at = models.DateTimeField(db_default=Now())
    is_told = models.BooleanField(default=False)
    """Whether the audit trail was told that this waits."""
    known_until = models.DateTimeField(null=True)
    """Until when an address counts as known to an account, whose owner logged in from there."""

    class Meta:
        default_permissions = ()
        indexes = [models.Index("last_at", name="login_throttle_last_at")]

    def __str__(self) -> str:
        return f"{self.failed:.0f} wrong tries"
