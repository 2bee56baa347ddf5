"""camelCase on the wire, snake_case in Python; only declared names, never the keys of data."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


def camel(name: str) -> str:
    """Return ``some_name`` as ``someName``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class CamelCaseMixin:
    """Let a serializer's fields be read and written under their camelCase names."""

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
        known = self.fields  # type: ignore[attr-defined]
        names = data if isinstance(data, Mapping) else ()
        unknown = {
            name: ["There is no such field. Check its spelling."]
            for name in names
            if name not in known
        }
        try:
            read = super().to_internal_value(data)  # type: ignore[misc]
        except serializers.ValidationError as problem:
            if unknown and isinstance(problem.detail, dict):
                problem.detail.update(unknown)
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return read


class Serializer(CamelCaseMixin, serializers.Serializer[Any]):
    """A serializer with camelCase names."""


class ModelSerializer(CamelCaseMixin, serializers.ModelSerializer[Any]):
    """A model serializer with camelCase names."""
