"""Where alerts come from, and what came."""

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from opsmanager.common.models import TimestampedModel, UUIDModel


class Source(UUIDModel, TimestampedModel):
    """A system that sends alerts to ``/api/v1/incidents/webhooks/<slug>``."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*\Z", "Use a to z, digits and dashes.")],
    )
    kind = models.CharField(max_length=40)
    """The form of its webhooks, as the registry of ``incidents.sources`` names it."""
    is_active = models.BooleanField(default=True)
    mapping = models.JSONField(default=dict, blank=True)
    """Of a generic one: where in its JSON each field stands; see ``incidents.sources.generic``."""
    token_digest = models.CharField(max_length=64, blank=True, editable=False)
    """SHA-256 of its bearer token; empty where it signs instead."""
    token_start = models.CharField(max_length=12, blank=True, editable=False)
    """The first characters of the token, to tell it from others."""
    locked_secret = models.TextField(blank=True, editable=False)
    """The secret it signs with, encrypted with SECRET_KEY; empty where it sends a token."""
    locked_previous_secret = models.TextField(blank=True, editable=False)
    """The one before, while the sender is being changed."""
    previous_token_digest = models.CharField(max_length=64, blank=True, editable=False)
    grace_minutes = models.PositiveIntegerField(default=5, validators=[MaxValueValidator(1440)])
    """How long after an incident was resolved here the same alert may still fire unheeded."""
    last_seen_at = models.DateTimeField(null=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def signs(self) -> bool:
        """Whether it signs what it sends, rather than sending a token."""
        return not self.token_digest

    @property
    def has_previous(self) -> bool:
        """Whether the token or secret before the present one is still good."""
        return bool(self.previous_token_digest or self.locked_previous_secret)

    @property
    def has_secret(self) -> bool:
        """Whether it can prove who it is; not where it signs with a secret nobody entered yet."""
        return bool(self.token_digest or self.locked_secret)


class Delivery(models.Model):
    """One webhook that was proven genuine: its alerts, until a worker has dealt with them."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="deliveries")
    received_at = models.DateTimeField(db_default=Now())
    alerts = models.JSONField(default=list)
    """As :class:`incidents.sources.alert.Alert` writes them, masked."""
    handled_at = models.DateTimeField(null=True)
    message = models.TextField(blank=True)
    """What came of it, in a sentence."""

    class Meta:
        verbose_name_plural = "deliveries"
        default_permissions = ()
        indexes = [
            models.Index("source", "id", name="incoming_waiting", condition=Q(handled_at=None)),
            models.Index("source", F("received_at").desc(), name="incoming_newest"),
            models.Index("received_at", name="incoming_old"),
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.received_at:%Y-%m-%d %H:%M:%S}"


class SeenDelivery(models.Model):
    """The name of a delivery that has come, so that a replay of it counts for nothing."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=300)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("source", "name", name="seen_delivery_once")]
        indexes = [models.Index("seen_at", name="seen_delivery_old")]

    def __str__(self) -> str:
        return self.name
