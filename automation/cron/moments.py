"""At which moments an expression falls due in a time zone, over every change of its clocks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim

from automation.cron.expression import fields

_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_STRETCH_DAYS: Final = 400
_NO_PLACES: Final = frozenset({"localtime", "Factory", "posixrules"})


class ZoneInvalid(ValueError):
    """There is no such time zone; the message says so to who wrote it."""


def zone(name: str) -> ZoneInfo:
    """Return the time zone of that name. Raises :class:`ZoneInvalid`."""
    if name in _zones():
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise ZoneInvalid(
        f"There is no time zone “{name[:64]}”. Write one by its place, such as Europe/Berlin or "
        "America/New_York, or UTC."
    )


def following(expression: str, zone_name: str, after: datetime) -> Iterator[datetime]:
    """Yield, in UTC, the moments after ``after`` at which a normalised expression falls due."""
    start = after.astimezone(UTC)
    where = ZoneInfo(zone_name)
    if fields(expression).follows_wall_clock:
        yield from _by_wall_clock(expression, where, start)
        return
    for each in CronSim(expression, start.astimezone(where)):
        at = each.astimezone(UTC)
        # While the clock shows an hour for the second time, those of the first are over.
        if at > start:
            yield at


@lru_cache(maxsize=10_000)
def next_after(expression: str, zone_name: str, after: datetime) -> datetime | None:
    """Return the first such moment; remembered, for it is asked again and again."""
    return next(following(expression, zone_name, after), None)


def _by_wall_clock(expression: str, where: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Go from one change of the clocks to the next, with a clock that never changes.

    CronSim itself loses times after a change by half an hour, as on Lord Howe Island.
    """
    begin = after
    while True:
        offset = _offset(where, begin)
        end = _end_of_stretch(where, begin)
        for shown in CronSim(expression, (after + offset).replace(tzinfo=None)):
            at = (shown - offset).replace(tzinfo=UTC)
            if at >= end:
                break
            yield at
        else:
            return
        begin, after = end, end - _SECOND


def _end_of_stretch(where: ZoneInfo, begin: datetime) -> datetime:
    """Return when the clocks change next, or a moment long after at which they have not."""
    offset = _offset(where, begin)
    for _ in range(_STRETCH_DAYS):
        if _offset(where, begin + _DAY) != offset:
            break
        begin += _DAY
    else:
        return begin
    same, other = begin, begin + _DAY
    while other - same > _SECOND:
        middle = same + (other - same) / 2
        same, other = (middle, other) if _offset(where, middle) == offset else (same, middle)
    # It lies within this second, and clocks change at a full one.
    return other.replace(microsecond=0)


def _offset(where: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(where).utcoffset() or timedelta(0)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_PLACES)
