"""The forms of what a workflow is called and of what it wants to know, in its builder."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField

from automation.workflows import Definition, Input, InputType, editing
from automation.workflows.definition import LONGEST_LINE, LONGEST_TEXT, MOST_INPUTS

_TYPES: Final = (
    (InputType.SERVER.value, "A server"),
    (InputType.GROUP.value, "A group of servers"),
    (InputType.STRING.value, "A text"),
    (InputType.INTEGER.value, "A whole number"),
    (InputType.NUMBER.value, "A number"),
    (InputType.BOOLEAN.value, "Yes or no"),
)
_YES_OR_NO: Final = {"yes": True, "true": True, "no": False, "false": False}


class HeadForm(forms.Form):
    """What a workflow is called."""

    prefix = "head"

    name = forms.CharField(
        required=False,
        max_length=LONGEST_LINE,
        help_text="What people call it, such as “Clean up when the disk is full”",
    )
    description = forms.CharField(
        required=False,
        strip=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea({"rows": 2}),
        help_text="When to use it, and when not",
    )

    @staticmethod
    def of(definition: Definition) -> dict[str, Any]:
        """Return what the form shows of a workflow."""
        return {"name": definition.name, "description": definition.description}

    def applied(self, definition: Definition) -> Definition:
        """Return the workflow with what the form says."""
        return editing.described(definition, **self.cleaned_data)


class InputsForm(forms.Form):
    """The inputs of a workflow, one a row; a row without a name is none."""

    prefix = "inputs"

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any]
    ) -> None:
        super().__init__(data, initial=dict(initial))
        self._rows = 0
        while self._rows < MOST_INPUTS and (
            f"name_{self._rows}" in self.initial or f"inputs-name_{self._rows}" in self.data
        ):
            self._rows += 1
        if not self.is_bound:
            self._rows += 1
        for number in range(self._rows):
            label = f"Input {number + 1}"
            self.fields |= {
                f"name_{number}": forms.CharField(required=False, label=f"{label}: name"),
                f"type_{number}": forms.ChoiceField(
                    required=False,
                    choices=_TYPES,
                    initial=InputType.SERVER.value,
                    label=f"{label}: what it is",
                ),
                f"required_{number}": forms.BooleanField(
                    required=False, label=f"{label}: required"
                ),
                f"default_{number}": forms.CharField(
                    required=False, strip=False, label=f"{label}: default"
                ),
                f"help_{number}": forms.CharField(
                    required=False, max_length=LONGEST_LINE, label=f"{label}: help"
                ),
            }

    @staticmethod
    def of(definition: Definition) -> dict[str, Any]:
        """Return what the form shows of a workflow."""
        shown: dict[str, Any] = {}
        for number, each in enumerate(definition.inputs):
            shown |= {
                f"name_{number}": each.name,
                f"type_{number}": each.type.value,
                f"required_{number}": each.required,
                f"default_{number}": _as_text(each.default),
                f"help_{number}": each.help,
            }
        return shown

    @property
    def rows(self) -> Iterator[dict[str, BoundField]]:
        """The rows, each with its fields by name."""
        for number in range(self._rows):
            names = ("name", "type", "required", "default", "help")
            yield {name: self[f"{name}_{number}"] for name in names}

    def clean(self) -> dict[str, Any]:
        """Make the inputs, so that a default of another type is said beside its field."""
        values = super().clean() or {}
        found: list[Input] = []
        for number in range(self._rows):
            name = values.get(f"name_{number}")
            if not name:
                continue
            kind = InputType(values.get(f"type_{number}") or InputType.STRING)
            try:
                default = _as_value(kind, values.get(f"default_{number}", ""))
            except ValidationError as problem:
                self.add_error(f"default_{number}", problem)
                continue
            found.append(
                Input(
                    name=name,
                    type=kind,
                    required=values[f"required_{number}"],
                    default=default,
                    help=values.get(f"help_{number}", ""),
                )
            )
        values["made"] = found
        return values

    def applied(self, definition: Definition) -> Definition:
        """Return the workflow with these inputs."""
        return editing.with_inputs(definition, self.cleaned_data["made"])


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _as_value(kind: InputType, text: str) -> str | int | float | bool | None:
    """Return a default as it was typed. Raises :class:`ValidationError`."""
    if not text.strip():
        return None
    try:
        if kind is InputType.BOOLEAN:
            return _YES_OR_NO[text.strip().lower()]
        if kind is InputType.INTEGER:
            return int(text)
        return float(text) if kind is InputType.NUMBER else text
    except (KeyError, ValueError):
        wanted = {InputType.BOOLEAN: "yes or no", InputType.INTEGER: "a whole number"}
        raise ValidationError(f"Must be {wanted.get(kind, 'a number')}.") from None
