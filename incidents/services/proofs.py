"""Proving that a webhook comes from the source that it names: by its token, or its signature."""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from incidents.models import Source
from incidents.sources import pagerduty
from opsmanager.accounts import token_text
from opsmanager.common import locked, secrets_in_use, signatures
from opsmanager.common.signatures import WINDOW_SECONDS, Secrets, SignatureRefused

CURRENT: Final = "secret"
PREVIOUS: Final = "previous"
_BEARER: Final = "bearer "
_TIME: Final = re.compile(r"[0-9]{1,12}")
_NOBODY: Final = Source(token_digest=hashlib.sha256(b"nobody has this").hexdigest())


class NotProven(Exception):
    """It is not proven who sent it. What was wrong is not told to the sender."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """A webhook as it came."""

    headers: Mapping[str, str]
    body: bytes
    read: Callable[[], Any]
    """Reads the body as JSON. Raises ``Malformed``."""


def refuse(received: Received) -> NoReturn:
    """Refuse what names no source, after as much work as a wrong token takes.

    Raises :class:`NotProven`.
    """
    _prove_token(_NOBODY, received)
    raise NotProven


def prove(source: Source, received: Received) -> Sequence[str]:
    """Return the names by which this delivery is known again, if it has any.

    Raises :class:`NotProven`, and :class:`opsmanager.common.locked.SecretLocked`.
    """
    if not source.signs:
        _prove_token(source, received)
        return ()
    if not source.has_secret:
        raise NotProven
    return _SCHEMES[source.kind](_secrets(source), received)


def purpose(source: Source, name: str) -> str:
    """Return what a secret of a source is locked for."""
    return f"incidents.source:{source.pk}:{name}"


def _prove_token(source: Source, received: Received) -> None:
    header = received.headers.get("Authorization", "")
    token = header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
    given = token_text.digest(token)
    known = [source.token_digest, source.previous_token_digest]
    # Each is compared, whichever fits: time tells nothing.
    fits = [hmac.compare_digest(given, digest) for digest in known if digest]
    if not (token_text.is_whole(token) and any(fits)):
        raise NotProven


def _secrets(source: Source) -> Secrets:
    current = locked.unlock(source.locked_secret, purpose=purpose(source, CURRENT))
    previous = source.locked_previous_secret
    before = locked.unlock(previous, purpose=purpose(source, PREVIOUS)) if previous else ""
    secrets_in_use.remember((current, before))
    return Secrets(current=current, previous=before)


class _Names:
    """Takes the names that a signature gives; whoever stores the delivery asks if they are new."""

    def __init__(self) -> None:
        self.names: Sequence[str] = ()

    def note(self, names: Sequence[str]) -> bool:
        """Keep them."""
        self.names = names
        return True


def _by_our_form(secrets: Secrets, received: Received) -> Sequence[str]:
    names = _Names()
    headers = received.headers
    try:
        signatures.verify(
            secrets=secrets,
            timestamp=headers.get("X-OpsManager-Timestamp", ""),
            signature=headers.get("X-OpsManager-Signature", ""),
            delivery_id=headers.get("X-OpsManager-Delivery", ""),
            body=received.body,
            deliveries=names,
        )
    except SignatureRefused:
        raise NotProven from None
    return names.names


def _by_grafana(secrets: Secrets, received: Received) -> Sequence[str]:
    """Check HMAC-SHA256 over ``<time>:<body>``, in hexadecimal.

    The time is only signed where the contact point names a header for it; without it, what was
    sent once could be sent again for ever, so it is wanted here.
    """
    timestamp = received.headers.get("X-Grafana-Alerting-Timestamp", "")
    given = received.headers.get("X-Grafana-Alerting-Signature", "")
    signed = timestamp.encode() + b":" + received.body
    is_new = _TIME.fullmatch(timestamp) and abs(time.time() - int(timestamp)) <= WINDOW_SECONDS
    if not (_fits(secrets, signed, [given]) and is_new):
        raise NotProven
    return (f"signature:{given.lower()}",)


def _by_pagerduty(secrets: Secrets, received: Received) -> Sequence[str]:
    """Check HMAC-SHA256 over the body: ``v1=<hexadecimal>``, several while a secret is changed."""
    header = received.headers.get("X-PagerDuty-Signature", "")
    parts = [part.strip() for part in header.split(",")[:10]]
    given = [part.removeprefix("v1=") for part in parts if part.startswith("v1=")]
    if not _fits(secrets, received.body, given):
        raise NotProven
    name = pagerduty.delivery_of(received.read())
    return (f"delivery:{name}",) if name else ()


def _fits(secrets: Secrets, signed: bytes, given: Sequence[str]) -> bool:
    wanted = [hmac.new(one, signed, hashlib.sha256).hexdigest().encode() for one in secrets.both]
    # Bytes: compare_digest takes no text beyond ASCII.
    sent = [one.lower().encode() for one in given]
    return any(hmac.compare_digest(one, other) for one in wanted for other in sent)


_SCHEMES: Final[Mapping[str, Callable[[Secrets, Received], Sequence[str]]]] = {
    "generic": _by_our_form,
    "grafana": _by_grafana,
    "pagerduty": _by_pagerduty,
}
