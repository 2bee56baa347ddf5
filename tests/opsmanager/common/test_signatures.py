import hashlib
import hmac
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from opsmanager.common.signatures import LARGEST_BODY, Secrets, SignatureRefused, sign, verify

SECRET, OLD, OTHER = "current-secret-0123", "previous-secret-456", "another-tenants-secret"
NOW = 1_800_000_000
BODY = b'{"alert": "disk full"}'


class Noted:
    """Deliveries in memory."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self._lock = threading.Lock()

    def note(self, names: Sequence[str]) -> bool:
        with self._lock:
            is_new = self.ids.isdisjoint(names)
            self.ids.update(names)
            return is_new


def deliver(noted: Noted | None = None, **changed: Any) -> None:
    given = {
        "secrets": Secrets(current=SECRET, previous=OLD),
        "timestamp": str(NOW),
        "signature": sign(SECRET, NOW, BODY),
        "body": BODY,
        "delivery_id": "d-1",
        "deliveries": noted or Noted(),
        "now": NOW,
    }
    verify(**{**given, **changed})


def test_a_signature_is_what_any_other_implementation_makes() -> None:
    expected = hmac.new(SECRET.encode(), b"1800000000." + BODY, hashlib.sha256).hexdigest()
    assert sign(SECRET, NOW, BODY) == f"sha256={expected}"
    deliver()
    deliver(signature=expected)


def test_the_secret_before_counts_while_it_is_changed_and_no_longer() -> None:
    signature = sign(OLD, NOW, BODY)
    deliver(signature=signature)
    with pytest.raises(SignatureRefused):
        deliver(signature=signature, secrets=Secrets(current=SECRET))


def at(seconds: int) -> dict[str, str]:
    """A delivery that was signed at another time."""
    return {"timestamp": str(NOW + seconds), "signature": sign(SECRET, NOW + seconds, BODY)}


@pytest.mark.parametrize("seconds", [-300, -299, 0, 300])
def test_a_clock_may_be_five_minutes_off(seconds: int) -> None:
    deliver(**at(seconds))


FORGERIES = {
    "an altered body": {"body": BODY + b" "},
    "an altered time": {"timestamp": str(NOW + 1)},
    "an altered signature": {"signature": sign(SECRET, NOW, BODY)[:-1] + "g"},
    "another signature": {"signature": "sha256=" + "0" * 64},
    "the secret of another source": {"signature": sign(OTHER, NOW, BODY)},
    "an empty secret": {"signature": sign("", NOW, BODY)},
    "too old": at(-301),
    "from the future": at(301),
    "no signature": {"signature": ""},
    "no time": {"timestamp": ""},
    "no delivery": {"delivery_id": ""},
    "only the body signed": {
        "signature": hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    },
    "a time that is none": {"timestamp": "1e9", "signature": sign(SECRET, NOW, BODY)},
    "digits of another script": {"timestamp": "١٨٠٠٠٠٠٠٠٠"},
    "part of the time moved into the body": {
        "timestamp": "1800000",
        "body": b"000." + BODY,
    },
    "SHA-1": {"signature": "sha1=" + "0" * 40},
    "capitals": {"signature": sign(SECRET, NOW, BODY).upper()},
    "a delivery with a newline": {"delivery_id": "d\n1"},
    "too large a body": {
        "body": b"x" * (LARGEST_BODY + 1),
        "signature": sign(SECRET, NOW, b"x" * (LARGEST_BODY + 1)),
    },
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_without_a_detail_and_uses_up_no_delivery(forgery: str) -> None:
    noted = Noted()
    with pytest.raises(SignatureRefused) as refusal:
        deliver(noted, **FORGERIES[forgery])
    assert str(refusal.value) == "The signature is not valid."
    assert noted.ids == set()


@pytest.mark.parametrize("again", [{}, {"delivery_id": "d-2"}, at(1)])
def test_a_replay_is_refused_also_under_another_id_or_with_another_time(
    again: dict[str, str],
) -> None:
    noted = Noted()
    deliver(noted)
    with pytest.raises(SignatureRefused):
        deliver(noted, **again)
    deliver(noted, **at(2), delivery_id="d-3")


def test_of_a_hundred_replays_at_once_exactly_one_counts() -> None:
    noted = Noted()

    def once(_: int) -> bool:
        try:
            deliver(noted)
        except SignatureRefused:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(once, range(100))) == 1


@pytest.mark.parametrize(
    "given", [{"current": ""}, {"current": "short"}, {"current": SECRET, "previous": "short"}]
)
def test_an_empty_or_short_secret_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="webhook"):
        Secrets(**given)


def test_secrets_are_not_in_their_repr() -> None:
    assert SECRET not in repr(Secrets(current=SECRET, previous=OLD))
    assert OLD not in repr(Secrets(current=SECRET, previous=OLD))
