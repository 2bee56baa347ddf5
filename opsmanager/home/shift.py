"""The span of time that a shift takes: how it is asked for, and which is refused."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from opsmanager.common.problems import Invalid

USUAL_HOURS: Final = 8
OFFERED_HOURS: Final = (8, 12, 24)
MOST_HOURS: Final = 24 * 31
_MOST_AHEAD: Final = 24


@dataclass(frozen=True, kw_only=True)
class Shift:
    """From ``start``, which is included, to ``end``, which is not; both in UTC."""

    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end - self.start) / timedelta(hours=1)

    @property
    def hours_ahead(self) -> int:
        """How far the next shift looks: as long as this one, in whole hours, a day at most."""
        return min(max(round(self.hours), 1), _MOST_AHEAD)


def asked_for(
    *, hours: int | None, start: datetime | None, end: datetime | None, now: datetime
) -> Shift:
    """Return the shift that somebody asks for: so many hours up to its end, or from its start.

    It ends now unless told otherwise, and takes 8 hours unless told otherwise. Raises
    :class:`Invalid`.
    """
    if hours is not None and start is not None:
        raise _refused("hours", "Give either hours or startDate.")
    until = (end or now).astimezone(UTC)
    try:
        since = start or until - timedelta(hours=hours or USUAL_HOURS)
    except OverflowError:
        raise _refused("endDate", "Use a time of this century.") from None
    since = since.astimezone(UTC)
    if until > now + timedelta(minutes=1):
        raise _refused("endDate", "Use a time that is over: nobody knows yet what comes.")
    if since >= until:
        raise _refused("startDate", "Use a time before endDate, which is now where it is left out.")
    if until - since > timedelta(hours=MOST_HOURS):
        raise _refused(
            "startDate", "A handover is about 31 days at most; Analytics look further back."
        )
    return Shift(start=since, end=until)


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(f"{name} is not valid. {sentence}", details={name: [sentence]})
