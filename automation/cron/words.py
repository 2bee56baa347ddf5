"""A cron expression in plain words."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from cron_descriptor import Options, get_description
from cron_descriptor.Exception import (
    FormatException,
    MissingFieldException,
    WrongArgumentException,
)

from automation.cron.expression import fields
from automation.cron.moments import following

_SELDOM: Final = timedelta(days=367)


def in_words(expression: str) -> str:
    """Return what a normalised expression says, such as "At 03:15, Monday through Friday"."""
    said = _described(expression)
    now = datetime.now(UTC)
    coming = next(following(expression, "UTC", now), None)
    if coming is not None and coming - now > _SELDOM:
        return f"{said}; next on {coming:%Y-%m-%d}"
    return said


@lru_cache(maxsize=1000)
def _described(expression: str) -> str:
    minute, hour, day, month, weekday = expression.split()
    if fields(expression).is_either_day:
        # The library says it as if both had to be the case.
        of_month = _one(f"{minute} {hour} {day} {month} *")
        of_week = _one(f"{minute} {hour} * {month} {weekday}")
        return f"{of_month}; also {of_week[0].lower()}{of_week[1:]}"
    return _one(expression)


def _one(expression: str) -> str:
    options = Options()
    options.use_24hour_time_format = True
    is_each_day = expression.endswith("* * *") and not fields(expression).follows_wall_clock
    try:
        said = get_description(expression, options)
        return f"{said} every day" if is_each_day else said
    except (FormatException, MissingFieldException, WrongArgumentException):
        return f"At {expression}"
