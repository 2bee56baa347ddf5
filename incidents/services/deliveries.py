"""What webhooks brought: taken in by a worker, in order, one taker a source at a time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from incidents.models import Delivery, SeenDelivery, Source
from incidents.services.taking import take_in
from incidents.sources.alert import Alert

log = structlog.get_logger(__name__)

_NAMES_KEPT: Final = timedelta(hours=24)
_DELIVERIES_KEPT: Final = timedelta(days=7)
_FAULT: Final = "could not be taken in, which the log of the worker explains"


def take_all(source_id: UUID) -> int:
    """Take in what waits of a source, and return how many deliveries.

    Nothing is done while another worker is at it. That one looks once more after it let go, so what
    came at the last moment is taken by one of both.
    """
    source = Source.objects.filter(pk=source_id).first()
    taken = 0
    while source is not None and _waits(source):
        with _holding(source) as is_ours:
            if not is_ours:
                break
            while delivery := _next(source):
                _take(source, delivery)
                taken += 1
    return taken


def take_waiting() -> int:
    """Take in what waits of any source, and return how many deliveries."""
    waiting = Delivery.objects.filter(source=OuterRef("pk"), handled_at=None)
    due = Source.objects.filter(Exists(waiting)).values_list("pk", flat=True)
    return sum(take_all(pk) for pk in list(due))


def prune() -> None:
    """Delete the names of deliveries after a day, and what was dealt with after a week."""
    now = timezone.now()
    SeenDelivery.objects.filter(seen_at__lt=now - _NAMES_KEPT).delete()
    Delivery.objects.filter(
        received_at__lt=now - _DELIVERIES_KEPT, handled_at__isnull=False
    ).delete()


def _waits(source: Source) -> bool:
    return Delivery.objects.filter(source=source, handled_at=None).exists()


def _next(source: Source) -> Delivery | None:
    return Delivery.objects.filter(source=source, handled_at=None).order_by("pk").first()


def _take(source: Source, delivery: Delivery) -> None:
    counted: Counter[str] = Counter()
    for kept in delivery.alerts:
        counted[_outcome(source, kept)] += 1
    said = ", ".join(f"{number} {what}" for what, number in counted.items())
    message = f"{said[0].upper()}{said[1:]}." if said else "It held no alert."
    Delivery.objects.filter(pk=delivery.pk).update(handled_at=Now(), message=message)
    if counted[_FAULT]:
        Source.objects.filter(pk=source.pk).update(
            last_error=f"{counted[_FAULT]} of an alert's delivery {_FAULT}.", last_error_at=Now()
        )


def _outcome(source: Source, kept: dict[str, object]) -> str:
    try:
        return str(take_in(source, Alert.from_json(kept)).outcome.value)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the delivery is kept, and taken by the next tick
    except Exception:
        log.exception("alert not taken in", source=source.slug)
        return _FAULT


@contextmanager
def _holding(source: Source) -> Iterator[bool]:
    """Hold the source for this connection; whether that succeeded is what it gives."""
    name = f"source:{source.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        (is_ours,) = cursor.fetchone()
    try:
        yield bool(is_ours)
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
