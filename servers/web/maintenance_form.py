"""The form of maintenance: why, and until when."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone

from opsmanager.common.widgets import MinuteInput
from servers.models import Server, ServerGroup

_OPEN_END: Final = ""
_AT: Final = "at"
_LASTS: Final = (
    ("60", "1 hour"),
    ("240", "4 hours"),
    ("1440", "1 day"),
    (_AT, "Until the time below"),
    (_OPEN_END, "Until somebody ends it"),
)


class MaintenanceForm(forms.Form):
    """Why somebody works there, and until when nothing starts there by itself."""

    reason = forms.CharField(
        required=False,
        max_length=300,
        help_text="Whoever runs something there reads it",
    )
    lasts = forms.ChoiceField(
        choices=_LASTS,
        required=False,
        initial="60",
        label="How long",
        help_text="It ends by itself",
    )
    until = forms.DateTimeField(
        required=False,
        label="Until (UTC)",
        widget=MinuteInput,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        help_text="Within 30 days; for “Until the time below”",
    )

    @staticmethod
    def of(place: Server | ServerGroup) -> dict[str, Any]:
        """Return what the form begins with."""
        if not place.is_tended:
            return {}
        until = place.maintenance_until
        return {
            "reason": place.maintenance_reason,
            "lasts": _AT if until else _OPEN_END,
            "until": until.astimezone(UTC) if until else None,
        }

    def clean(self) -> dict[str, Any]:
        """Want the time where it is to be until a time."""
        values = super().clean() or {}
        if values.get("lasts") == _AT and not values.get("until") and "until" not in self.errors:
            self.add_error("until", "Say until when.")
        return values

    def end(self) -> datetime | None:
        """Return when it ends by itself; ``None`` for when somebody ends it."""
        lasts = self.cleaned_data["lasts"]
        if lasts == _AT:
            found: datetime = self.cleaned_data["until"]
            return found
        if lasts == _OPEN_END:
            return None
        return timezone.now().replace(microsecond=0) + timedelta(minutes=int(lasts))
