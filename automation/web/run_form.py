"""The form with which a runbook is run, derived from its parameters."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.db.models import QuerySet

from automation import catalog
from automation.engine import params
from automation.engine.descriptions import describe
from automation.engine.runbook import Runbook
from automation.services import conditions, secret_parameters
from automation.web.parameter_fields import field_of, is_list, is_switch
from opsmanager.common.form_key import SENT_BEFORE
from opsmanager.common.problems import Invalid, KeyReused, Problem
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

    Whether the values are valid is the runbook's own judgement, whose sentences stand beside its
    fields.
    """

    reason = forms.CharField(
        required=False,
        max_length=2000,
        label="Reason",
        help_text="Why you run it; kept with the execution and in the audit trail",
    )

    key_is_spent = False
    """Whether its key started something else before, so that it needs another one."""

    def __init__(
        self, *args: Any, runbook: type[Runbook], kept: Iterable[str] = (), **kwargs: Any
    ) -> None:
        """``kept`` are the names of secrets that were given before; left empty, they stay."""
        super().__init__(*args, **kwargs)
        self._runbook, self._kept = runbook, frozenset(kept)
        self.described = {parameter.name: parameter for parameter in describe(runbook)}
        for parameter in self.described.values():
            self.fields[parameter.name] = field = field_of(parameter)
            if parameter.name in self._kept:
                field.required = False
                field.help_text = f"{field.help_text} (one is kept; left empty, it stays)"
            if is_switch(parameter) and parameter.name in self.initial:
                # From an address it comes as text, of which Django takes any for a yes.
                said = str(self.initial[parameter.name]).lower()
                self.initial[parameter.name] = said in _YES

    def clean(self) -> dict[str, Any]:
        """Have the runbook judge its parameters, also where something else is wrong already."""
        values = super().clean() or {}
        try:
            given = self.parameters()
            kept = () if secret_parameters.are_given(self._runbook, given) else self._kept
            conditions.parsed(self._runbook, given, kept=kept)
        except Invalid as problem:
            self.refuse(problem.details)
        return values

    def parameters(self) -> dict[str, Any]:
        """Return what was typed, by names on the wire; what was left empty is left out."""
        values: dict[str, Any] = {}
        for name, parameter in self.described.items():
            value = self.cleaned_data.get(name)
            if is_list(parameter):
                value = [line.strip() for line in str(value or "").splitlines() if line.strip()]
            elif value is None or value == "":
                continue
            values[name] = value
        return values

    def take_refusal(self, problem: Problem) -> None:
        """Show why nothing was started, beside the fields where it concerns one."""
        if isinstance(problem, Invalid):
            self.refuse(problem.details or {"": [problem.message]})
        elif isinstance(problem, KeyReused):
            self.add_error(None, SENT_BEFORE)
            self.key_is_spent = True
        else:
            self.add_error(None, problem.message)

    def refuse(self, details: dict[str, Any]) -> None:
        """Show what the runbook says of its parameters, each beside its field, once."""
        for name, sentences in details.items():
            place = name if name in self.fields else None
            if place in self.errors:
                continue
            for sentence in sentences if isinstance(sentences, list) else [str(sentences)]:
                self.add_error(place, sentence)


def secret_fields(runbook_id: str) -> set[str] | None:
    """Return which fields of a runbook's form are secret; ``None`` for a runbook not known here."""
    known = catalog.runbooks()
    return set(params.secret_names(known.get(runbook_id))) if runbook_id in known else None


class SavedForm(ParameterForm):
    """Parameters that are kept, to be run with later: nobody says yet why."""

    reason = None  # type: ignore[assignment] # Django's way to leave a field out


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
