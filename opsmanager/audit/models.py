"""One event of the trail, and one seal over events."""

from typing import Final

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from opsmanager.common.search import Words

OUTCOMES: Final = ("OK", "FAILED", "REFUSED")


class AuditEvent(models.Model):
    """Who did what, on what, with what result, when and from where.

    Names are copied in, not referenced, so that an event outlives what it tells of. The table is
    partitioned by the month of ``at``, which therefore is part of its key in the database. It can
    be written to by :func:`opsmanager.audit.trail.record` only, and never changed: ``seq``, ``at``
    and a further column, the transaction's ``xid``, are set by a trigger. One more, ``words``, are
    those of verb, names, target's id and message, for searches.
    """

    seq = models.BigIntegerField(primary_key=True, editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False)
    verb = models.CharField(max_length=80)
    """Such as AUTOMATION_EXECUTION_STARTED."""
    outcome = models.CharField(max_length=20, default="OK")
    """One of OUTCOMES."""
    actor_type = models.CharField(max_length=20)
    """USER, SCHEDULE, RULE, WORKER, SYSTEM or ANONYMOUS."""
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
            models.Index("verb", "seq", name="audit_verb_seq"),
            models.Index("target_type", "target_id", "at", name="audit_target"),
            models.Index("actor_id", "at", name="audit_actor"),
            models.Index("actor_name", "seq", name="audit_actor_name"),
            models.Index("outcome", "seq", name="audit_outcome"),
            models.Index("address", "seq", name="audit_address"),
            GinIndex(Words(), name="audit_words"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_name}"


class Seal(models.Model):
    """A link of the chain: the hash over some events of one month, and over the link before.

    Made by the database's function ``audit_seal_events`` only.
    """

    n = models.BigIntegerField(primary_key=True, editable=False)
    """Its number, from 1, without gaps."""
    at = models.DateTimeField(editable=False)
    month = models.DateField(editable=False)
    first_seq = models.BigIntegerField(editable=False)
    last_seq = models.BigIntegerField(editable=False)
    events = models.IntegerField(editable=False)
    chain = models.BinaryField(editable=False)
    """The hash over this link and all before it, 32 bytes."""

    class Meta:
        managed = False
        db_table = "audit_seal"
        default_permissions = ()

    def __str__(self) -> str:
        return f"Seal {self.n}"
