"""Says in the OpenAPI document that blanks alone are no text, where spaces around are taken off."""

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.extensions import OpenApiSerializerFieldExtension


class TrimmedText(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Describes a text of a request that must hold more than blanks."""

    target_class = "rest_framework.serializers.CharField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the field's schema."""
        schema: dict[str, Any] = auto_schema._map_serializer_field(  # noqa: SLF001 - its way to go on
            self.target, direction, bypass_extensions=True
        )
        field = self.target
        # That it may be null is said once more by who asks.
        schema["type"] = "string"
        has_own = any(isinstance(check, RegexValidator) for check in field.validators)
        if direction == "request" and field.trim_whitespace and not field.allow_blank:
            # What a validator wants is put in later.
            schema |= {} if has_own else {"pattern": r"[^\s\u001c-\u001f\u0085]"}
        return schema
