"""The form that starts a workflow: a field for each input, and why it is run."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from automation.web.place_form import PREFIX
from automation.web.run_form import ServerField
from automation.workflows import Definition, Input, InputType, typed
from automation.workflows.inputs import LONGEST_VALUE
from opsmanager.accounts import permissions
from opsmanager.common.problems import Problem
from servers.selectors import groups, servers

_INPUT: Final = "input-"
"""Before the names of inputs, which people choose."""


class WorkflowRunForm(forms.Form):
    """The inputs of a workflow, and the reason."""

    prefix = PREFIX
    key_is_spent = False

    reason = forms.CharField(
        required=False,
        max_length=2000,
        help_text="Why you run it; kept with the run and in the audit trail",
    )

    def __init__(
        self, *args: Any, user: permissions.Actor, definition: Definition, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._inputs = definition.inputs
        names = [wanted.name for wanted in definition.inputs]
        for wanted in definition.inputs:
            self.fields[self.field_of(wanted.name)] = _field(wanted, user)
        self.order_fields([*map(self.field_of, names), "reason"])

    @staticmethod
    def field_of(name: str) -> str:
        """Return the name of the field of an input."""
        return f"{_INPUT}{name}"

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the form shows of inputs that were given before."""
        return {cls.field_of(name): value for name, value in inputs.items()}

    @classmethod
    def linked(cls, definition: Definition, query: Mapping[str, str]) -> dict[str, Any]:
        """Return what the form shows of the inputs that a link gives, as ``input-server``."""
        given = {
            name.removeprefix(_INPUT): text
            for name, text in query.items()
            if name.startswith(_INPUT)
        }
        return cls.of(typed(definition, given))

    def inputs(self) -> dict[str, Any]:
        """Return what was given, as the service takes it."""
        found: dict[str, Any] = {}
        for wanted in self._inputs:
            value = self.cleaned_data.get(self.field_of(wanted.name))
            if wanted.type in (InputType.SERVER, InputType.GROUP):
                value = value.name if value else None
            if value not in (None, ""):
                found[wanted.name] = value
        return found

    def take_refusal(self, problem: Problem) -> None:
        """Show why nothing was started, beside the inputs where it concerns one."""
        rest: list[str] = []
        for place, sentences in problem.details.items():
            name = self.field_of(place.removeprefix("inputs."))
            if not isinstance(sentences, list):
                continue
            if place.startswith("inputs.") and name in self.fields:
                self.add_error(name, sentences)
            else:
                rest += [f"{place}: {sentence}" for sentence in sentences]
        self.add_error(None, rest or [problem.shown])


def _field(wanted: Input, user: permissions.Actor) -> forms.Field:
    common: dict[str, Any] = {
        "label": wanted.name,
        "required": wanted.required,
        "help_text": wanted.help,
        "initial": wanted.default,
    }
    match wanted.type:
        case InputType.SERVER:
            offered = servers.operable_by(user).filter(is_active=True).order_by("name")
            return ServerField(
                queryset=offered, to_field_name="name", empty_label="No server", **common
            )
        case InputType.GROUP:
            rows = groups.visible_to(user)
            return forms.ModelChoiceField(
                queryset=rows, to_field_name="name", empty_label="No group", **common
            )
        case InputType.BOOLEAN:
            return forms.BooleanField(**{**common, "required": False})
        case InputType.INTEGER:
            return forms.IntegerField(**common)
        case InputType.NUMBER:
            return forms.FloatField(**common)
        case InputType.STRING:
            return forms.CharField(max_length=LONGEST_VALUE, **common)
