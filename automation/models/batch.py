"""One launch on several servers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from automation.models.catalog_entry import CatalogEntry
from automation.models.priority import Priority
from automation.models.secret_parameters import SecretParameters
from opsmanager.common.models import UUIDModel


class Batch(UUIDModel):
    """What one launch on several servers asked for; its executions carry it."""

    runbook = models.ForeignKey(CatalogEntry, on_delete=models.PROTECT, related_name="batches")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="batches"
    )
    schedule_id = models.UUIDField(null=True)
    """The schedule that started it; an id and no reference, for schedules are deleted."""
    trigger_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    """Of what started by itself: the name of the schedule or rule, as it was then."""
    api_token_id = models.UUIDField(null=True)
    """The API token by which it was started; an id and no reference, for tokens are deleted."""
    api_token_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    reason = models.TextField(blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    parameters = models.JSONField(default=dict)
    """Without the secret ones."""
    secret_parameters = models.ForeignKey(
        SecretParameters, on_delete=models.SET_NULL, null=True, related_name="batches"
    )
    is_dry_run = models.BooleanField(default=False)
    max_parallel = models.PositiveIntegerField(null=True)
    """How many of it run at once at most; NULL for no limit of its own."""
    stop_after_failures = models.PositiveIntegerField(null=True)
    """After how many failed ones the rest is not begun; NULL for never."""
    refusals = models.JSONField(default=list)
    """The servers on which it was refused: server_id, server_name, code, message each."""
    created_at = models.DateTimeField(db_default=Now())
    stopped_at = models.DateTimeField(null=True)
    """When what had not begun was left out."""
    stop_reason = models.TextField(blank=True)
    idempotency_key = models.CharField(max_length=200, null=True)
    idempotency_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "started_by",
                "idempotency_key",
                condition=Q(idempotency_key__isnull=False),
                name="batch_idempotency_key",
            ),
        ]
        indexes = [models.Index(models.F("created_at").desc(), name="batch_newest")]

    def __str__(self) -> str:
        return f"{self.runbook}, {self.pk}"
