"""The kinds of values that a query may hold, each read strictly and described for OpenAPI."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from opsmanager.common.api.case import camel
from opsmanager.common.uuids import as_uuid

_LONGEST_TEXT: Final = 200


class Text(serializers.CharField):
    """A text to look for; an empty one looks for nothing."""

    def __init__(self, *, allow_empty: bool = True, **options: Any) -> None:
        super().__init__(
            required=False, allow_blank=allow_empty, max_length=_LONGEST_TEXT, **options
        )


class Uuid(serializers.UUIDField):
    """The UUID of something, as ids are written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_internal_value(self, data: Any) -> Any:
        """Return the UUID."""
        uuid = as_uuid(data)
        if uuid is None:
            raise serializers.ValidationError("Use a UUID.")
        return uuid


class Flag(serializers.BooleanField):
    """Either ``true`` or ``false``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_internal_value(self, data: Any) -> bool:
        """Return what it says."""
        if data not in ("true", "false"):
            raise serializers.ValidationError("Use true or false.")
        return bool(data == "true")


class Whole(serializers.IntegerField):
    """A whole number between two."""

    def __init__(self, least: int, most: int, **options: Any) -> None:
        self._least, self._most = least, most
        self._sentence = f"Use a whole number between {least} and {most}."
        options.setdefault("required", False)
        if "default" in options:
            del options["required"]
        super().__init__(min_value=least, max_value=most, **options)

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        is_number = data.isascii() and data.isdigit() and len(data) <= len(str(self._most))
        if not is_number or not self._least <= int(data) <= self._most:
            raise serializers.ValidationError(self._sentence)
        return int(data)


class Words(serializers.ListField):
    """Some of a few words: repeated (``?status=A&status=B``) or with commas (``?status=A,B``)."""

    def __init__(self, choices: Iterable[str], **options: Any) -> None:
        self._choices = tuple(choices)
        child = serializers.ChoiceField(self._choices)
        super().__init__(child=child, required=False, allow_empty=False, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the words."""
        words = [word for part in data for word in part.split(",")]
        if not set(words) <= set(self._choices):
            raise serializers.ValidationError(f"Use some of: {', '.join(self._choices)}.")
        return words


class Texts(serializers.ListField):
    """Some texts, each to be met as it is: repeated or with commas."""

    def __init__(self, **options: Any) -> None:
        child = serializers.CharField(max_length=_LONGEST_TEXT)
        super().__init__(child=child, required=False, allow_empty=False, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the texts."""
        return list(super().to_internal_value([word for part in data for word in part.split(",")]))


class Word(serializers.ChoiceField):
    """One of a few words."""

    def __init__(self, choices: Iterable[str], **options: Any) -> None:
        self._sentence = f"Use one of: {', '.join(choices)}."
        if "default" not in options:
            options.setdefault("required", False)
        super().__init__(list(choices), **options)

    def to_internal_value(self, data: Any) -> Any:
        """Return the word."""
        if data not in self.choices:
            raise serializers.ValidationError(self._sentence)
        return data


class Ordering(Word):
    """What a list is ordered by; ``-`` before a name reverses the order.

    ``columns`` are the names in Python's spelling. The value is one of them, with its ``-``.
    """

    def __init__(self, *columns: str) -> None:
        self._columns = {camel(name): name for name in columns}
        both = [f"{sign}{name}" for name in self._columns for sign in ("", "-")]
        super().__init__(both, help_text="- before the name reverses the order.")

    def to_internal_value(self, data: Any) -> str:
        """Return the column."""
        name = super().to_internal_value(data)
        column = self._columns[name.lstrip("-")]
        return f"-{column}" if name.startswith("-") else column


_WHEN: Final = {
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]
}


@extend_schema_field(_WHEN)
class When(serializers.Field[Any, Any, Any, Any]):
    """A time in ISO 8601, or a day, which stands for its midnight; UTC unless it says."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_internal_value(self, data: Any) -> datetime:
        """Return the time."""
        found = _read_when(data)
        if isinstance(found, datetime):
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        return datetime(found.year, found.month, found.day, tzinfo=UTC)


@extend_schema_field(_WHEN)
class LocalWhen(When):
    """The same, but what does not say its zone is left without one, for who knows which it is."""

    def to_internal_value(self, data: Any) -> datetime:
        """Return the time."""
        found = _read_when(data)
        if isinstance(found, datetime):
            return found
        return datetime(found.year, found.month, found.day)  # noqa: DTZ001 - who asks knows the zone


def _read_when(text: str) -> datetime | date:
    """Return the time or the day that a text says. Raises DRF's ``ValidationError``."""
    try:
        # A + of a time zone arrives as a space when the client did not encode it.
        found = parse_datetime(text.replace(" ", "+")) or parse_datetime(text) or parse_date(text)
        if isinstance(found, datetime) and found.tzinfo:
            # At both ends of the calendar there is no such time in UTC.
            found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise serializers.ValidationError(
            "Use a date or time in ISO 8601, such as 2026-11-01 or 2026-11-01T03:00:00Z."
        )
    return found
