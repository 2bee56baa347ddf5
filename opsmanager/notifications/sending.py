"""Sending what the outbox holds: claimed by one worker each, one at a time for each channel."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from opsmanager.common import connections, secrets_in_use, vault
from opsmanager.notifications import child, kinds, wakeups
from opsmanager.notifications.child import Answer
from opsmanager.notifications.message import Event
from opsmanager.notifications.models import Channel, Delivery, DeliveryState

log = structlog.get_logger(__name__)

BACK_OFF: Final = (30, 120, 600, 3600)
"""Seconds before a further attempt, by how many failed."""
ATTEMPTS: Final = len(BACK_OFF) + 1
REST: Final = (30, 60, 120)
"""Seconds that a channel rests, by how many sends in a row failed there; the last one stays."""
LEASE: Final = timedelta(seconds=child.SECONDS + 30)
TOO_OLD: Final = timedelta(hours=24)
"""After so long nobody wants to be woken by it any more."""
_LOST: Final = (
    "The worker that sent it was lost meanwhile, so it was sent again and may arrive twice."
)
_LOST_TWICE: Final = (
    "The workers that sent it were lost twice, so it is sent no more by itself. It may have "
    "arrived; look there, and send it again if it did not."
)
_TONES: Final = {
    Event.EXECUTION_FIXED: "success",
    Event.INCIDENT_RESOLVED: "success",
    Event.REMEDIATION_STARTED: "info",
    Event.CHANNEL_TEST: "info",
    Event.EXECUTION_FAILED: "failure",
    Event.EXECUTION_UNKNOWN: "failure",
    Event.INCIDENT_OPENED: "failure",
    Event.BREAKER_OPENED: "failure",
}
_LONG_SECRET: Final = 16


def send(delivery_id: UUID) -> bool:
    """Send a delivery, if it is due and nothing else is being sent to its channel; say whether.

    Never raises for what the other side does. Holds neither transaction nor connection meanwhile.
    """
    claimed = claim(delivery_id)
    if claimed is None:
        return False
    try:
        answer = _sent(claimed)
    except Exception as problem:
        log.exception("a notification could not be sent", delivery=str(claimed.pk))
        answer = Answer(
            ok=False, reason=f"OpsManager failed to send it ({type(problem).__name__})."
        )
    finish(claimed, answer)
    wakeups.send(due().filter(channel=claimed.channel_id).values_list("pk", flat=True)[:1])
    return True


def wake_due() -> None:
    """Wake a worker for the first of each channel that is due."""
    first = due().order_by("channel_id", "-asked_for", "created_at").distinct("channel_id")
    wakeups.send(list(first.values_list("pk", flat=True)))


def due() -> QuerySet[Delivery]:
    """Return what may be sent now, the oldest first; what a person waits for before the others."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
    is_rested = Q(channel__rests_until__isnull=True) | Q(channel__rests_until__lte=Now())
    return Delivery.objects.filter(
        is_free,
        is_rested | Q(asked_for=True),
        state=DeliveryState.PENDING,
        next_attempt_at__lte=Now(),
    ).order_by("-asked_for", "created_at")


@transaction.atomic
def claim(delivery_id: UUID) -> Delivery | None:
    """Take a delivery to be sent by this worker alone; ``None`` when there is nothing to do.

    The channel's row is locked for as long as this takes, so that two workers can't each find
    that nothing is being sent there.
    """
    free = Channel.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    channel = free.filter(deliveries=delivery_id).first()
    if channel is None or channel.deliveries.filter(lease_until__gte=Now()).exists():
        return None
    row = due().filter(pk=delivery_id).first()
    if row is None:
        return None
    was_lost = row.lease_until is not None
    if reason := _too_late(row, channel, was_lost=was_lost):
        _given_up(row, reason)
        return None
    row.attempts += 1
    row.times_lost += was_lost
    row.error = _LOST if was_lost else row.error
    Delivery.objects.filter(pk=row.pk).update(
        attempts=row.attempts,
        times_lost=row.times_lost,
        error=row.error,
        lease_until=Now() + LEASE,
    )
    row.channel = channel
    return row


@transaction.atomic
def finish(row: Delivery, answer: Answer) -> bool:
    """Write what came of a send; ``False`` when it is no longer this worker's to end."""
    held = Delivery.objects.filter(
        pk=row.pk,
        state=DeliveryState.PENDING,
        attempts=row.attempts,
        lease_until__isnull=False,
    )
    if answer.ok:
        written = held.update(
            state=DeliveryState.SENT,
            sent_at=Now(),
            next_attempt_at=None,
            lease_until=None,
            error=_LOST if row.times_lost else "",
        )
        if written:
            Channel.objects.filter(pk=row.channel_id).update(failures=0, rests_until=None)
        return bool(written)
    is_over = answer.is_refused or row.attempts >= ATTEMPTS or row.event == Event.CHANNEL_TEST
    after = timedelta(seconds=BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1])
    written = held.update(
        state=DeliveryState.FAILED if is_over else DeliveryState.PENDING,
        next_attempt_at=None if is_over else Now() + after,
        lease_until=None,
        error=answer.reason,
    )
    if written:
        rest = REST[min(row.channel.failures, len(REST) - 1)]
        Channel.objects.filter(pk=row.channel_id).update(
            failures=F("failures") + 1, rests_until=Now() + timedelta(seconds=rest)
        )
    return bool(written)


def forget_old() -> None:
    """Delete deliveries that are older than they are kept; none that waits."""
    before = Now() - timedelta(days=settings.NOTIFY_RETENTION_DAYS)
    Delivery.objects.filter(created_at__lt=before).exclude(state=DeliveryState.PENDING).delete()


def _sent(row: Delivery) -> Answer:
    channel = row.channel
    try:
        url = vault.open_sealed(channel.sealed_url, row=str(channel.pk), field="url")
    except vault.SecretUnreadable as problem:
        return Answer(ok=False, reason=str(problem), is_refused=True)
    secrets_in_use.remember(part for part in kinds.secrets_of(url) if len(part) >= _LONG_SECRET)
    connections.give_back()
    tone = _TONES.get(Event(row.event), "warning")
    return child.send(url, title=row.title, body=row.body, tone=tone)


def _too_late(row: Delivery, channel: Channel, *, was_lost: bool) -> str:
    """Return why a delivery is sent no more; empty when it is."""
    if was_lost and row.times_lost:
        return _LOST_TWICE
    if not channel.is_active and not row.asked_for:
        return "The channel was switched off before it was sent."
    is_old = Delivery.objects.filter(pk=row.pk, created_at__lt=Now() - TOO_OLD).exists()
    if is_old and not row.asked_for:
        hours = int(TOO_OLD.total_seconds() // 3600)
        return f"It could not be sent within {hours} hours. {row.error}".strip()
    return ""


def _given_up(row: Delivery, reason: str) -> None:
    Delivery.objects.filter(pk=row.pk).update(
        state=DeliveryState.FAILED, next_attempt_at=None, lease_until=None, error=reason
    )
