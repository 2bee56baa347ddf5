"""Inputs of forms that Django does not have."""

from typing import Any

from django.forms import Textarea


class SecretTextarea(Textarea):
    """A text area that forgets what was typed: a refused form never shows a secret again."""

    def format_value(self, value: Any) -> None:
        """Show nothing, whatever the value."""
