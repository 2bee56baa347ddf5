"""Proves that a webhook comes from who shares a secret with us, and is neither altered nor old.

The sender signs ``timestamp.body`` with HMAC-SHA256 (RFC 2104), as Stripe and others do, and sends
the time in seconds since 1970 and the signature in hexadecimal, also as ``sha256=…``. That the same
delivery does not count twice is kept by whoever receives it: see :class:`Deliveries`.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

WINDOW_SECONDS: Final = 300
"""How far the sender's clock, or the delivery's age, may be from ours."""
LARGEST_BODY: Final = 1024 * 1024
"""Bytes that are hashed at most."""
SHORTEST_SECRET: Final = 16
"""Characters; a shorter one could be guessed."""

_TIME: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(r"(?:sha256=)?([0-9a-f]{64})")
_DELIVERY: Final = re.compile(r"[A-Za-z0-9._:-]{1,200}")


class SignatureRefused(Exception):
    """The delivery is not proven to be genuine and new. What failed is not told to the sender."""

    def __init__(self) -> None:
        super().__init__("The signature is not valid.")


class Deliveries(Protocol):
    """Remembers the deliveries of one source, for at least twice :data:`WINDOW_SECONDS`."""

    def note(self, names: Sequence[str]) -> bool:
        """Keep the names of a delivery and return whether each of them is new.

        Of two that are noted at once exactly one is new, which a unique constraint decides.
        """


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """The secret of a source; while it is changed, also the one before. Raises ``ValueError``."""

    current: str = field(repr=False)
    previous: str = field(repr=False, default="")

    def __post_init__(self) -> None:
        for secret in filter(None, (self.current, self.previous)):
            if len(secret) < SHORTEST_SECRET:
                raise ValueError(f"A webhook's secret has at least {SHORTEST_SECRET} characters.")
        if not self.current:
            raise ValueError("A webhook without a secret would take anything. Set one.")

    @property
    def both(self) -> Sequence[bytes]:
        """Each that counts."""
        return tuple(secret.encode() for secret in (self.current, self.previous) if secret)


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a delivery as it is sent, ``sha256=`` and 64 digits."""
    return f"sha256={_digest(secret.encode(), str(timestamp), body)}"


def verify(
    *,
    secrets: Secrets,
    timestamp: str,
    signature: str,
    body: bytes,
    delivery_id: str,
    deliveries: Deliveries,
    now: float | None = None,
) -> None:
    """Return if the delivery is genuine and new. Raises :class:`SignatureRefused`.

    ``timestamp``, ``signature`` and ``delivery_id`` are as the headers hold them; ``body`` is as it
    came, before anything reads it. The delivery is noted only once its signature is right, so that
    nobody else can use up its id. ``now`` is the time in seconds, by default the machine's.
    """
    given = _SIGNATURE.fullmatch(signature)
    is_readable = _TIME.fullmatch(timestamp) and _DELIVERY.fullmatch(delivery_id)
    if given is None or not is_readable or len(body) > LARGEST_BODY:
        raise SignatureRefused
    # Each is compared, whichever fits: time tells nothing.
    fits = [
        hmac.compare_digest(_digest(secret, timestamp, body), given[1]) for secret in secrets.both
    ]
    age = (time.time() if now is None else now) - int(timestamp)
    if not any(fits) or abs(age) > WINDOW_SECONDS:
        raise SignatureRefused
    # The id is not signed: under another one, the same signature is still the same delivery.
    if not deliveries.note((f"delivery:{delivery_id}", f"signature:{given[1]}")):
        raise SignatureRefused


def _digest(secret: bytes, timestamp: str, body: bytes) -> str:
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
