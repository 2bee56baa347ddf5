"""Every execution whose log holds a text, newest first, as far back as a few seconds reach.

Logs are far too long for an index of every part of every word, and the words that are indexed
elsewhere are no parts of words. So the logs themselves are read, which is bounded twice: executions
are taken newest first, some at a time, and reading stops when the time is up. The answer says how
far back it looked, and where to go on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from automation.models import Execution
from automation.selectors import executions, log_matches, runbooks
from automation.selectors.log_matches import Places, Spot, Text, TooSlow
from opsmanager.accounts import permissions
from opsmanager.common.problems import Invalid
from opsmanager.common.uuids import as_uuid

SHORTEST: Final = 3
LONGEST: Final = 200
USUAL_DAYS: Final = 7
SECONDS: Final = 4.0
_AT_ONCE_SECONDS: Final = 0.8
"""For one query; what took longer is tried again with fewer executions."""
_LEAST_SECONDS: Final = 0.1
_FIRST: Final = 256
_MOST: Final = 4096
_FEWER: Final = 8
_IS_QUICK: Final = 0.25
_POSITION: Final = re.compile(r"([0-9TZ:.-]{20,32})~([0-9a-f-]{36})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Match:
    """An execution whose log holds the text."""

    execution: Execution
    places: Places


@dataclass(frozen=True, kw_only=True)
class Matches:
    """The newest of them, and how far was looked."""

    matches: tuple[Match, ...]
    searched: int
    """How many executions' logs were read."""
    searched_back_to: datetime
    """All that were queued since then were looked through, up to where the page begins."""
    is_narrowed: bool
    """Whether the time was up before all was looked through."""
    skipped: int
    """Executions whose log alone takes too long to be read."""
    next: str | None
    """Where to go on, or ``None`` where nothing is left."""


def asked_for(
    user: permissions.Actor,
    sought: Text,
    *,
    start: datetime | None,
    end: datetime | None,
    runbook: str | None,
    server: UUID | None,
    before: str,
    limit: int,
) -> Matches:
    """Return what :func:`search` finds, by what a person or a client says, or leaves open.

    Raises :class:`Invalid`, and :class:`NotFound` for a runbook that the user may not see.
    """
    narrowed: dict[str, object] = {}
    if runbook is not None:
        narrowed["runbook"] = runbooks.get(user, runbook)
    if server is not None:
        narrowed["server"] = server
    end = end or timezone.now()
    return search(
        user,
        sought,
        start=start or _usual_start(end),
        end=end,
        narrowed_to=narrowed,
        before=before,
        limit=limit,
    )


def search(
    user: permissions.Actor,
    sought: Text,
    *,
    start: datetime,
    end: datetime,
    narrowed_to: Mapping[str, object] | None = None,
    before: str = "",
    limit: int = 20,
    seconds: float = SECONDS,
) -> Matches:
    """Return the executions queued from ``start`` up to ``end`` whose log holds the text.

    Only what the user may see. ``narrowed_to`` are look-ups, such as those of a runbook; ``before``
    is the ``next`` of the answer that it goes on from. Raises :class:`Invalid`.
    """
    require(sought, start, end)
    rows = executions.visible_to(user).filter(queued_at__gte=start, queued_at__lt=end)
    rows = rows.filter(**(narrowed_to or {}))
    position = _position(before) if before else None
    until = monotonic() + seconds
    found: dict[UUID, Places] = {}
    order: list[Spot] = []
    searched = skipped = 0
    size, is_through = _FIRST, False
    while len(found) < limit:
        left = until - monotonic()
        # Something is looked at each time, however slow it is: the next answer goes on from there.
        if left <= 0 and searched:
            break
        spots = _following(rows, position, size)
        if not spots:
            is_through = True
            break
        began = monotonic()
        try:
            hits = log_matches.places(
                sought, spots, seconds=min(max(left, _LEAST_SECONDS), _AT_ONCE_SECONDS)
            )
        except TooSlow:
            if len(spots) > 1:
                size = max(len(spots) // _FEWER, 1)
                continue
            skipped, hits = skipped + 1, {}
        last = _last_wanted(spots, hits, limit - len(found))
        position = spots[last]
        searched += last + 1
        order += [spot for spot in spots[: last + 1] if spot[0] in hits]
        found |= {pk: hits[pk] for pk, _ in spots[: last + 1] if pk in hits}
        is_through = last + 1 == len(spots) < size
        if is_through:
            break
        if monotonic() - began < _IS_QUICK:
            size = min(size * 2, _MOST)
    shown = executions.visible_to(user).in_bulk([pk for pk, _ in order])
    return Matches(
        matches=tuple(
            Match(execution=shown[pk], places=found[pk]) for pk, _ in order if pk in shown
        ),
        searched=searched,
        searched_back_to=start if is_through or position is None else position[1],
        is_narrowed=not is_through and len(found) < limit,
        skipped=skipped,
        next=None if is_through or position is None else _written(position),
    )


def _usual_start(end: datetime) -> datetime:
    """Return since when is looked where nobody says. Raises :class:`Invalid`."""
    try:
        return end - timedelta(days=USUAL_DAYS)
    except OverflowError:
        raise _refused("endDate", "Use a time of this century.") from None


def require(sought: Text, start: datetime, end: datetime) -> None:
    """Raise :class:`Invalid` for what can't be looked for."""
    if not SHORTEST <= len(sought.text) <= LONGEST:
        raise _refused("search", f"Use a text of {SHORTEST} to {LONGEST} characters.")
    if "\0" in sought.text:
        raise _refused("search", "A log holds no such character.")
    if start >= end:
        raise _refused("startDate", "Use a time before endDate, which is now where it is left out.")


def _following(rows: QuerySet[Execution], position: Spot | None, size: int) -> list[Spot]:
    if position is not None:
        pk, at = position
        rows = rows.filter(Q(queued_at__lt=at) | Q(queued_at=at, pk__lt=pk), queued_at__lte=at)
    return list(rows.values_list("pk", "queued_at")[:size])


def _last_wanted(spots: list[Spot], hits: Mapping[UUID, Places], wanted: int) -> int:
    """Return the number of the last execution that is still looked at for this page."""
    places = [number for number, (pk, _) in enumerate(spots) if pk in hits]
    return places[wanted - 1] if len(places) >= wanted else len(spots) - 1


def _written(position: Spot) -> str:
    pk, at = position
    return f"{at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}~{pk}"


def _position(text: str) -> Spot:
    found = _POSITION.fullmatch(text)
    pk = as_uuid(found[2]) if found else None
    try:
        at = datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        at = None
    if pk is None or at is None or at.tzinfo is None:
        raise _refused("before", "Use the next of an answer as it is.")
    return pk, at


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(f"{name} is not valid. {sentence}", details={name: [sentence]})
