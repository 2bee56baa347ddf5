"""The span of time that analytics look at, and its calendar periods in somebody's time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from opsmanager.common.problems import Invalid

MOST_PERIODS: Final = 1000
USUAL_DAYS: Final = 30
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2200


class Grouping(StrEnum):
    """The periods of a timeline."""

    DAY = "day"
    WEEK = "week"
    """From Monday, as ISO 8601 has it."""
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Span:
    """From ``start``, which is included, to ``end``, which is not.

    ``periods`` are the days, weeks or months in ``zone`` that it touches, without holes, each as
    its first day. The first and the last one are cut at the span. A day has the hours that it has
    in the zone, 23 or 25 where the clocks change; one that the zone has left out is no period.
    """

    start: datetime
    end: datetime
    zone: ZoneInfo
    grouping: Grouping = Grouping.DAY

    @cached_property
    def _begun(self) -> list[tuple[date, datetime]]:
        """The periods with the moment at which each begins, the first with the span."""
        day = _first_day(self.start.astimezone(self.zone).date(), self.grouping)
        begun = [(day, self.start)]
        day = _following(day, self.grouping)
        while (moment := midnight(day, self.zone)) < self.end:
            last = begun[-1][1]
            if moment <= last:
                # The zone has left the day before it out.
                begun[-1] = (day, last)
            else:
                begun.append((day, moment))
            day = _following(day, self.grouping)
        return begun

    @property
    def periods(self) -> list[date]:
        """The first day of each period."""
        return [day for day, _ in self._begun]

    @property
    def beginnings(self) -> list[datetime]:
        """The moment at which each period begins."""
        return [moment for _, moment in self._begun]

    @property
    def before(self) -> "Span":
        """The equally long span that ends where this one starts."""
        return Span(
            start=self.start - (self.end - self.start),
            end=self.start,
            zone=self.zone,
            grouping=self.grouping,
        )


def span(
    *,
    start: date | None = None,
    end: date | None = None,
    zone: ZoneInfo,
    grouping: Grouping = Grouping.DAY,
    now: datetime,
) -> Span:
    """Return the span that was asked for; a date is its midnight in the zone.

    Without an end it ends now, without a start it begins 29 days before the day of its last moment,
    so that thirty days are in it. Raises :class:`Invalid` where it is empty, or has more than
    :data:`MOST_PERIODS` periods.
    """
    until = now if end is None else _moment("endDate", end, zone)
    if start is None:
        last = (until - timedelta(microseconds=1)).astimezone(zone).date()
        since = midnight(last - timedelta(days=USUAL_DAYS - 1), zone)
    else:
        since = _moment("startDate", start, zone)
    if since >= until:
        raise _refused("startDate", "Use a time before endDate, which is now where it is left out.")
    _require_few(since, until, zone, grouping)
    return Span(start=since, end=until, zone=zone, grouping=grouping)


def zone(name: str) -> ZoneInfo:
    """Return the time zone of this IANA name. Raises :class:`Invalid`."""
    if name not in _names():
        raise _refused("timezone", "Use an IANA name such as Europe/Berlin or UTC.")
    return ZoneInfo(name)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a day, in UTC.

    Where the clocks skip midnight that is the moment of the change, where they repeat it the first
    of the two.
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _moment(name: str, asked: date, zone: ZoneInfo) -> datetime:
    """Return it in UTC; a date, or a time without an offset, is one of the zone."""
    if not FIRST_YEAR <= asked.year <= LAST_YEAR:
        raise _refused(name, f"Use a time of the years {FIRST_YEAR} to {LAST_YEAR}.")
    if not isinstance(asked, datetime):
        return midnight(asked, zone)
    return (asked if asked.tzinfo else asked.replace(tzinfo=zone)).astimezone(UTC)


def _require_few(since: datetime, until: datetime, zone: ZoneInfo, grouping: Grouping) -> None:
    first = _first_day(since.astimezone(zone).date(), grouping)
    last = (until - timedelta(microseconds=1)).astimezone(zone).date()
    match grouping:
        case Grouping.DAY:
            count, hint = (last - first).days + 1, " or groupBy=week or month"
        case Grouping.WEEK:
            count, hint = (last - first).days // 7 + 1, " or groupBy=month"
        case Grouping.MONTH:
            count = (last.year - first.year) * 12 + last.month - first.month + 1
            hint = ""
    if count > MOST_PERIODS:
        raise _refused(
            "groupBy",
            f"That would be {count:,} {grouping}s; {MOST_PERIODS:,} are the most. "
            f"Ask for a shorter span{hint}.",
        )


def _first_day(day: date, grouping: Grouping) -> date:
    match grouping:
        case Grouping.DAY:
            return day
        case Grouping.WEEK:
            return day - timedelta(days=day.weekday())
        case Grouping.MONTH:
            return day.replace(day=1)


def _following(day: date, grouping: Grouping) -> date:
    match grouping:
        case Grouping.DAY:
            return day + timedelta(days=1)
        case Grouping.WEEK:
            return day + timedelta(days=7)
        case Grouping.MONTH:
            return (day + timedelta(days=31)).replace(day=1)


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(f"{name} is not valid. {sentence}", details={name: [sentence]})
