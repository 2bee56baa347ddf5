"""The inputs of a workflow: what somebody gives when it starts, of the types that it wants."""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, Final

from automation.workflows.definition import Definition, Input, InputType
from automation.workflows.errors import DefinitionInvalid, Finding

LONGEST_VALUE: Final = 4096
_YES_OR_NO: Final = {"true": True, "yes": True, "false": False, "no": False}
_WANTED: Final = {
    InputType.STRING: "a text",
    InputType.INTEGER: "a whole number",
    InputType.NUMBER: "a number",
    InputType.BOOLEAN: "yes or no",
    InputType.SERVER: "the name or id of a server",
    InputType.GROUP: "the name or id of a group",
}


def problem_of(wanted: InputType, value: object) -> str | None:
    """Return the sentence that says why a value is not of a type, ``None`` where it is."""
    if isinstance(value, bool) or wanted is InputType.BOOLEAN:
        fits = isinstance(value, bool) and wanted is InputType.BOOLEAN
    elif wanted is InputType.INTEGER:
        fits = isinstance(value, int)
    elif wanted is InputType.NUMBER:
        fits = isinstance(value, int | float)
    else:
        fits = isinstance(value, str) and len(value) <= LONGEST_VALUE
        fits = fits and (wanted is InputType.STRING or bool(value))
    return None if fits else f"Must be {_WANTED[wanted]}."


def typed(definition: Definition, texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return texts by the names of inputs as values of their types, such as ``"5"`` as 5.

    What is no such value stays as it is, for :func:`filled_in` to refuse.
    """
    types = {wanted.name: wanted.type for wanted in definition.inputs}
    return {
        name: _typed(types.get(name), value) if isinstance(value, str) else value
        for name, value in texts.items()
    }


def filled_in(definition: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every input: the one that is given, or its default, or none.

    Raises :class:`DefinitionInvalid` with all that are missing, unknown or of another type, at
    places such as ``inputs.server``.
    """
    findings = [*_unknown(definition, given)]
    values: dict[str, Any] = {}
    for wanted in definition.inputs:
        value = given.get(wanted.name)
        value = wanted.default if value is None else value
        values[wanted.name] = value
        sentence = _problem(wanted, value)
        if sentence is not None:
            findings.append(Finding(place=f"inputs.{wanted.name}", sentence=sentence))
    if findings:
        raise DefinitionInvalid(findings)
    return values


def _typed(wanted: InputType | None, text: str) -> Any:
    try:
        match wanted:
            case InputType.INTEGER:
                return int(text)
            case InputType.NUMBER:
                number = float(text)
                # What JSON does not know as a number, such as "nan", is refused with the others.
                return number if isfinite(number) else text
            case InputType.BOOLEAN:
                return _YES_OR_NO.get(text.lower(), text)
            case _:
                return text
    except ValueError:
        return text


def _problem(wanted: Input, value: object) -> str | None:
    if value is None:
        return f"Is required. Give {_WANTED[wanted.type]}." if wanted.required else None
    return problem_of(wanted.type, value)


def _unknown(definition: Definition, given: Mapping[str, Any]) -> Iterable[Finding]:
    names = [wanted.name for wanted in definition.inputs]
    for name in given:
        if name not in names:
            known = f"It has {', '.join(names)}." if names else "It has none."
            sentence = f"The workflow has no such input. {known}"
            yield Finding(place=f"inputs.{name}", sentence=sentence)
