"""Heartbeats of the processes behind the pages, kept in PostgreSQL like all that is true."""

from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Now

from opsmanager.common.models import Pulse


def note(kind: str, name: str, **details: Any) -> None:
    """Note that the process ``name`` of this ``kind`` is alive now."""
    Pulse.objects.update_or_create(
        kind=kind, name=name, defaults={"seen_at": Now(), "details": details}
    )


def forget(kind: str, name: str) -> None:
    """Forget a process that stopped in an orderly way."""
    Pulse.objects.filter(kind=kind, name=name).delete()


def forget_all() -> None:
    """Forget all processes: those that are noted belong to another time."""
    Pulse.objects.all().delete()


def seen() -> QuerySet[Pulse]:
    """Return all heartbeats with their ``age``, a timedelta by the database's clock."""
    age = ExpressionWrapper(Now() - F("seen_at"), output_field=DurationField())
    return Pulse.objects.annotate(age=age).order_by("kind", "name")
