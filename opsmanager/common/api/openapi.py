"""Finishes the OpenAPI document, so that a generated client is one that people like to use.

drf-spectacular derives the document from views and serializers. What it can't know, or says in a
way that generators of clients do badly with, is put right here, in one pass over the document.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

LEADS_TO: Final = "x-leads-to"
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_ERROR: Final = "#/components/schemas/Error"
_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "After how many seconds it is worth trying again.",
        "schema": {"type": "integer", "minimum": 0},
    }
}
_ETAG: Final = {
    "ETag": {
        "description": "Of what is shown. Sent back as If-None-Match, it is answered by 304 "
        "without a body while nothing has changed.",
        "schema": {"type": "string"},
    }
}
_Refusal = tuple[str, str, dict[str, Any]]


def _example(error: str, message: str, code: str, **details: Any) -> dict[str, Any]:
    return {"error": error, "message": message, "code": code, "details": details}


# The name of each refusal in the document, what it means, and how one looks.
_REFUSALS: Final[dict[str, _Refusal]] = {
    "400": (
        "Invalid",
        "Something that was sent is not valid, or it can't be done to something in this state.",
        _example(
            "ValidationError",
            "serviceName: Is required.",
            "VALIDATION",
            serviceName=["Is required."],
        ),
    ),
    "401": (
        "Unauthenticated",
        "No token, or one that is not good.",
        _example(
            "Unauthenticated",
            "The token is not valid, or no longer. Get a new one.",
            "AUTHENTICATION_FAILED",
        ),
    ),
    "403": (
        "NotPermitted",
        "Your role, the server, or the scope of your token does not allow it.",
        _example(
            "PermissionDenied",
            "You may not run runbooks on web-1. An administrator can grant you this server, or "
            "one of its groups.",
            "NOT_PERMITTED",
        ),
    ),
    "404": (
        "NotFound",
        "It does not exist, or you may not see it.",
        _example("NotFound", "There is no such execution, or you may not see it.", "NOT_FOUND"),
    ),
    "409": (
        "Conflict",
        "It clashes with what is there.",
        _example(
            "Conflict",
            "Another one has the same name.",
            "CONFLICT",
            name=["server with this name already exists."],
        ),
    ),
    "413": (
        "TooLarge",
        "The body is larger than 1 MiB.",
        _example("TooLarge", "The request is larger than 1 MiB.", "TOO_LARGE"),
    ),
    "415": (
        "UnsupportedMediaType",
        "The body is something else than JSON.",
        _example(
            "UnsupportedMediaType",
            'Unsupported media type "text/xml" in request.',
            "UNSUPPORTED_MEDIA_TYPE",
        ),
    ),
    "422": (
        "IdempotencyKeyReused",
        "The idempotency key was used before, for something else.",
        _example(
            "IdempotencyKeyReused",
            "This Idempotency-Key was used before, for something else.",
            "IDEMPOTENCY_KEY_REUSED",
        ),
    ),
    "429": (
        "TooManyRequests",
        "A cooldown, or too many requests. Wait as long as Retry-After says.",
        _example(
            "RateLimitExceeded",
            "SERVICE_RESTART ran on web-1 already. It can run there again in 9 minutes.",
            "RATE_LIMIT_EXCEEDED",
            retryAfterSeconds=540,
        ),
    ),
    "503": (
        "Unavailable",
        "A part of OpsManager does not answer. Try again in a moment.",
        _example(
            "ServiceUnavailable",
            "The database does not answer. Try again in a moment.",
            "UNAVAILABLE",
        ),
    ),
}


def finish(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, finished. A hook of drf-spectacular, after that of its enums."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for item in result["paths"].values():
        shown = item.get("get", {"responses": {}})["responses"].get("200", {})
        if "application/json" in shown.get("content", {}):
            shown["headers"] = _ETAG
    for name, schema in schemas.items():
        if schema.get("type") == "object" and "properties" in schema:
            _close(name, schema)
    _name_blanks(schemas)
    for node in _nodes(result):
        _let_be_empty(node)
        _say_plainly(node)
    operations = {operation["operationId"]: operation for operation in _operations(result)}
    for operation in operations.values():
        # What pages of documentation put into their list.
        operation["summary"] = re.split(r"[.:;]\s", operation["description"] + " ")[0]
        _share_refusals(operation)
        _link(operation, operations)
        for parameter in operation.get("parameters", ()):
            _refer_to_enum(parameter["schema"], schemas)
            _name_orders(parameter["schema"])
    components["responses"] = {
        name: _refusal(status, meaning, example)
        for status, (name, meaning, example) in _REFUSALS.items()
    }
    return result


def _operations(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in result["paths"].values():
        for method in _METHODS:
            if method in item:
                yield item[method]


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in list(node.values()):
            yield from _nodes(child)
    elif isinstance(node, list):
        for child in node:
            yield from _nodes(child)


def _close(name: str, schema: dict[str, Any]) -> None:
    """Say that a request takes no other names, and that an answer has all of its own."""
    if name.endswith("Request"):
        schema.setdefault("additionalProperties", False)
    else:
        schema["required"] = list(schema["properties"])


def _name_blanks(schemas: dict[str, Any]) -> None:
    """Make an enum that may be empty one enum, whose empty word has a name for generators."""
    blank = {"$ref": "#/components/schemas/Blank"}
    blanked = set()
    for node in _nodes(schemas):
        if blank in node.get("oneOf", ()):
            (other,) = [part for part in node.pop("oneOf") if part != blank]
            blanked.add(other["$ref"].rpartition("/")[2])
            node["$ref"] = f"{other['$ref']}OrNone"
    for name in sorted(blanked):
        words = schemas[name]["enum"]
        schemas[f"{name}OrNone"] = {
            **schemas[name],
            "enum": [*words, ""],
            "x-enum-varnames": [*words, "NONE"],
        }
    schemas.pop("Blank", None)


def _let_be_empty(node: dict[str, Any]) -> None:
    """Make a text with a pattern that may be empty one text: generators make a choice of two."""
    empty = {"type": "string", "maxLength": 0}
    if empty in node.get("oneOf", ()):
        (text,) = [part for part in node.pop("oneOf") if part != empty]
        pattern = text["pattern"].removeprefix("^").removesuffix("$")
        node.update(text, pattern=f"^({pattern})?$")


def _say_plainly(node: dict[str, Any]) -> None:
    description = node.get("description")
    if isinstance(description, str):
        node["description"] = description.replace("``", "`")
    kinds = node.get("type")
    # Generators overlook the format of what may be null, unless it stands apart.
    if isinstance(kinds, list) and "null" in kinds and "format" in node:
        kept = {key: node.pop(key) for key in ("format", "pattern") if key in node}
        (kind,) = [kind for kind in node.pop("type") if kind != "null"]
        node["anyOf"] = [{"type": kind, **kept}, {"type": "null"}]


def _share_refusals(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json", {})
        if content.get("schema") == {"$ref": _ERROR} and status in _REFUSALS:
            operation["responses"][status] = {
                "$ref": f"#/components/responses/{_REFUSALS[status][0]}"
            }


def _refusal(status: str, text: str, example: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "description": text,
        "content": {"application/json": {"schema": {"$ref": _ERROR}, "example": example}},
    }
    if status == "429":
        shown["headers"] = _RETRY_AFTER
    return shown


def _link(operation: dict[str, Any], operations: dict[str, dict[str, Any]]) -> None:
    """Turn ``getServer id=server/id`` into a link of the answer."""
    for said in operation.pop(LEADS_TO, ()):
        name, _, taken = said.partition(" ")
        parameter, _, place = taken.partition("=")
        if name not in operations:
            raise ValueError(f"{operation['operationId']} leads to {name}, which there is not.")
        for status in ("200", "201"):
            if status in operation["responses"]:
                links = operation["responses"][status].setdefault("links", {})
                links[name] = {
                    "operationId": name,
                    "parameters": {parameter: f"$response.body#/{place}"},
                }


def _refer_to_enum(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Let a parameter take the same enum that answers show."""
    holder = schema.get("items", schema)
    words = holder.get("enum")
    for name, shape in schemas.items():
        if words and shape.get("enum") == words:
            holder.clear()
            holder["$ref"] = f"#/components/schemas/{name}"
            return


def _name_orders(schema: dict[str, Any]) -> None:
    """Give ``-createdAt``, which is no name, one for generators: ``CREATED_AT_DESCENDING``."""
    words = schema.get("enum", ())
    if any(word.startswith("-") for word in words):
        schema["x-enum-varnames"] = [
            re.sub(r"([A-Z])", r"_\1", word.lstrip("-")).upper() + "_DESCENDING" * (word[0] == "-")
            for word in words
        ]
