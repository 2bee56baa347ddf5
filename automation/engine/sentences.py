"""Says in plain words what pydantic found wrong with a parameter."""

from collections.abc import Mapping
from typing import Any

_SENTENCES = {
    "missing": "Is required.",
    "extra_forbidden": "The runbook has no such parameter.",
    "int_type": "Must be a whole number.",
    "int_parsing": "Must be a whole number.",
    "int_from_float": "Must be a whole number.",
    "int_parsing_size": "Is too large a number.",
    "float_type": "Must be a number.",
    "float_parsing": "Must be a number.",
    "finite_number": "Must be a finite number.",
    "bool_type": "Must be yes or no.",
    "bool_parsing": "Must be yes or no.",
    "string_type": "Must be text.",
    "tuple_type": "Must be a list.",
    "list_type": "Must be a list.",
    "greater_than_equal": "Must be at least {ge}{unit}.",
    "greater_than": "Must be more than {gt}{unit}.",
    "less_than_equal": "Must be at most {le}{unit}.",
    "less_than": "Must be less than {lt}{unit}.",
    "string_too_short": "Must have at least {min_length} characters.",
    "string_too_long": "Must have at most {max_length} characters.",
    "too_short": "Must have at least {min_length} {parts}.",
    "too_long": "Must have at most {max_length} {parts}.",
    "string_pattern_mismatch": "Must match the pattern {pattern}",
    "literal_error": "Must be one of {expected}.",
    "enum": "Must be one of {expected}.",
    "value_error": "{error}",
}


def sentence_for(problem: Mapping[str, Any], *, unit: str = "") -> str:
    """Return the sentence for one of pydantic's errors, such as "Must be at most 60 s."."""
    template = _SENTENCES.get(problem["type"])
    if template is None:
        return f"{problem['msg']}."
    context = problem.get("ctx", {})
    # pydantic counts a secret's characters, too, but calls them no string.
    parts = "characters" if context.get("field_type") == "Value" else "items"
    return template.format(**context, parts=parts, unit=f" {unit}" if unit else "")
