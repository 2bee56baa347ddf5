"""camelCase on the wire, snake_case in Python; only declared names, never the keys of data."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from rest_framework import serializers

from opsmanager.common.api.strict import wrong_types


def camel(name: str) -> str:
    """Return ``some_name`` as ``someName``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class CamelCaseMixin:
    """Let a serializer's fields be read and written under their camelCase names."""

    unknown_name: ClassVar = "There is no such field. Check its spelling."

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the declared fields by their names on the wire."""
        fields = {}
        for name, field in super().get_fields().items():  # type: ignore[misc]
            wire = camel(name)
            if wire != name and getattr(field, "source", None) is None:
                field.source = name
            fields[wire] = field
        return fields

    def to_internal_value(self, data: Any) -> Any:
        """Read what was sent; refuse names that nobody knows, which are mistakes.

        A client that sends ``dryRun`` for ``isDryRun`` must not be taken at half its word.
        """
        wrong = self.mistakes(data) if isinstance(data, Mapping) else {}
        try:
            read = super().to_internal_value(data)  # type: ignore[misc]
        except serializers.ValidationError as problem:
            if wrong and isinstance(problem.detail, dict):
                problem.detail.update(wrong)  # type: ignore[arg-type]
            raise
        if wrong:
            raise serializers.ValidationError(wrong)
        return read

    def mistakes(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return what is wrong with what was sent before any field reads it, by name."""
        known = self.fields  # type: ignore[attr-defined]
        return {name: [self.unknown_name] for name in data if name not in known}


class ShownMixin:
    """Show rows by a serializer that is put together once in a process.

    To put one together takes longer than to show a row by it. What it shows may depend on nothing
    but the row: there is no context.
    """

    @classmethod
    def json_of(cls, row: object) -> dict[str, Any]:
        """Return the row as JSON has it."""
        shown: dict[str, Any] = _ready(cls).to_representation(row)
        return shown

    @classmethod
    def json_of_each(cls, rows: Iterable[object]) -> list[dict[str, Any]]:
        """Return the rows as JSON has them."""
        show = _ready(cls).to_representation
        return [show(row) for row in rows]


def _ready(kind: type[Any]) -> Any:
    # Two threads may come here at once; then both put together the same.
    if kind not in _READY:
        _READY[kind] = kind()
    return _READY[kind]


_READY: Final[dict[type[Any], Any]] = {}


class StrictMixin(CamelCaseMixin):
    """Also take each value of a body for no other type than it has."""

    def mistakes(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return the names that nobody knows, and the values of a wrong type."""
        return super().mistakes(data) | wrong_types(self.fields, data)  # type: ignore[attr-defined]


class Serializer(ShownMixin, StrictMixin, serializers.Serializer[Any]):
    """A body with camelCase names."""


class ModelSerializer(ShownMixin, StrictMixin, serializers.ModelSerializer[Any]):
    """A body with camelCase names that shows a model."""
