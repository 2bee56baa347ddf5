"""Idempotency keys whose execution or batch was deleted."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class SpentKey(models.Model):
    """A key that once launched something which is gone.

    Kept so that a client which repeats its request late does not run it a second time.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    idempotency_key = models.CharField(max_length=200)
    spent_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("user", "idempotency_key", name="spent_key_once"),
        ]
        indexes = [models.Index("spent_at", name="spent_key_oldest")]

    def __str__(self) -> str:
        return f"{self.user}: {self.idempotency_key}"
