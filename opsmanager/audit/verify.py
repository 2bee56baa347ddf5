"""Whether the trail is whole: every event as it was written, and each problem with its place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from opsmanager.audit.anchors import Anchor
from opsmanager.audit.models import Seal

_MOST: Final = 1000
"""So many problems are told; whoever reads as many knows enough."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that is not as it was written."""

    code: str
    message: str
    seal: int | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    month: date | None = None


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a look at the whole trail found."""

    at: datetime
    seals: int
    head: Anchor | None
    anchors: int
    """How many anchors from outside it was compared with."""
    problems: list[Problem]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def verify(*, anchors: Iterable[Anchor] = (), timeout: timedelta | None = None) -> Verification:
    """Look at every event and every seal, and compare the chain with the anchors.

    Takes seconds for each million of events. Raises :class:`django.db.OperationalError` after
    ``timeout``. One snapshot of the database answers it all.
    """
    known = list(anchors)
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if timeout is not None:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true)",
                [str(round(timeout.total_seconds() * 1000))],
            )
        cursor.execute(
            "SELECT * FROM audit_verify(make_interval(mins => %s)) LIMIT %s",
            [settings.AUDIT_SEAL_PATIENCE_MINUTES, _MOST],
        )
        problems = [_problem(*row) for row in cursor.fetchall()]
        problems += _against(known)
        last = Seal.objects.order_by("-n").first()
        return Verification(
            at=timezone.now(),
            seals=Seal.objects.count(),
            head=Anchor.of(last) if last else None,
            anchors=len(known),
            problems=problems,
        )


def _against(anchors: list[Anchor]) -> list[Problem]:
    """Compare the chain with what was written down outside."""
    numbers = {anchor.n for anchor in anchors}
    chains = {
        n: bytes(chain).hex()
        for n, chain in Seal.objects.filter(n__in=numbers).values_list("n", "chain")
    }
    found = {}
    for anchor in anchors:
        if anchor.n not in chains:
            what = (
                f"The chain has no seal {anchor.n}, which was anchored outside at "
                f"{anchor.at:%Y-%m-%d %H:%M:%S} UTC with the events up to {anchor.last_seq}: "
                "its end was cut off."
            )
            found[anchor.n] = Problem(
                code="TAIL_CUT", message=what, seal=anchor.n, last_seq=anchor.last_seq
            )
        elif chains[anchor.n] != anchor.chain:
            what = (
                f"Seal {anchor.n} is not the one that was anchored outside at "
                f"{anchor.at:%Y-%m-%d %H:%M:%S} UTC: the chain was written anew, there or before."
            )
            found[anchor.n] = Problem(
                code="ANCHOR_DIFFERS", message=what, seal=anchor.n, last_seq=anchor.last_seq
            )
    # One cut is one problem, however often what it took away was anchored.
    return [found[n] for n in sorted(found)][:_MOST]


def _problem(
    code: str, seal: int | None, first: int | None, last: int | None, month: date | None
) -> Problem:
    message = _SENTENCES[code](seal, _range(first, last), month)
    return Problem(
        code=code, message=message, seal=seal, first_seq=first, last_seq=last, month=month
    )


def _range(first: int | None, last: int | None) -> str:
    if first is None or first == last:
        return str(first)
    return f"{first} to {last}"


_SENTENCES: Final[dict[str, Callable[[int | None, str, date | None], str]]] = {
    "SEALS_MISSING": lambda seal, places, _m: (
        f"Before seal {seal} the chain has a hole: the seals {places} were removed."
    ),
    "SEAL_CHANGED": lambda seal, places, _m: (
        f"Seal {seal} (events {places}) was changed after it was made."
    ),
    "CHAIN_BROKEN": lambda seal, _p, _m: (
        f"Seal {seal} does not follow from the one before it: the chain is broken between them."
    ),
    "MEMBERS_CHANGED": lambda seal, places, _m: (
        f"Of the events {places} that seal {seal} was made over, some were removed or added "
        "together with their hash."
    ),
    "SEAL_MISSING": lambda seal, places, _m: (
        f"Seal {seal}, which was made over the events {places}, was removed."
    ),
    "EVENT_CHANGED": lambda seal, place, _m: (
        f"Event {place} (seal {seal}) was changed after it was written."
    ),
    "EVENT_MISSING": lambda seal, place, _m: f"Event {place} (seal {seal}) was removed.",
    "EVENTS_UNSEALED": lambda _s, places, month: (
        f"Of the events {places} of {month:%Y-%m} some were never sealed. Either no worker runs, "
        "or they were written past OpsManager."
    ),
    "MONTH_CHANGED": lambda seal, _p, month: (
        f"The chain does not hold seal {seal} as it was when the month {month:%Y-%m} left."
    ),
    "MONTH_UNTOLD": lambda _s, _p, month: (
        f"The month {month:%Y-%m} counts as having left, and no event tells of that."
    ),
}
