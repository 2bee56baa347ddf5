"""The form with which a runbook is run, derived from its parameters."""

from typing import Any, Final

from django import forms
from django.db.models import QuerySet

from automation.engine.descriptions import ParamDescription, describe
from automation.engine.runbook import Runbook
from servers.models import Server

_YES: Final = ("true", "yes", "on", "1")


class ServerSelect(forms.Select):
    """A choice of servers that lets the page know which ones are production."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return one option, with the server's name and environment beside it."""
        option: dict[str, Any] = super().create_option(*args, **kwargs)
        server = getattr(option["value"], "instance", None)
        if isinstance(server, Server):
            option["attrs"]["data-environment"] = server.environment
            option["attrs"]["data-name"] = server.name
        return option


class ServerField(forms.ModelChoiceField[Server]):
    """A server by its name, with what it is for."""

    widget = ServerSelect

    def label_from_instance(self, server: Server) -> str:
        """Return what the option says."""
        return f"{server.name} ({server.get_environment_display().lower()}, {server.hostname})"


class ParameterForm(forms.Form):
    """Parameters of one runbook, and why it is run.

    It only carries values: whether they are valid is the runbook's own judgement, whose sentences
    come back through :meth:`refuse`.
    """

    reason = forms.CharField(
        required=False,
        max_length=2000,
        label="Reason",
        help_text="Why you run it; kept with the execution and in the audit trail",
    )

    def __init__(self, *args: Any, runbook: type[Runbook], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.described = {parameter.name: parameter for parameter in describe(runbook)}
        for parameter in self.described.values():
            self.fields[parameter.name] = _field(parameter)
            if _is_switch(parameter) and parameter.name in self.initial:
                # From an address it comes as text, of which Django takes any for a yes.
                said = str(self.initial[parameter.name]).lower()
                self.initial[parameter.name] = said in _YES

    def parameters(self) -> dict[str, Any]:
        """Return what was typed, by names on the wire; what was left empty is left out."""
        values: dict[str, Any] = {}
        for name, parameter in self.described.items():
            value = self.cleaned_data.get(name)
            if _is_list(parameter):
                value = [line.strip() for line in str(value or "").splitlines() if line.strip()]
            elif value is None or value == "":
                continue
            values[name] = value
        return values

    def refuse(self, details: dict[str, Any]) -> None:
        """Show what the runbook says of its parameters, each beside its field."""
        for name, sentences in details.items():
            place = name if name in self.fields else None
            for sentence in sentences if isinstance(sentences, list) else [str(sentences)]:
                self.add_error(place, sentence)


class RunForm(ParameterForm):
    """A run on one server."""

    server = ServerField(
        queryset=Server.objects.none(),
        empty_label="Choose a server",
        error_messages={"required": "Choose a server."},
    )

    def __init__(
        self, *args: Any, runbook: type[Runbook], servers: QuerySet[Server], **kwargs: Any
    ) -> None:
        super().__init__(*args, runbook=runbook, **kwargs)
        server = self.fields["server"]
        if isinstance(server, forms.ModelChoiceField):
            server.queryset = servers
            server.widget.attrs["data-server-choice"] = ""
        self.order_fields(["server", *self.described, "reason"])


def _is_switch(parameter: ParamDescription) -> bool:
    return parameter.json_schema.get("type") == "boolean"


def _is_list(parameter: ParamDescription) -> bool:
    return parameter.json_schema.get("type") == "array"


def _field(parameter: ParamDescription) -> forms.Field:
    common: dict[str, Any] = {
        "label": parameter.title,
        "help_text": parameter.help,
        # An unticked box is an answer; of the rest the runbook judges what was typed.
        "required": parameter.required and not _is_switch(parameter),
        "error_messages": {"required": f"{parameter.title} is needed."},
        "initial": parameter.default,
    }
    kind = parameter.json_schema.get("type")
    attributes = {
        attribute: parameter.constraints[word]
        for attribute, word in (("min", "minimum"), ("max", "maximum"), ("maxlength", "maxLength"))
        if word in parameter.constraints
    }
    field: forms.Field
    if parameter.secret:
        field = forms.CharField(**common, strip=False, widget=forms.PasswordInput(attributes))
    elif parameter.choices:
        pairs = [(choice, str(choice)) for choice in parameter.choices]
        field = forms.ChoiceField(**common, choices=pairs)
    elif _is_switch(parameter):
        field = forms.BooleanField(**common)
    elif _is_list(parameter):
        common["initial"] = "\n".join(map(str, parameter.default or []))
        common["help_text"] = f"{parameter.help} (one a line)"
        field = forms.CharField(**common, widget=forms.Textarea({"rows": 2}))
    elif parameter.multiline:
        field = forms.CharField(**common, strip=False, widget=forms.Textarea({"rows": 5}))
    elif kind in ("integer", "number"):
        step = {} if kind == "integer" else {"step": "any"}
        field = forms.CharField(**common, widget=forms.NumberInput({**attributes, **step}))
    else:
        field = forms.CharField(**common, widget=forms.TextInput(attributes))
    field.widget.attrs["data-unit"] = parameter.unit
    return field
