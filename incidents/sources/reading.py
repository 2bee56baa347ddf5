"""Reading what came, part by part; what is wrong is said with its place."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from incidents.sources import alert

MOST_ALERTS: Final = 5000
"""In one delivery."""


class Malformed(ValueError):
    """What came is not of the form that it should have; the message is a sentence with the place.

    The sentence never quotes what came.
    """

    def __init__(self, place: str, sentence: str) -> None:
        super().__init__(f"{place}: {sentence}")


def an_object(value: Any, place: str) -> Mapping[str, Any]:
    """Return an object. Raises :class:`Malformed`."""
    if not isinstance(value, dict):
        raise Malformed(place, f"An object is expected here, not {kind_of(value)}.")
    return value


def a_list(value: Any, place: str) -> Sequence[Any]:
    """Return a list of at most :data:`MOST_ALERTS`. Raises :class:`Malformed`."""
    if not isinstance(value, list):
        raise Malformed(place, f"A list is expected here, not {kind_of(value)}.")
    if len(value) > MOST_ALERTS:
        raise Malformed(
            place, f"At most {MOST_ALERTS} alerts are taken at once. Send less at once."
        )
    return value


def text(value: Any, place: str, *, longest: int = alert.LONGEST_VALUE) -> str:
    """Return a text, cut where it is too long; a number or yes and no as a text; else empty.

    Raises :class:`Malformed` for an object or a list.
    """
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise Malformed(place, f"A text is expected here, not {kind_of(value)}.")
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return said if len(said) <= longest else f"{said[: longest - 1]}…"


def labels(value: Any, place: str) -> dict[str, str]:
    """Return labels: text by name, bounded in number and length. Raises :class:`Malformed`."""
    if value is None:
        return {}
    found: dict[str, str] = {}
    for name, one in an_object(value, place).items():
        if len(found) >= alert.MOST_LABELS:
            break
        if one is not None and name:
            found[name[: alert.LONGEST_NAME]] = text(one, f"{place}.{name[:40]}")
    return found


def a_time(value: Any, place: str) -> datetime | None:
    """Return a time of ISO 8601, in UTC; ``None`` for none, and for the year 1 (Go's "never").

    Raises :class:`Malformed`.
    """
    if value is None or value == "":
        return None
    sentence = "A time such as 2026-01-31T03:04:05Z is expected here."
    if not isinstance(value, str):
        raise Malformed(place, sentence)
    try:
        found = datetime.fromisoformat(value)
        found = found.replace(tzinfo=found.tzinfo or UTC)
        return found.astimezone(UTC) if found.year > 1 else None
    except (ValueError, OverflowError):
        raise Malformed(place, sentence) from None


def kind_of(value: Any) -> str:
    """Return what a value of JSON is, for a sentence."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
