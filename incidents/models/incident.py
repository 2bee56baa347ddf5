"""Something that is broken."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from opsmanager.common.models import TimestampedModel, UUIDModel
from opsmanager.common.search import Words
from servers.models import Server


class Severity(models.TextChoices):
    """How bad it is."""

    CRITICAL = "CRITICAL", "Critical"
    HIGH = "HIGH", "High"
    MEDIUM = "MEDIUM", "Medium"
    LOW = "LOW", "Low"


class IncidentStatus(models.TextChoices):
    """Where it stands."""

    OPEN = "OPEN", "Open"
    ACKNOWLEDGED = "ACKNOWLEDGED", "Acknowledged"
    REMEDIATING = "REMEDIATING", "Remediating"
    RESOLVED = "RESOLVED", "Resolved"


class Incident(UUIDModel, TimestampedModel):
    """Something that is broken, as an alert or a person told it."""

    title = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    severity = models.CharField(max_length=20, choices=Severity.choices)
    status = models.CharField(
        max_length=20, choices=IncidentStatus.choices, default=IncidentStatus.OPEN
    )
    server = models.ForeignKey(
        Server, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    source = models.CharField(max_length=60)
    """Who told it, such as ``alertmanager`` or ``manual``."""
    labels = models.JSONField(default=dict, blank=True)
    """The alert's labels: text by name."""
    fingerprint = models.CharField(max_length=128)
    """The same for the same trouble: one that is open is bumped, not opened again."""
    opened_at = models.DateTimeField(db_default=Now())
    acknowledged_at = models.DateTimeField(null=True, editable=False)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    resolved_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        default_permissions = ("add", "view")
        permissions = [("manage_incident", "Can acknowledge, resolve and remediate incidents")]
        constraints = [
            models.UniqueConstraint(
                "fingerprint", condition=~Q(status="RESOLVED"), name="incident_open_once"
            )
        ]
        indexes = [
            models.Index("status", F("opened_at").desc(), name="incident_in_status"),
            models.Index("severity", F("opened_at").desc(), name="incident_of_severity"),
            models.Index("server", F("opened_at").desc(), name="incident_on_server"),
            models.Index(F("opened_at").desc(), name="incident_newest"),
            models.Index("title", name="incident_titled"),
            GinIndex(Words(), name="incident_words"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.status != IncidentStatus.RESOLVED
