"""The tables of notifications."""

from collections.abc import Mapping

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from opsmanager.common.models import TimestampedModel, UUIDModel
from opsmanager.common.sealed import SealedModel


class Channel(SealedModel, TimestampedModel):
    """Somewhere that people read: an address as Apprise writes it, sealed, and what goes there.

    Empty lists stand for "all": what is routed passes each list that is not empty.
    """

    name = models.CharField(max_length=100, unique=True)
    sealed_url = models.TextField(editable=False)
    """The address with its tokens and passwords; only workers can open it."""
    shown_url = models.CharField(max_length=200, editable=False)
    """What may be shown of it: its service and host, such as ``slack://…``."""
    is_active = models.BooleanField(default=True)
    events = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    severities = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    runbook_ids = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    """Such as SERVICE_RESTART."""
    group_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    """Of server groups."""
    quiet_minutes = models.PositiveIntegerField(default=15, validators=[MaxValueValidator(10080)])
    """For how long the same message is not sent again; the repeats are counted."""
    failures = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    """How many sends in a row failed, up to now."""
    rests_until = models.DateTimeField(null=True, editable=False)
    """Until when nothing is sent by itself, because the last send failed: a channel that hangs
    must not keep the threads from the others."""

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def sealed_texts(self) -> dict[str, str]:
        """Return the sealed address."""
        return {"url": self.sealed_url} if self.sealed_url else {}

    def put_sealed_texts(self, texts: Mapping[str, str]) -> None:
        """Replace the sealed address; not saved."""
        self.sealed_url = texts.get("url", self.sealed_url)


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    PENDING = "PENDING", "Waits"
    SENT = "SENT", "Sent"
    FAILED = "FAILED", "Failed"


class Delivery(UUIDModel):
    """One message to one channel: the outbox, and the log of what was sent."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=60)
    severity = models.CharField(max_length=20)
    title = models.CharField(max_length=300)
    body = models.TextField()
    """As it is sent: masked, with the link."""
    url = models.CharField(max_length=500, blank=True)
    key = models.CharField(max_length=200)
    """The same for the same trouble: repeats within the channel's quiet minutes are not sent."""
    state = models.CharField(
        max_length=20, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    created_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, db_default=Now())
    """NULL when it is not tried (again) by itself."""
    lease_until = models.DateTimeField(null=True)
    """Until when the worker that sends it now may take."""
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    """Why the last attempt failed, in a sentence, masked."""
    repeats = models.PositiveIntegerField(default=0)
    """How many messages of the same key were kept quiet after this one."""
    last_repeat_at = models.DateTimeField(null=True)
    times_lost = models.PositiveSmallIntegerField(default=0, db_default=0)
    """How often the worker that sent it was lost meanwhile: it may have arrived all the same."""
    asked_for = models.BooleanField(default=False, db_default=False)
    """Whether a person waits for it: a test, or one that is sent again."""
    resend_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="resends"
    )

    class Meta:
        verbose_name_plural = "deliveries"
        default_permissions = ("view",)
        permissions = [("resend_delivery", "Can send notifications again")]
        indexes = [
            models.Index(F("created_at").desc(), name="delivery_newest"),
            models.Index("channel", "key", F("created_at").desc(), name="delivery_of_key"),
            models.Index("state", F("created_at").desc(), name="delivery_in_state"),
            models.Index(
                "channel", name="delivery_in_flight", condition=Q(lease_until__isnull=False)
            ),
            models.Index(
                "next_attempt_at", name="delivery_due", condition=Q(state=DeliveryState.PENDING)
            ),
        ]

    def __str__(self) -> str:
        return self.title
