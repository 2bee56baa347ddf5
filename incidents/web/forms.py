"""The forms of an incident: opened by hand, changed, and given to somebody."""

from typing import Any, Final

from django import forms
from django.contrib.auth.models import AnonymousUser

from incidents.models import Incident, Severity
from incidents.selectors import people
from incidents.services import checked
from opsmanager.accounts.models import User
from servers.models import Server
from servers.selectors import servers

_LABELS_HELP: Final = (
    "One on a line, such as unit=shop.service; they fill the parameters of what may help"
)


class IncidentForm(forms.Form):
    """What is broken, how bad it is, and where."""

    title = forms.CharField(max_length=300, label="What is broken")
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.HIGH)
    server = forms.ModelChoiceField(
        queryset=Server.objects.none(), required=False, empty_label="No server, or not known"
    )
    description = forms.CharField(
        required=False, max_length=20_000, widget=forms.Textarea({"rows": 4})
    )

    def __init__(self, *args: Any, user: User | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = servers.visible_to(user).order_by("name")
        self.fields["server"].queryset = rows  # type: ignore[attr-defined]


class OpenForm(IncidentForm):
    """An incident that a person has noticed."""

    labels = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_LABELS_HELP,
    )

    def clean_labels(self) -> dict[str, str]:
        """Return the labels by name."""
        found: dict[str, str] = {}
        for line in self.cleaned_data["labels"].splitlines():
            name, sign, value = line.partition("=")
            if not line.strip():
                continue
            if not sign or not name.strip():
                raise forms.ValidationError(f"Write name=value in place of “{line[:60]}”.")
            found[name.strip()] = value.strip()
        if len(found) > checked.MOST_LABELS:
            raise forms.ValidationError(f"Use at most {checked.MOST_LABELS} labels.")
        return found


class ChangeForm(IncidentForm):
    """An incident as it stands, and who takes care of it."""

    assigned_to = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, empty_label="Nobody", label="Who has it"
    )

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "title": incident.title,
            "severity": incident.severity,
            "server": incident.server_id,
            "description": incident.description,
            "assigned_to": incident.assigned_to_id,
        }
        super().__init__(*args, **kwargs)
        self.fields["assigned_to"].queryset = people.who_may_manage()  # type: ignore[attr-defined]
