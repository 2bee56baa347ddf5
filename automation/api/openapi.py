"""Puts the parameters of each runbook into the OpenAPI document: clients get types for them.

The document of an installation describes the runbooks of that installation: its own ones, too.
"""

from typing import Any, Final

from automation import catalog
from automation.engine.descriptions import json_schema

# Where a runbook's parameters are sent, each by any of these names.
_TAKERS: Final = (
    "LaunchRequest",
    "BatchLaunchRequest",
    "DryRunRequest",
    "ValidationRequest",
    "TemplateSaveRequest",
)


def add_parameters(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document with a schema for the parameters of each runbook. A hook."""
    schemas = result["components"]["schemas"]
    names = []
    for runbook in catalog.runbooks():
        name = "".join(word.capitalize() for word in runbook.id.split("_")) + "Parameters"
        schema = dict(json_schema(runbook))
        parts = schema.pop("$defs", {})
        schemas[name] = _moved(schema, name) | {
            "title": name,
            "description": f"The parameters of `{runbook.id}`: {runbook.title}.",
        }
        for part, shape in parts.items():
            schemas[f"{name}{part}"] = _moved(shape, name)
        names.append(name)
    schemas["OtherParameters"] = {
        "type": "object",
        "description": "The parameters of a runbook that came after this document was read.",
        "additionalProperties": {},
    }
    for taker in _TAKERS:
        shown = schemas[taker]["properties"]["parameters"]
        shown["anyOf"] = [
            {"$ref": f"#/components/schemas/{name}"} for name in (*names, "OtherParameters")
        ]
        for key in ("type", "additionalProperties"):
            shown.pop(key, None)
    return result


def _moved(node: Any, name: str) -> Any:
    """Return a schema whose references lead to where its parts stand in the document."""
    if isinstance(node, list):
        return [_moved(one, name) for one in node]
    if not isinstance(node, dict):
        return node
    moved = {
        key: _moved(value, name)
        for key, value in node.items()
        # What a form shows of a parameter, where there is something to show.
        if value or not key.startswith("x-")
    }
    if str(moved.get("$ref", "")).startswith("#/$defs/"):
        moved["$ref"] = f"#/components/schemas/{name}{moved['$ref'].rpartition('/')[2]}"
    return moved
