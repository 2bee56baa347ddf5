"""Whether OpsManager's own parts are well, by their heartbeats, never by asking Celery."""

from collections.abc import Iterable
from dataclasses import dataclass

import redis
from django.db import Error
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from opsmanager.common import origin, pulse, redis_client
from opsmanager.common.models import Pulse


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of OpsManager, and whether it is well."""

    name: str
    ok: bool
    detail: str


def parts() -> list[Part]:
    """Return all parts: database, redis, workers, beat."""
    try:
        beats = list(pulse.seen())
        database = _database()
    except Error:
        down = Part(name="database", ok=False, detail="PostgreSQL does not answer.")
        return [down, redis_part()]
    return [
        database,
        redis_part(),
        _alive("workers", "worker", beats),
        _alive("beat", "beat", beats),
    ]


def _database() -> Part:
    if not origin.is_foreign():
        return Part(name="database", ok=True, detail="PostgreSQL answers.")
    return Part(
        name="database",
        ok=False,
        detail="It was restored from a backup: nothing is begun before manage.py after_restore.",
    )


def living() -> QuerySet[Pulse]:
    """Return the processes that show that they live."""
    alive = Q()
    for kind, silent_after in pulse.SILENT_AFTER.items():
        alive |= Q(kind=kind, seen_at__gte=Now() - silent_after)
    return Pulse.objects.filter(alive)


def count(beats: Iterable[Pulse], kind: str) -> int:
    """Return how many of these processes are of the kind and show that they live."""
    return sum(pulse.is_alive(beat) for beat in beats if beat.kind == kind)


def _alive(name: str, kind: str, beats: list[Pulse]) -> Part:
    ages = [beat.age for beat in beats if beat.kind == kind]  # type: ignore[attr-defined]
    if alive := count(beats, kind):
        return Part(name=name, ok=True, detail=f"{alive} running.")
    if not ages:
        return Part(name=name, ok=False, detail="None has been seen. Start one.")
    seconds = int(min(ages).total_seconds())
    return Part(name=name, ok=False, detail=f"Last seen {seconds} s ago. Start it again.")


def redis_part() -> Part:
    """Return whether Redis answers, after two seconds at most."""
    try:
        redis_client.client().ping()
    except redis.RedisError:
        return Part(
            name="redis",
            ok=False,
            detail="Redis does not answer. Executions still start, some seconds later.",
        )
    return Part(name="redis", ok=True, detail="Redis answers.")
