"""A runbook's row: what an operator may configure of it."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from opsmanager.common.models import TimestampedModel, UUIDModel


class CatalogEntry(UUIDModel, TimestampedModel):
    """A runbook as operators configure it; what it does is in its class.

    ``title``, ``category``, ``platforms`` and ``summary`` are copied from the class when it is
    deployed, so that lists can search them.
    """

    runbook_id = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=200, editable=False)
    summary = models.TextField(editable=False)
    category = models.CharField(max_length=40, editable=False)
    platforms = ArrayField(models.CharField(max_length=20), editable=False, default=list)
    changes = models.BooleanField(default=True, editable=False)
    is_deployed = models.BooleanField(default=True, editable=False)
    """Whether its class is in the code that runs now."""
    is_active = models.BooleanField(default=True)
    dangerous = models.BooleanField(
        default=False, help_text="Wants a confirmation each time it is run"
    )
    timeout_seconds = models.PositiveIntegerField(
        default=300, validators=[MinValueValidator(1), MaxValueValidator(86400)]
    )
    max_retries = models.PositiveSmallIntegerField(default=3, validators=[MaxValueValidator(10)])
    cooldown_minutes = models.PositiveIntegerField(
        default=10,
        validators=[MaxValueValidator(10080)],
        help_text="How long it may not run again on the same server; 0 for no cooldown",
    )
    approvals = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        validators=[MaxValueValidator(10)],
        help_text="How many other people must approve each run; 0 for none. Dry runs need none.",
    )

    class Meta:
        ordering = ["title"]
        verbose_name = "runbook"
        permissions = [("execute_catalogentry", "Can run runbooks")]
        indexes = [models.Index("category", "title", name="catalog_category")]

    def __str__(self) -> str:
        return self.runbook_id
