"""The form of a channel: where it leads, and what goes there."""

from typing import Any, Final
from uuid import UUID

from django import forms

from opsmanager.accounts import places
from opsmanager.accounts.models import User
from opsmanager.common.problems import Problem
from opsmanager.common.templatetags.values import words
from opsmanager.common.widgets import SecretTextarea
from opsmanager.notifications import channels, runbooks
from opsmanager.notifications.message import EVENTS, SENTENCES, SEVERITIES
from opsmanager.notifications.models import Channel

_FIELDS: Final = {
    "quietMinutes": "quiet_minutes",
    "runbookIds": "runbook_ids",
    "groupIds": "group_ids",
}
"""The form's names for those of a refusal, where they differ."""
_DAYS: Final = 10080


class ChannelForm(forms.Form):
    """A channel. In each list nothing ticked stands for all."""

    name = forms.CharField(max_length=100, help_text="What people call it, such as “NOC in Slack”")
    url = forms.CharField(
        required=False,
        max_length=2000,
        label="Address",
        widget=SecretTextarea({"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
    )
    quiet_minutes = forms.IntegerField(
        min_value=0,
        max_value=_DAYS,
        initial=15,
        label="Quiet for",
        help_text="For so long the same is not sent again; its repeats are counted. 0 for never.",
        widget=forms.NumberInput({"data-unit": "min"}),
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Switched on")
    events = forms.MultipleChoiceField(required=False, label="What happened")
    severities = forms.MultipleChoiceField(required=False, label="How bad it is")
    runbook_ids = forms.MultipleChoiceField(required=False, label="Runbooks")
    group_ids = forms.TypedMultipleChoiceField(required=False, coerce=UUID, label="Server groups")

    def __init__(self, user: User, channel: Channel | None, given: Any = None) -> None:
        super().__init__(given, initial=_initial(channel) if channel else None)
        self._user, self._channel = user, channel
        url = self.fields["url"]
        url.widget.attrs["required"] = channel is None
        url.help_text = (
            f"It leads to {channel.shown_url}. Left empty, the kept one stays."
            if channel
            else "The service, and what it wants to know you by; see the examples. Sealed at once "
            "and never shown again."
        )
        self._offer("events", [(each.value, SENTENCES[each]) for each in EVENTS])
        self._offer("severities", [(each, words(each)) for each in SEVERITIES])
        self._offer("runbook_ids", [*runbooks.known().items()])
        groups = [(str(each.id), each.name) for each in places.of(user) if each.is_group]
        self._offer("group_ids", groups)

    def save(self) -> Channel | None:
        """Save what was entered; ``None`` when it was refused, which the form then says."""
        try:
            return channels.save(actor=self._user, channel=self._channel, **self.cleaned_data)
        except Problem as problem:
            for name, texts in (problem.details or {"": [problem.message]}).items():
                field = _FIELDS.get(name, name)
                for text in texts:
                    self.add_error(field if field in self.fields else None, text)
        return None

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """Offer these, and what was chosen before it went away."""
        known = {value for value, _ in choices}
        kept = map(str, getattr(self._channel, name, None) or [])
        gone = [(value, f"{value} (is gone)") for value in kept if value not in known]
        self.fields[name].choices = [*choices, *gone]  # type: ignore[attr-defined]


def _initial(channel: Channel) -> dict[str, Any]:
    own = ("name", "quiet_minutes", "is_active", "events", "severities", "runbook_ids")
    return {name: getattr(channel, name) for name in own} | {
        "group_ids": [str(pk) for pk in channel.group_ids]
    }
