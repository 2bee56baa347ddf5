"""Channels: made, changed and tried, with their addresses sealed at once and never read back."""

import re
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from opsmanager.accounts import places
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use, vault
from opsmanager.common.problems import Conflict, Invalid
from opsmanager.notifications import child, outbox, runbooks
from opsmanager.notifications.message import CHOSEN, SEVERITIES, Event, Message
from opsmanager.notifications.models import Channel, Delivery, DeliveryState

LISTS: Final = ("events", "severities", "runbook_ids", "group_ids")
_NO_URL: Final = "Enter the address of the service, such as slack://TokenA/TokenB/TokenC."
_WIRE: Final = re.compile(r"_([a-z])")


def save(
    *,
    actor: User,
    channel: Channel | None = None,
    name: str,
    url: str = "",
    is_active: bool = True,
    quiet_minutes: int = 15,
    events: Iterable[str] = (),
    severities: Iterable[str] = (),
    runbook_ids: Iterable[str] = (),
    group_ids: Iterable[UUID | str] = (),
) -> Channel:
    """Make a channel, or change one; without an address the sealed one stays.

    Raises :class:`Invalid` with what is wrong by camelCase names, and :class:`Conflict`.
    """
    row = Channel.objects.get(pk=channel.pk) if channel else Channel()
    before = {field: getattr(row, field) for field in ("name", "is_active", *LISTS)}
    row.name, row.is_active, row.quiet_minutes = name.strip(), is_active, quiet_minutes
    chosen: tuple[list[Any], ...] = (
        list(events),
        list(severities),
        list(runbook_ids),
        [UUID(str(pk)) for pk in group_ids],
    )
    for field, values in zip(LISTS, chosen, strict=True):
        setattr(row, field, list(dict.fromkeys(values)))
    _require_known(actor, row, before)
    url = url.strip()
    if url:
        # Asked before the transaction begins: it may wait for a name to be resolved.
        _seal(row, url)
    elif not row.sealed_url:
        raise _invalid("url", _NO_URL)
    with transaction.atomic():
        if Channel.objects.filter(name=row.name).exclude(pk=row.pk).exists():
            raise Conflict(f"There is a channel {row.name} already. Choose another name.")
        row.save()
        trail.record(
            "NOTIFICATION_CHANNEL_UPDATED" if channel else "NOTIFICATION_CHANNEL_CREATED",
            actor=actor,
            target=row,
            address=row.shown_url,
            isAddressGiven=bool(url),
            isActive=row.is_active,
            quietMinutes=row.quiet_minutes,
            **_lists(row),
        )
    return row


@transaction.atomic
def delete(*, actor: User, channel: Channel) -> None:
    """Delete a channel and what was sent through it; what waits is not sent."""
    trail.record(
        "NOTIFICATION_CHANNEL_DELETED", actor=actor, target=channel, address=channel.shown_url
    )
    channel.delete()


@transaction.atomic
def test(*, actor: User, channel: Channel) -> Delivery:
    """Send a message to one channel, whatever is routed there; also to one that is switched off."""
    row = outbox.store(
        channel,
        Message(
            event=Event.CHANNEL_TEST,
            severity="LOW",
            title=f"OpsManager can reach {channel.name}",
            body=f"{actor.get_username()} tried this channel. Nothing happened, and there is "
            "nothing to do.",
            path="/notifications/",
            key=f"test:{channel.pk}",
        ),
        asked_for=True,
    )
    trail.record("NOTIFICATION_CHANNEL_TESTED", actor=actor, target=channel)
    return row


@transaction.atomic
def resend(*, actor: User, delivery: Delivery) -> Delivery:
    """Send a message again, as it was; the log shows both. Raises :class:`Conflict`."""
    if delivery.state == DeliveryState.PENDING and delivery.attempts == 0:
        raise Conflict("It has not been sent yet, and will be by itself. Wait for its result.")
    again = Delivery.objects.create(
        **{
            field: getattr(delivery, field)
            for field in ("channel", "event", "severity", "title", "body", "url", "key")
        },
        asked_for=True,
        resend_of=delivery,
    )
    # What waits for its next attempt would arrive as well.
    Delivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.PENDING, lease_until__isnull=True
    ).update(state=DeliveryState.FAILED, next_attempt_at=None)
    outbox.wake(again)
    trail.record("NOTIFICATION_RESENT", actor=actor, target=delivery, channel=delivery.channel.name)
    return again


def _lists(row: Channel) -> dict[str, Any]:
    return {_camel(field): [str(value) for value in getattr(row, field)] for field in LISTS}


def _seal(row: Channel, url: str) -> None:
    secrets_in_use.remember([url])
    answer = child.look(url)
    if not answer.ok:
        raise _invalid("url", answer.reason)
    row.sealed_url = vault.seal(url, row=str(row.pk), field="url")
    row.shown_url = answer.shown[:200]
    row.failures, row.rests_until = 0, None


def _require_known(actor: User, row: Channel, before: dict[str, Any]) -> None:
    """Refuse what nothing could ever fit; what was chosen before it went away may stay."""
    groups = [place.id for place in places.of(actor) if place.is_group] if row.group_ids else []
    known: dict[str, Iterable[Any]] = {
        "events": CHOSEN,
        "severities": SEVERITIES,
        "runbook_ids": runbooks.known() if row.runbook_ids else (),
        "group_ids": groups,
    }
    for field, values in known.items():
        wrong = set(getattr(row, field)) - set(values) - set(before[field])
        if wrong:
            listed = ", ".join(sorted(map(str, wrong)))
            raise _invalid(_camel(field), f"There is no {listed} to choose.")


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, details={field: [sentence]})


def _camel(name: str) -> str:
    return _WIRE.sub(lambda found: found[1].upper(), name)
