"""Slows down whoever guesses passwords, and nobody else.

Tries are counted by account, by address and all together; after a few wrong ones each further try
has to wait twice as long as the one before. Nothing is ever locked: a lock would let anybody shut
the owner out. The owner's own browser and address are known from earlier logins and counted for
themselves, so the owner gets in while others guess.

A try is reserved before its password is looked at, so that many at once are counted, too.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from opsmanager.accounts.models import LoginThrottle
from opsmanager.common.problems import TooManyTries

ABANDONED_SECONDS = 30
"""After which a try whose process died counts no more."""
KEPT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How many wrong tries are free, and how long one waits after more of them."""

    free: int
    first: int
    """Seconds to wait after the last free one; each further one doubles it."""
    most: int
    """Seconds to wait at most."""
    forgotten_in: int
    """Seconds in which one wrong try is forgotten."""

    def wait(self, failed: float) -> timedelta:
        """Return how long to wait after so many wrong tries."""
        beyond = _whole(failed) - self.free
        if beyond < 0:
            return timedelta(0)
        return timedelta(seconds=min(self.most, self.first * 2 ** min(beyond, 30)))


# The first two together let at most 20 tries an hour through for one account.
ACCOUNT = Limit(free=3, first=60, most=900, forgotten_in=1800)
KNOWN = Limit(free=5, first=60, most=900, forgotten_in=1800)
ADDRESS = Limit(free=20, first=30, most=900, forgotten_in=180)
EVERYBODY = Limit(free=200, first=1, most=5, forgotten_in=5)

Limits = Mapping[str, Limit]
"""What a try counts for: limits by the key of their row."""


def key(*words: str) -> str:
    """Return the key of a row, from which the words can't be read."""
    text = "\x00".join(words)
    return salted_hmac("opsmanager.accounts.throttle", text, algorithm="sha256").hexdigest()


def reserve(limits: Limits) -> None:
    """Reserve one try, which counts for all of the limits.

    Raises :class:`TooManyTries` when one of them wants it to wait; then it counts for none.
    """
    with transaction.atomic():
        rows, now = _locked(limits)
        waits = {row.key: _wait(row, limits[row.key], now) for row in rows}
        longest = max(waits.values())
        # Others wait only until those that are being looked at have turned out right or wrong.
        guessed = {row.key for row in rows if row.free_at > now}
        is_news = any(row.key in guessed and not row.is_told for row in rows)
        for row in rows:
            row.is_told = row.key in guessed
            if not longest:
                row.trying += 1
        _save(rows)
    if longest:
        seconds = math.ceil(longest.total_seconds())
        raise TooManyTries(seconds, is_busy=not guessed, is_news=is_news)


def was_wrong(limits: Limits) -> None:
    """Count a reserved try as wrong."""
    with transaction.atomic():
        rows, now = _locked(limits)
        for row in rows:
            row.trying = max(0, row.trying - 1)
            row.failed += 1
            row.free_at = max(row.free_at, now + limits[row.key].wait(row.failed))
        _save(rows)


def was_right(limits: Limits, *, own: str | None = None) -> None:
    """Give a reserved try back, and forget the wrong ones of the row ``own``.

    The wrong ones of the others stay: else whoever has one password could guess others for ever.
    """
    with transaction.atomic():
        rows, _now = _locked(limits)
        for row in rows:
            row.trying = max(0, row.trying - 1)
            if row.key == own:
                row.failed = 0
        _save(rows)


def prune() -> None:
    """Delete the rows that mean nothing any more."""
    old = LoginThrottle.objects.filter(last_at__lt=timezone.now() - KEPT)
    old.exclude(known_until__gt=timezone.now()).delete()


def _whole(failed: float) -> int:
    """Return wrong tries as whole ones; one that is hardly forgotten yet counts."""
    return math.ceil(failed - 0.001)


def _wait(row: LoginThrottle, limit: Limit, now: datetime) -> timedelta:
    if row.free_at > now:
        return row.free_at - now
    # One that is being looked at may turn out wrong, too.
    if row.trying and _whole(row.failed) + row.trying >= limit.free:
        return timedelta(seconds=1)
    return timedelta(0)


def _locked(limits: Limits) -> tuple[list[LoginThrottle], datetime]:
    """Return the rows, with what time has forgotten, locked in one order, and the time."""
    LoginThrottle.objects.bulk_create(
        [LoginThrottle(key=each) for each in limits], ignore_conflicts=True
    )
    found = LoginThrottle.objects.select_for_update().filter(pk__in=list(limits)).order_by("pk")
    rows = list(found)
    # Looked at after the wait for the locks, by the one clock that all processes share.
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    for row in rows:
        gone = (now - row.last_at).total_seconds()
        row.failed = max(0.0, row.failed - max(0.0, gone) / limits[row.key].forgotten_in)
        if gone > ABANDONED_SECONDS:
            row.trying = 0
        row.last_at = now
    return rows, now


def _save(rows: Iterable[LoginThrottle]) -> None:
    LoginThrottle.objects.bulk_update(rows, ("failed", "trying", "free_at", "last_at", "is_told"))
