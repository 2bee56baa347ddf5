"""Makes a form's field of a parameter: its input knows what the runbook's declaration says."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django import forms

from automation.engine.descriptions import ParamDescription, core

_LIMITS: Final = (
    ("min", "minimum"),
    ("max", "maximum"),
    ("minlength", "minLength"),
    ("maxlength", "maxLength"),
)
_KEYBOARDS: Final = {"integer": "numeric", "number": "decimal"}
_SAFE_PATTERN: Final = re.compile(
    r"\^(?:[\w ,:@+*?]|\\[dws.]|\[(?:\w-\w|[\w.,:@_])+\]|\{\d+(?:,\d*)?\})+\$"
)
"""What means the same to a browser as to the runbook: whole, and without what they write apart."""


def field_of(parameter: ParamDescription) -> forms.Field:
    """Return the field. What was typed into it the runbook judges, in its own sentences."""
    common: dict[str, Any] = {
        "label": parameter.title,
        "help_text": parameter.help,
        # An unticked box is an answer; of the rest the runbook judges what was typed.
        "required": parameter.required and not is_switch(parameter),
        "error_messages": {"required": f"{parameter.title} is needed."},
        "initial": parameter.default,
    }
    attributes = _attributes(parameter)
    if parameter.secret:
        widget = forms.PasswordInput(attributes)
        return forms.CharField(**common, strip=False, widget=widget)
    if parameter.choices:
        choices = [(choice, str(choice)) for choice in parameter.choices]
        return forms.ChoiceField(**common, choices=choices, widget=forms.Select(attributes))
    if is_switch(parameter):
        return forms.BooleanField(**common, widget=forms.CheckboxInput(attributes))
    if is_list(parameter):
        common["initial"] = _text(parameter)
        common["help_text"] = f"{parameter.help} (one a line)"
        return forms.CharField(**common, widget=forms.Textarea({**attributes, "rows": 2}))
    if parameter.multiline:
        area = forms.Textarea({**attributes, "rows": 5})
        return forms.CharField(**common, strip=False, widget=area)
    if _kind(parameter) in _KEYBOARDS:
        return forms.CharField(**common, widget=forms.NumberInput(attributes))
    return forms.CharField(**common, widget=forms.TextInput(attributes))


def as_typed(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return kept parameters as a form takes them: of a list, one a line."""
    return {
        name: "\n".join(map(str, value)) if isinstance(value, list) else value
        for name, value in parameters.items()
    }


def is_switch(parameter: ParamDescription) -> bool:
    """Return whether it is a yes or no."""
    return parameter.json_schema.get("type") == "boolean"


def is_list(parameter: ParamDescription) -> bool:
    """Return whether it takes several values, in the form one a line."""
    return parameter.json_schema.get("type") == "array"


def _kind(parameter: ParamDescription) -> str:
    return str(core(parameter.json_schema).get("type", ""))


def _attributes(parameter: ParamDescription) -> dict[str, Any]:
    """Return what the input knows by itself: limits, keyboard, unit, what stands in it unasked."""
    # An empty field of an optional list or text is not too short, but not given.
    found = {
        name: parameter.constraints[word] for name, word in _LIMITS if word in parameter.constraints
    }
    kind = _kind(parameter)
    if kind in _KEYBOARDS:
        found["inputmode"] = _KEYBOARDS[kind]
    if kind == "number":
        found["step"] = "any"
    if core(parameter.json_schema).get("format") == "uri":
        found["inputmode"] = "url"
    pattern = str(parameter.constraints.get("pattern", ""))
    if _SAFE_PATTERN.fullmatch(pattern):
        found["pattern"] = pattern[1:-1]
    if parameter.suggests:
        # Of a text of several lines, the page makes a field beside it that adds one.
        found["data-suggests" if is_list(parameter) else "list"] = f"suggested-{parameter.suggests}"
    if parameter.secret:
        found["data-secret"] = ""
    # The question before a run names what differs from it.
    found |= {"data-parameter": parameter.title, "data-default": _text(parameter)}
    return {**found, "data-unit": parameter.unit}


def _text(parameter: ParamDescription) -> str:
    """Return the default as the form shows it."""
    default = parameter.default
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, list):
        return "\n".join(map(str, default))
    return "" if default is None else str(default)
