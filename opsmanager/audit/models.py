"""One event of the trail."""

from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Now


class AuditEvent(models.Model):
    """Who did what, on what, with what result, when and from where.

    Names are copied in, not referenced, so that an event outlives what it tells of. The table is
    partitioned by the month of ``at``, which therefore is part of the key.
    """

    pk = models.CompositePrimaryKey("seq", "at")
    seq = models.BigIntegerField(
        db_default=Func(Value("audit_event_seq"), function="nextval"), editable=False
    )
    at = models.DateTimeField(db_default=Now(), editable=False)
    verb = models.CharField(max_length=80)
    """Such as AUTOMATION_EXECUTION_STARTED."""
    outcome = models.CharField(max_length=20, default="OK")
    """OK, FAILED or REFUSED."""
    actor_type = models.CharField(max_length=20)
    """USER, SCHEDULE, RULE, WORKER or ANONYMOUS."""
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=300, blank=True)
    message = models.TextField(blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index("at", name="audit_at"),
            models.Index("verb", "at", name="audit_verb"),
            models.Index("target_type", "target_id", "at", name="audit_target"),
            models.Index("actor_id", "at", name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_name}"
