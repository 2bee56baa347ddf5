"""Receiving webhooks: proven, read and kept; a worker makes incidents of them."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from incidents import wakeups
from incidents.models import Delivery, Source
from incidents.services import proofs
from incidents.services.proofs import NotProven, Received
from incidents.sources.alert import Alert
from incidents.sources.reading import Malformed
from incidents.sources.registry import FORMS
from opsmanager.common import secrets_in_use
from opsmanager.common.locked import SecretLocked
from opsmanager.common.problems import Invalid, Unavailable

log = structlog.get_logger(__name__)

_NOTED_EVERY: Final = timedelta(seconds=10)
_NAME: Final = (
    "INSERT INTO incidents_seendelivery (source_id, name) VALUES (%s, %s) ON CONFLICT DO NOTHING"
)
_REFUSED: Final = (
    "A delivery was refused: its token or signature was missing, wrong or too old. Compare what "
    "the sender is set up with, or make a new one here."
)


def receive(slug: str, received: Received) -> int:
    """Keep what a source sent, and return how many alerts it holds; 0 for what was sent before.

    Raises :class:`NotProven`, and :class:`Invalid` for what is proven and can't be read.
    """
    source = Source.objects.filter(slug=slug, is_active=True).first()
    if source is None:
        proofs.refuse(received)
    try:
        with transaction.atomic():
            alerts = _keep(source, received, proofs.prove(source, received))
    except NotProven:
        _note_error(source, _REFUSED)
        raise
    except SecretLocked as problem:
        _note_error(source, str(problem))
        log.exception("webhook can't be checked", source=slug)
        raise Unavailable("This can't be checked now. Send it again later.") from problem
    except Malformed as problem:
        _note_error(source, f"A delivery could not be read. {problem}", at_once=True)
        raise Invalid(str(problem), details={"body": [str(problem)]}) from problem
    _note_seen(source)
    return len(alerts)


def _keep(source: Source, received: Received, names: Sequence[str]) -> list[Alert]:
    """Keep the delivery unless it came before; in one transaction with its names."""
    if names and not _are_new(source, names):
        return []
    alerts = FORMS[source.kind].alerts_of(received.read(), source.mapping)
    if alerts:
        masks = _Masks()
        Delivery.objects.create(source=source, alerts=[masks.alert(one) for one in alerts])
        transaction.on_commit(partial(wakeups.send, source.pk))
    return alerts


class _Masks:
    """Masks the alerts of one delivery; what they have in common, such as labels, only once."""

    def __init__(self) -> None:
        self._redactor = secrets_in_use.redactor()
        self._texts: dict[str, str] = {}
        self._labels: dict[tuple[str, str], dict[str, str]] = {}

    def alert(self, alert: Alert) -> dict[str, Any]:
        """Return the alert as JSON, masked; what it is known by stays as it is."""
        kept = alert.as_json()
        for name in ("title", "description", "url"):
            kept[name] = self._text(kept[name])
        labels: dict[str, str] = {}
        for pair in kept["labels"].items():
            labels |= self._label(pair)
        return kept | {"labels": labels}

    def _text(self, text: str) -> str:
        if text not in self._texts:
            self._texts[text] = self._redactor.text(text)
        return self._texts[text]

    def _label(self, pair: tuple[str, str]) -> dict[str, str]:
        if pair not in self._labels:
            self._labels[pair] = self._redactor.value(dict([pair]))
        return self._labels[pair]


def _are_new(source: Source, names: Sequence[str]) -> bool:
    """Keep the names, and return whether each is new: of two at once, one finds them so."""
    new = 0
    with connection.cursor() as cursor:
        for name in sorted(names):  # else two could wait for one another
            cursor.execute(_NAME, [source.pk, name])
            new += cursor.rowcount
    return new == len(names)


def _note_seen(source: Source) -> None:
    """Note that it lives, not with each of a thousand: they would wait for one another."""
    now = timezone.now()
    if source.last_seen_at is None or source.last_seen_at < now - _NOTED_EVERY:
        Source.objects.filter(pk=source.pk).update(last_seen_at=Now())


def _note_error(source: Source, message: str, *, at_once: bool = False) -> None:
    """Note what is wrong; what anybody can cause not more often than all ten seconds."""
    before = timezone.now() - _NOTED_EVERY
    rows = Source.objects.filter(pk=source.pk)
    if not at_once:
        rows = rows.filter(Q(last_error_at=None) | Q(last_error_at__lt=before))
    rows.update(last_error=secrets_in_use.masked(message), last_error_at=Now())
