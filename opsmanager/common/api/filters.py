"""Filters of lists from the query string, each refused with a sentence when it can't be read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_date, parse_datetime

from opsmanager.common.problems import Invalid
from opsmanager.common.uuids import as_uuid

_M = TypeVar("_M", bound=Model)
_NONE: Mapping[str, str] = {}


def filtered(
    rows: QuerySet[_M],
    asked: Mapping[str, str],
    *,
    words: Mapping[str, str] = _NONE,
    uuids: Mapping[str, str] = _NONE,
    flags: Mapping[str, str] = _NONE,
    times: Mapping[str, str] = _NONE,
) -> QuerySet[_M]:
    """Return the rows that the query asks for.

    Each mapping goes from the name on the wire to a look-up of the model; ``words`` may be several,
    separated by commas. Raises :class:`Invalid`.
    """
    readers: list[tuple[Mapping[str, str], Any]] = [
        (uuids, _uuid),
        (flags, _flag),
        (times, _time),
    ]
    for mapping, read in readers:
        for name, look_up in mapping.items():
            if asked.get(name):
                rows = rows.filter(**{look_up: read(name, asked[name])})
    for name, look_up in words.items():
        if asked.get(name):
            rows = rows.filter(**{f"{look_up}__in": asked[name].split(",")})
    return rows


def _uuid(name: str, text: str) -> object:
    uuid = as_uuid(text)
    if uuid is None:
        raise _refused(name, "Use a UUID.")
    return uuid


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise _refused(name, "Use true or false.")
    return text.lower() == "true"


def _time(name: str, text: str) -> datetime:
    sentence = "Use a date or time in ISO 8601, such as 2026-11-01 or 2026-11-01T03:00:00Z."
    try:
        # A + of a time zone arrives as a space when the client did not encode it.
        time = parse_datetime(text.replace(" ", "+")) or parse_datetime(text)
        day = None if time else parse_date(text)
    except ValueError:
        raise _refused(name, sentence) from None
    if day is not None:
        time = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if time is None:
        raise _refused(name, sentence)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(f"{name} can't be read. {sentence}", details={name: [sentence]})
