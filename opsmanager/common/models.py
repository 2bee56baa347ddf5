"""What the models of all apps have in common."""

import uuid

from django.db import models
from django.db.models.functions import Now


class UUIDModel(models.Model):
    """A row with a UUID as its id: what the API shows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class TimestampedModel(models.Model):
    """A row that knows when it was made and last changed, by the database's clock."""

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class Pulse(models.Model):
    """When a process behind the pages was last seen alive, by the database's clock."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    seen_at = models.DateTimeField(db_default=Now())
    details = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint("kind", "name", name="pulse_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Origin(models.Model):
    """The one row that says in which database the others were written; see `origin`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    cluster = models.BigIntegerField()
    """PostgreSQL's ``system_identifier``."""
    database = models.BigIntegerField()
    """The ``oid`` of the database in it."""
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"database {self.database} of cluster {self.cluster}"
