"""Takes a body's values as the types that JSON gave them.

REST framework also takes "yes" for true and 7 for "7". A program that sends the wrong type has a
mistake in it, and the OpenAPI document would be untrue: it is told.
"""

from collections.abc import Mapping
from typing import Any, Final

from rest_framework import serializers

_TEXT: Final = "Use a text."
_KINDS: Final[tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], type, str], ...]] = (
    (serializers.BooleanField, bool, "Use true or false, without quotes."),
    (serializers.IntegerField, int, "Use a whole number, without quotes."),
    (serializers.CharField, str, _TEXT),
    (serializers.ChoiceField, str, _TEXT),
    (serializers.UUIDField, str, _TEXT),
    (serializers.DateTimeField, str, _TEXT),
    (serializers.RelatedField, str, _TEXT),
    (serializers.ManyRelatedField, list, "Use a list."),
    (serializers.ListField, list, "Use a list."),
)


def wrong_types(
    fields: Mapping[str, serializers.Field[Any, Any, Any, Any]], data: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return what is wrong with the types of values, by name; null is the field's own matter."""
    found = {}
    for name, value in data.items():
        sentence = _wrong(fields.get(name), value)
        if sentence:
            found[name] = [sentence]
    return found


def _wrong(field: serializers.Field[Any, Any, Any, Any] | None, value: Any) -> str:
    if value is None or field is None:
        return ""
    for kind, wanted, sentence in _KINDS:
        if isinstance(field, kind):
            # Python counts True as a number; JSON doesn't.
            is_right = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
            if not is_right:
                return sentence
            if kind is serializers.RelatedField and not value:
                # REST framework would take it for null.
                return "Use an id."
            child = getattr(field, "child", None) or getattr(field, "child_relation", None)
            if isinstance(value, list) and any(_wrong(child, one) for one in value):
                return "Use a list of texts."
            return ""
    return ""
