"""Reading a cron expression, and saying what is wrong with it and what to write instead."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cronsim import CronSim, CronSimError

_COUNT: Final = 5
_NICKNAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS: Final = (
    "JAN",
    "FEB",
    "MAR",
    "APR",
    "MAY",
    "JUN",
    "JUL",
    "AUG",
    "SEP",
    "OCT",
    "NOV",
    "DEC",
)
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ITEM: Final = re.compile(
    r"(?:(?P<star>\*)|(?P<first>[0-9A-Z]+)(?:-(?P<last>[0-9A-Z]+))?)(?:/(?P<step>[0-9]+))?"
)
_LAST_OR_NTH: Final = re.compile(r"(?P<day>[0-9A-Z]+)#[1-5]|[0-7]L")
_LONGEST: Final = 200


class CronInvalid(ValueError):
    """An expression is none, or never falls due; the message says so to who wrote it."""


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """One of the five fields."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    first_name: int = 0

    def number(self, text: str) -> int:
        """Return the number that a text stands for."""
        if text in self.names:
            return self.names.index(text) + self.first_name
        if not text.isdigit():
            named = f", or {self.names[0]} to {self.names[-1]}" if self.names else ""
            raise CronInvalid(
                f"“{text}” is no {self.name}: write {self.least} to {self.most}{named}."
            )
        if not self.least <= int(text) <= self.most:
            raise CronInvalid(
                f"{text} is no {self.name}: write a number from {self.least} to {self.most}."
            )
        return int(text)


_MINUTE = _Kind(name="minute", least=0, most=59)
_HOUR = _Kind(name="hour", least=0, most=23)
_DAY = _Kind(name="day of the month", least=1, most=31)
_MONTH = _Kind(name="month", least=1, most=12, names=_MONTHS, first_name=1)
_WEEKDAY = _Kind(name="day of the week", least=0, most=7, names=_DAYS)
_KINDS: Final = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What an expression says, field by field."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    """Of the month; ``None`` where it is said by the last day, which no list of numbers can say."""
    months: frozenset[int]
    weekdays: frozenset[int] | None
    """0 is Sunday; ``None`` where it is said by "the last" or "the second" of a month."""
    is_either_day: bool
    """Whether a day of the month or of the week is enough, as in ``0 0 1 * MON``."""
    follows_wall_clock: bool
    """Whether minutes or hours begin with a star.

    Then it falls due whenever a clock on the wall shows such a time. Else it is for a time of the
    day: one that the clock leaves out is made up for at once, one shown twice counts once.
    """


def normalised(expression: str) -> str:
    """Return the expression as five fields in capitals. Raises :class:`CronInvalid`."""
    text = expression.strip()
    if text.startswith("@"):
        found = _NICKNAMES.get(text.lower())
        if found is None:
            raise CronInvalid(
                f"{text[:40]} is no time. Write five fields such as 15 3 * * *, or one of "
                f"{', '.join(_NICKNAMES)}."
            )
        return found
    parts = text.upper().split()
    if len(parts) != _COUNT or len(text) > _LONGEST:
        hint = " There is none for seconds or years." if len(parts) > _COUNT else ""
        raise CronInvalid(
            "Write five fields with a space between each: minute, hour, day of the month, month, "
            f"day of the week. 15 3 * * * is 03:15 every day; this has {len(parts)}.{hint}"
        )
    normal = " ".join(parts)
    for kind, part in zip(_KINDS, parts, strict=True):
        _check(kind, part)
    _require_some_day(normal)
    return normal


def fields(expression: str) -> Fields:
    """Return what a normalised expression says."""
    parts = expression.split()
    days_are_stars = [parts[position].startswith("*") for position in (2, 4)]
    weekdays = _numbers(_WEEKDAY, parts[4])
    return Fields(
        minutes=_numbers(_MINUTE, parts[0]) or frozenset(),
        hours=_numbers(_HOUR, parts[1]) or frozenset(),
        days=_numbers(_DAY, parts[2]),
        months=_numbers(_MONTH, parts[3]) or frozenset(),
        weekdays=None if weekdays is None else frozenset(day % 7 for day in weekdays),
        is_either_day=not any(days_are_stars),
        follows_wall_clock=any(part.startswith("*") for part in parts[:2]),
    )


def _check(kind: _Kind, text: str) -> None:
    for item in text.split(","):
        if not item:
            raise CronInvalid(
                f"The {kind.name} “{text}” has a comma with nothing beside it. Write * for every "
                f"{kind.name}, or numbers such as {kind.least},{kind.least + 5}."
            )
        if not _is_last_or_nth(kind, item):
            _span(kind, item)


def _is_last_or_nth(kind: _Kind, item: str) -> bool:
    if kind is _DAY:
        return item == "L"
    found = _LAST_OR_NTH.fullmatch(item) if kind is _WEEKDAY else None
    if found is not None and found["day"]:
        kind.number(found["day"])
    return found is not None


def _span(kind: _Kind, item: str) -> range:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise CronInvalid(
            f"“{item}” is no {kind.name}. Write * for every one, a number, a range such as "
            f"{kind.least}-{kind.least + 4}, a list such as {kind.least},{kind.least + 2}, or "
            "*/2 for every second one."
        )
    step = int(found["step"] or 1)
    if found["star"]:
        first, last = kind.least, kind.most
    else:
        first = kind.number(found["first"])
        last = kind.number(found["last"]) if found["last"] else first
    if last < first:
        raise CronInvalid(
            f"The {kind.name} “{item}” ends before it begins. Write the smaller number first"
            + (", and Sunday as 7 at the end." if kind is _WEEKDAY else ".")
        )
    if found["step"] and not (found["star"] or found["last"]):
        raise CronInvalid(
            f"“{item}” says from where, but not until when, for the {kind.name}. Write "
            f"{first}-{kind.most}/{step}."
        )
    if step == 0 or step > kind.most - kind.least + 1:
        raise CronInvalid(
            f"“{item}” can't be: the steps of the {kind.name} are from 1 to "
            f"{kind.most - kind.least + 1}, and begin anew with each "
            f"{_ROUND[kind.name]}."
        )
    return range(first, last + 1, step)


_ROUND: Final = {
    "minute": "hour",
    "hour": "day",
    "day of the month": "month",
    "month": "year",
    "day of the week": "week",
}


def _numbers(kind: _Kind, text: str) -> frozenset[int] | None:
    items = text.split(",")
    if any(_is_last_or_nth(kind, item) for item in items):
        return None
    return frozenset(number for item in items for number in _span(kind, item))


def _require_some_day(expression: str) -> None:
    """Raise :class:`CronInvalid` for what never falls due, such as 30 February."""
    try:
        # In naive time: on which days it falls due is the same in every zone.
        next(CronSim(expression, datetime.now(UTC).replace(tzinfo=None)))
    except (CronSimError, StopIteration):
        raise CronInvalid(
            f"{expression} never falls due: no month of these has such a day. Write a day that "
            "there is; L is the last day of each month."
        ) from None
