from typing import Any

import pytest

from automation.workflows import DefinitionInvalid, InputType, filled_in, typed
from automation.workflows.inputs import problem_of
from tests.automation.workflows.makers import workflow

INPUTS = [
    {"name": "server", "type": "server", "required": True},
    {"name": "size", "type": "integer", "default": 10},
    {"name": "note", "type": "string"},
]


def test_what_is_given_comes_before_the_default_and_the_rest_is_none() -> None:
    definition = workflow("a", inputs=INPUTS)
    assert filled_in(definition, {"server": "web-1"}) == {
        "server": "web-1",
        "size": 10,
        "note": None,
    }
    assert filled_in(definition, {"server": "web-1", "size": 0, "note": ""}) == {
        "server": "web-1",
        "size": 0,
        "note": "",
    }


def test_all_that_is_wrong_with_what_is_given_is_said() -> None:
    with pytest.raises(DefinitionInvalid) as problem:
        filled_in(workflow("a", inputs=INPUTS), {"size": "x", "sise": 1})
    assert str(problem.value) == (
        "inputs.sise: The workflow has no such input. It has server, size, note.\n"
        "inputs.server: Is required. Give the name or id of a server.\n"
        "inputs.size: Must be a whole number."
    )


def test_a_workflow_without_inputs_takes_none() -> None:
    assert filled_in(workflow("a"), {}) == {}
    with pytest.raises(DefinitionInvalid, match="It has none"):
        filled_in(workflow("a"), {"x": 1})


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        ("string", ["", "x"], [1, True, "x" * 4097, []]),
        ("integer", [0, -1], [1.0, "1", False]),
        ("number", [0, 1.5], ["1", True]),
        ("boolean", [True, False], [0, "true"]),
        ("server", ["web-1"], ["", 1, True]),
        ("group", ["web"], ["", None]),
    ],
)
def test_a_value_is_of_its_type_or_refused(wanted: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert problem_of(InputType(wanted), value) is None
    for value in bad:
        assert str(problem_of(InputType(wanted), value)).startswith("Must be ")


@pytest.mark.parametrize(
    ("wanted", "text", "value"),
    [
        ("integer", "5", 5),
        ("integer", "five", "five"),
        ("number", "0.5", 0.5),
        ("number", "nan", "nan"),
        ("number", "1e999", "1e999"),
        ("number", "half", "half"),
        ("boolean", "Yes", True),
        ("boolean", "false", False),
        ("boolean", "perhaps", "perhaps"),
        ("string", "5", "5"),
        ("server", "5", "5"),
        ("integer", 5, 5),
        ("string", ["5"], ["5"]),
    ],
)
def test_texts_become_values_of_the_types_that_are_wanted(
    wanted: str, text: Any, value: Any
) -> None:
    definition = workflow("a", inputs=[{"name": "it", "type": wanted}])
    assert typed(definition, {"it": text, "other": "5"}) == {"it": value, "other": "5"}
