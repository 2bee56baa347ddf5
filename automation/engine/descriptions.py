"""Describes a runbook's parameters to those who have to ask for them: forms, the API, the docs."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from automation.engine.params import option, wire_name

if TYPE_CHECKING:
    from automation.engine.runbook import Runbook

_CONSTRAINTS = (
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
)
_FORMATS = {
    "systemd-unit": "systemd unit",
    "absolute-path": "absolute path",
    "uri": "web address",
    "password": "secret text",
}
_TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "yes or no",
    "string": "text",
}
_PLURALS = {
    "systemd unit": "systemd units",
    "absolute path": "absolute paths",
    "web address": "web addresses",
    "whole number": "whole numbers",
    "number": "numbers",
}


@dataclass(frozen=True, kw_only=True)
class ParamDescription:
    """All that a form, a page or a client needs to know of one parameter."""

    name: str
    """On the wire, such as ``serviceName``."""
    python_name: str
    title: str
    """For people, such as "Service name"."""
    type: str
    """In plain words, such as "whole number" or "list of systemd units"."""
    json_schema: dict[str, Any]
    """The fragment for this parameter alone, without references."""
    required: bool
    default: Any
    """JSON; ``None`` where it is required or secret."""
    help: str
    unit: str
    """Empty without one."""
    secret: bool
    multiline: bool
    labels: tuple[str, ...]
    """The alert labels it may be filled from, best first."""
    suggests: str
    """What of the server may be offered, such as ``units``; empty for nothing."""
    choices: tuple[Any, ...]
    """The only values allowed; empty where it is not a choice."""
    constraints: dict[str, Any] = field(default_factory=dict)
    """By JSON Schema's words: ``minimum``, ``maxLength``, ``pattern``, ..."""


def json_schema(runbook: "type[Runbook]") -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a runbook's parameters, by their names on the wire."""
    return runbook.model_json_schema(by_alias=True)


def describe(runbook: "type[Runbook]") -> list[ParamDescription]:
    """Describe each parameter, in the order of declaration."""
    schema = json_schema(runbook)
    definitions = schema.get("$defs", {})
    described = []
    for name, info in runbook.model_fields.items():
        fragment = _resolved(schema["properties"][wire_name(name)], definitions)
        value = core(fragment)
        secret = bool(option(info, "secret"))
        shown = not (info.is_required() or secret)
        described.append(
            ParamDescription(
                name=wire_name(name),
                python_name=name,
                title=fragment["title"],
                type=type_in_words(fragment),
                json_schema=fragment,
                required=info.is_required(),
                default=to_jsonable_python(info.get_default(call_default_factory=False))
                if shown
                else None,
                help=info.description or "",
                unit=option(info, "unit") or "",
                secret=secret,
                multiline=bool(option(info, "multiline")),
                labels=tuple(option(info, "labels")),
                suggests=option(info, "suggests") or "",
                choices=tuple(value.get("enum", ())),
                constraints={key: value[key] for key in _CONSTRAINTS if key in value},
            )
        )
    return described


def type_in_words(fragment: dict[str, Any]) -> str:
    """Return what kind of value a JSON Schema fragment asks for, such as "whole number"."""
    value = core(fragment)
    if "enum" in value:
        return "one of " + ", ".join(str(choice) for choice in value["enum"])
    kind = value.get("type", "")
    if kind == "array":
        item = type_in_words(value.get("items", {}))
        return f"list of {_PLURALS.get(item, item)}"
    return _FORMATS.get(value.get("format", "")) or _TYPES.get(kind, "value")


def core(fragment: dict[str, Any]) -> dict[str, Any]:
    """Return what an optional value is when it is given; else the fragment itself."""
    variants = [v for v in fragment.get("anyOf", ()) if v.get("type") != "null"]
    return variants[0] if variants else fragment


def _resolved(node: Any, definitions: dict[str, Any]) -> Any:
    """Return the schema with each ``$ref`` replaced by what it names."""
    if isinstance(node, list):
        return [_resolved(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    target = definitions[node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else {}
    merged = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return {key: _resolved(value, definitions) for key, value in merged.items()}
