"""What Debian's cron does, written down anew and plainly: a walk from minute to minute.

An expression whose minute or hour begins with a star follows the clock on the wall. Any other is
for a time of the day: what the clock leaves out when it is put forward runs at once, and what it
shows for a second time when it is put back does not run again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))

Shown = tuple[datetime, int, int, int, int, int]
"""A moment, and what minute, hour, day, month and day of the week the clock shows then."""


def _shown(at: datetime, wall: datetime) -> Shown:
    return at, wall.minute, wall.hour, wall.day, wall.month, wall.isoweekday() % 7


@dataclass(frozen=True)
class Walk:
    """All minutes of a span of time in one zone."""

    as_shown: list[Shown]
    each_once: list[Shown]

    @classmethod
    def through(cls, zone: str, start: datetime, end: datetime) -> "Walk":
        where, at = ZoneInfo(zone), start
        as_shown: list[Shown] = []
        each_once: list[Shown] = []
        virtual = start.astimezone(where).replace(tzinfo=None) - _MINUTE
        while at < end:
            wall = at.astimezone(where).replace(tzinfo=None)
            as_shown.append(_shown(at, wall))
            while virtual < wall:
                virtual += _MINUTE
                each_once.append(_shown(at, virtual))
            at += _MINUTE
        return cls(as_shown, each_once)

    def moments(self, expression: str) -> list[datetime]:
        parts = expression.split()
        minutes, hours, days, months, weekdays = (
            _numbers(part, *span) for part, span in zip(parts, _RANGES, strict=True)
        )
        weekdays = {day % 7 for day in weekdays}
        both = parts[2].startswith("*") or parts[4].startswith("*")
        wild = parts[0].startswith("*") or parts[1].startswith("*")
        found = {
            at
            for at, minute, hour, day, month, weekday in (self.as_shown if wild else self.each_once)
            if minute in minutes
            and hour in hours
            and month in months
            and (
                day in days and weekday in weekdays if both else day in days or weekday in weekdays
            )
        }
        return sorted(found)


def _numbers(part: str, least: int, most: int) -> set[int]:
    numbers: set[int] = set()
    for item in part.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        begin, end = (least, most) if span == "*" else (int(first), int(last or first))
        numbers |= set(range(begin, end + 1, int(step or 1)))
    return numbers


def year(zone: str) -> Walk:
    """Return a walk through 2027, a day more on either side."""
    return Walk.through(zone, datetime(2026, 12, 31, tzinfo=UTC), datetime(2028, 1, 2, tzinfo=UTC))
