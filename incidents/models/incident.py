"""Something that is broken."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform
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


UNRESOLVED = [status for status in IncidentStatus if status != IncidentStatus.RESOLVED]
"""Named, not "all but RESOLVED", for which no index helps."""


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
    server_found_by = models.CharField(max_length=300, blank=True, default="", db_default="")
    """How the server was found, or why none was, in a sentence."""
    source = models.CharField(max_length=60)
    """Who told it: the slug of a source, or ``manual``."""
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
    resolved_by_source = models.BooleanField(default=False, db_default=False, editable=False)
    """Whether its source said that it is over, and no person or rule."""
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_incidents",
    )
    url = models.CharField(max_length=500, blank=True, default="", db_default="")
    """Where the source shows it."""
    alert_began_at = models.DateTimeField(null=True, editable=False)
    """Since when the alert fires, by its source's clock: a firing alert is known by it again."""
    last_seen_at = models.DateTimeField(null=True, editable=False)
    """When the alert fired last."""
    times_seen = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    times_opened = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    """1, and one more for each time it was opened again."""
    is_flapping = models.BooleanField(default=False, db_default=False, editable=False)
    """Whether it opened and resolved so often of late that its resolution is not believed yet."""
    over_since = models.DateTimeField(null=True, editable=False)
    """Since when its source says that it is over, whoever resolved it; NULL while it fires."""
    in_maintenance = models.BooleanField(default=False, db_default=False, editable=False)
    """Whether its server was in maintenance when it came."""
    look_again_at = models.DateTimeField(null=True, editable=False)
    """When rules are asked again; NULL for with the next alert."""

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
            models.Index("fingerprint", F("opened_at").desc(), name="incident_of_fingerprint"),
            models.Index(
                KeyTextTransform("alertname", "labels"),
                F("opened_at").desc(),
                name="incident_of_alert",
            ),
            models.Index("assigned_to", F("opened_at").desc(), name="incident_assigned"),
            models.Index(
                "look_again_at",
                name="incident_to_look_at",
                condition=Q(look_again_at__isnull=False),
            ),
            models.Index("over_since", name="incident_gone_quiet", condition=Q(is_flapping=True)),
            GinIndex(Words(), name="incident_words"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.status != IncidentStatus.RESOLVED
