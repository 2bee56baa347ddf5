"""The forms of a source of alerts: a new one, a secret of the sender's, and a mapping to try."""

import json
from typing import Any, Final

from django import forms

from incidents.models import Source
from incidents.services.sources import LONGEST_SECRET
from incidents.sources import generic
from incidents.sources.registry import SIGNATURE, TOKEN, Form
from opsmanager.common.signatures import SHORTEST_SECRET

LONGEST_PAYLOAD: Final = 200_000
_PROOFS: Final = {
    TOKEN: "A token that it sends with each alert",
    SIGNATURE: "A signature, so that nobody on the way can alter or repeat an alert",
}
_NO_HELP: Final = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}


class SourceForm(forms.Form):
    """A new source of one kind."""

    name = forms.CharField(
        max_length=100, help_text="As people call it, such as “Prometheus, Frankfurt”."
    )
    slug = forms.SlugField(
        max_length=60,
        label="Last part of its address",
        help_text="a to z, digits and dashes. Incidents and rules name it by that; it stays.",
        widget=forms.TextInput(_NO_HELP),
    )
    proof = forms.ChoiceField(label="How does it prove who it is?")
    grace_minutes = forms.IntegerField(
        min_value=0,
        max_value=1440,
        initial=5,
        label="Grace",
        help_text="Minutes for which an alert may still fire after somebody resolved its incident "
        "here. After that the incident is opened again.",
    )

    def __init__(self, form: Form, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form = form
        choices = self.fields["proof"]
        assert isinstance(choices, forms.ChoiceField)  # noqa: S101 - it is declared above
        choices.choices = [(proof, _PROOFS[proof]) for proof in form.proofs]
        if not args and not kwargs:
            self.initial = {"slug": form.kind, "name": form.title if form.kind != "generic" else ""}


class SecretForm(forms.Form):
    """The secret that a sender made."""

    secret = forms.CharField(
        min_length=SHORTEST_SECRET,
        max_length=LONGEST_SECRET,
        strip=True,
        label="Signing secret",
        help_text="As PagerDuty shows it once, when the webhook is added.",
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


class MappingForm(forms.Form):
    """What a source may send, and where in it each field stands."""

    payload = forms.CharField(
        required=False,
        max_length=LONGEST_PAYLOAD,
        strip=False,
        label="What it sends",
        help_text="Paste a body in JSON. Nothing is kept.",
        widget=forms.Textarea({"rows": 10, **_NO_HELP}),
    )

    def __init__(self, source: Source, form: Form, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_mapped = form.is_mapped
        for name, help_text in generic.FIELDS.items() if form.is_mapped else ():
            usual = generic.USUAL.get(name, "")
            self.fields[f"map_{name}"] = forms.CharField(
                required=False,
                max_length=generic.LONGEST_EXPRESSION,
                label=name,
                help_text=help_text,
                initial=source.mapping.get(name, "") if source.mapping else usual,
                widget=forms.TextInput(_NO_HELP),
            )
        self.order_fields([name for name in self.fields if name != "payload"])

    def mapping(self) -> dict[str, str]:
        """Return the expressions that were entered; valid already."""
        found = {
            name.removeprefix("map_"): value.strip()
            for name, value in self.cleaned_data.items()
            if name.startswith("map_") and value.strip()
        }
        return {} if found == dict(generic.USUAL) else found

    def clean(self) -> dict[str, Any]:
        """Refuse expressions that are none, each at its field."""
        values: dict[str, Any] = super().clean() or {}
        for said in generic.mistakes(self.mapping()) if self.is_mapped else ():
            name, _, sentence = said.partition(": ")
            self.add_error(f"map_{name}", sentence)
        return values

    def body(self) -> Any:
        """Return what was pasted. Raises ``ValueError`` for what is no JSON."""
        return json.loads(self.cleaned_data["payload"])
