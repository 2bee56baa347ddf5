"""Heartbeats of the processes behind the pages, kept in PostgreSQL like all that is true."""

from collections import Counter
from datetime import timedelta
from typing import Any, Final

from django.db.models import DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Now

from opsmanager.common.models import Pulse
from opsmanager.common.zone_queues import NO_ZONE

SILENT_AFTER: Final = {"worker": timedelta(seconds=45), "beat": timedelta(seconds=120)}
"""The kinds that are processes, and after how long one that says nothing counts as gone."""
_REMEMBERED: Final = timedelta(hours=1)


def note(kind: str, name: str, **details: Any) -> None:
    """Note that the process ``name`` of this ``kind`` is alive now."""
    Pulse.objects.update_or_create(
        kind=kind, name=name, defaults={"seen_at": Now(), "details": details}
    )


def forget(kind: str, name: str) -> None:
    """Forget a process that stopped in an orderly way."""
    Pulse.objects.filter(kind=kind, name=name).delete()


def forget_old() -> None:
    """Forget the processes that fell silent an hour ago: they were killed, or their machine was."""
    Pulse.objects.filter(kind__in=SILENT_AFTER, seen_at__lt=Now() - _REMEMBERED).delete()


def forget_all() -> None:
    """Forget all processes: those that are noted belong to another time."""
    Pulse.objects.all().delete()


def seen() -> QuerySet[Pulse]:
    """Return all heartbeats with their ``age``, a timedelta by the database's clock."""
    age = ExpressionWrapper(Now() - F("seen_at"), output_field=DurationField())
    return Pulse.objects.annotate(age=age).order_by("kind", "name")


def processes() -> QuerySet[Pulse]:
    """Return the heartbeats of workers and beat, as `seen` does."""
    return seen().filter(kind__in=SILENT_AFTER)


def serving(within: timedelta = SILENT_AFTER["worker"]) -> Counter[str]:
    """Return how many workers that were seen ``within`` this time serve each zone.

    One of the release before names none: it serves the servers without a zone.
    """
    workers = Pulse.objects.filter(kind="worker", seen_at__gte=Now() - within)
    found: Counter[str] = Counter()
    for details in workers.values_list("details", flat=True):
        found.update(details.get("zones", [NO_ZONE]))
    return found


def is_alive(beat: Pulse) -> bool:
    """Whether a process, one of `seen`, has shown lately that it lives."""
    return bool(beat.age < SILENT_AFTER[beat.kind])  # type: ignore[attr-defined]
