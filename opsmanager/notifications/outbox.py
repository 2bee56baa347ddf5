"""Telling a message: a row for each channel it is routed to, in the caller's transaction."""

from datetime import timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from opsmanager.common import secrets_in_use
from opsmanager.notifications import wakeups
from opsmanager.notifications.message import Event, Message
from opsmanager.notifications.models import Channel, Delivery, DeliveryState

_TITLE: Final = 200
_BODY: Final = 4000
_LOCK: Final = 0x4E4F  # the first of the two numbers by which PostgreSQL tells our locks apart


def tell(message: Message) -> list[Delivery]:
    """Store the message for each channel that wants it; workers send it once that is committed.

    Returns the new deliveries: none where the same was told a short time ago, which is counted
    there. What tells never waits for a channel, and a channel that fails changes nothing for it.
    """
    channels = [row for row in _listening(message.event) if wants(row, message)]
    if not channels:
        return []
    with transaction.atomic():
        _one_at_a_time(message.key)
        return [store(channel, message) for channel in channels if not _is_repeat(channel, message)]


def is_heard(event: Event) -> bool:
    """Return whether any channel wants this event, before somebody takes the trouble."""
    return _listening(event).exists()


def store(
    channel: Channel,
    message: Message,
    *,
    asked_for: bool = False,
) -> Delivery:
    """Store the message for one channel, and wake a worker once that is committed."""
    redactor = secrets_in_use.redactor()
    url = f"{settings.PUBLIC_URL}{message.path}"[:500]
    body = redactor.text(message.body).strip()
    if len(body) > _BODY:
        body = f"{body[: _BODY - 1].rstrip()}…"
    row = Delivery.objects.create(
        channel=channel,
        event=message.event,
        severity=message.severity,
        title=" ".join(redactor.sentence(message.title).split())[:_TITLE],
        body=f"{body}\n\n{url}".strip(),
        url=url,
        key=message.key[:200],
        asked_for=asked_for,
    )
    wake(row)
    return row


def leave_out(why: str) -> int:
    """Send nothing of what waits, and say why; return how many messages. People may resend them."""
    waiting = Delivery.objects.filter(state=DeliveryState.PENDING)
    return waiting.update(
        state=DeliveryState.FAILED, next_attempt_at=None, lease_until=None, error=why
    )


def wake(row: Delivery) -> None:
    """Wake a worker for a delivery once it is committed."""
    transaction.on_commit(partial(wakeups.send, [row.pk]))


def wants(channel: Channel, message: Message) -> bool:
    """Return whether a channel wants the message, by each of its lists that is not empty."""
    return (
        (not channel.events or message.event in channel.events)
        and (not channel.severities or message.severity in channel.severities)
        and (not channel.runbook_ids or message.runbook_id in channel.runbook_ids)
        and (not channel.group_ids or bool(set(channel.group_ids) & set(message.group_ids)))
    )


def _listening(event: Event) -> QuerySet[Channel]:
    chosen = Q(events=[]) | Q(events__contains=[event])
    return Channel.objects.filter(chosen, is_active=True).order_by("pk")


def _one_at_a_time(key: str) -> None:
    """Wait for whoever tells the same at this moment: one of both is the repeat."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, key[:200]])


def _is_repeat(channel: Channel, message: Message) -> bool:
    """Count the message on the one before it, if that was told within the quiet minutes."""
    if not channel.quiet_minutes:
        return False
    since = Now() - timedelta(minutes=channel.quiet_minutes)
    before = Delivery.objects.filter(
        channel=channel,
        key=message.key[:200],
        event=message.event,
        created_at__gte=since,
        resend_of__isnull=True,
    ).order_by("-created_at")
    counted = Delivery.objects.filter(pk__in=before.values("pk")[:1]).update(
        repeats=F("repeats") + 1, last_repeat_at=Now()
    )
    return bool(counted)
