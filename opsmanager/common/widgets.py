"""Inputs of forms that Django does not have."""

from typing import Any

from django.forms import DateTimeInput, Textarea


class SecretTextarea(Textarea):
    """A text area that forgets what was typed: a refused form never shows a secret again."""

    def format_value(self, value: Any) -> None:
        """Show nothing, whatever the value."""


class MinuteInput(DateTimeInput):
    """A day and a time of day to the minute, chosen in the browser's own calendar."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")
