from time import perf_counter
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.workflows import (
    Definition,
    DefinitionInvalid,
    Form,
    InputType,
    Join,
    Note,
    On,
    OnFailure,
    Run,
    TextUnreadable,
    Wait,
    dump,
    dump_value,
    load,
    load_value,
    parsed,
)
from automation.workflows import definition as module
from tests.automation.workflows.makers import note, run

WHOLE = """
name: Clean up when it is full
description: |
  Looks first.
  Then acts.
inputs:
  - {name: server, type: server, required: true, help: Where to look}
  - {name: gently, type: boolean, default: no_}
nodes:
  check: {kind: run, runbook: HEALTH_CHECK, server: "{{ inputs.server }}"}
  clean:
    kind: run
    template: clean-logs
    title: Make room
    join: any
    onFailure: continue
    isDryRun: true
    forEach: {group: web, maxParallel: 2, stopAfterFailures: 1}
    parameters: {mode: 0644, minSizeMb: 10, share: 0.5, deep: [{on: yes, off: true}], none: null}
  wait: {kind: wait, seconds: 60}
  agreed: {kind: wait, approvals: 2, expiresAfter: 3600, message: May it?}
  told: {kind: note, text: Done}
edges:
  - {from: check, to: clean, when: results.check.data.usage > 80}
  - {from: clean, to: wait, on: failure}
  - from: wait
    to: told
    on: always
"""


def test_a_whole_workflow_is_read_from_yaml() -> None:
    found = load(WHOLE.replace("no_", "false"))
    assert found.name == "Clean up when it is full"
    assert found.description == "Looks first.\nThen acts.\n"
    assert [(i.name, i.type, i.required) for i in found.inputs] == [
        ("server", InputType.SERVER, True),
        ("gently", InputType.BOOLEAN, False),
    ]
    check, clean = found.nodes["check"], found.nodes["clean"]
    assert isinstance(check, Run)
    assert isinstance(clean, Run)
    assert (check.join, check.on_failure, check.is_dry_run) == (Join.ALL, OnFailure.STOP, False)
    assert (clean.join, clean.on_failure, clean.is_dry_run) == (Join.ANY, OnFailure.CONTINUE, True)
    assert clean.for_each is not None
    assert (clean.for_each.max_parallel, clean.for_each.stop_after_failures) == (2, 1)
    assert isinstance(found.nodes["agreed"], Wait)
    assert isinstance(found.nodes["told"], Note)
    assert [each.on for each in found.edges] == [On.SUCCESS, On.FAILURE, On.ALWAYS]


def test_yaml_is_read_without_the_surprises_of_its_first_version() -> None:
    clean = load(WHOLE.replace("no_", "false")).nodes["clean"]
    assert isinstance(clean, Run)
    assert clean.parameters == {
        "mode": "0644",
        "minSizeMb": 10,
        "share": 0.5,
        "deep": [{"on": "yes", "off": True}],
        "none": None,
    }


def test_the_example_of_the_documentation_is_a_workflow() -> None:
    text = (module.__doc__ or "").split("::", 1)[1].split("The models")[0]
    assert list(load(text).nodes) == ["check", "clean", "told"]


def test_what_is_written_is_short_and_says_on_without_quotes() -> None:
    text = dump(
        load("name: x\nnodes: {a: {kind: note, text: hi}}\nedges: [{from: a, to: a, on: always}]")
    )
    assert text == (
        "name: x\nnodes:\n  a:\n    kind: note\n    text: hi\n"
        "edges:\n- from: a\n  to: a\n  on: always\n"
    )


def test_what_older_readers_take_for_something_else_is_written_in_quotes() -> None:
    found = parsed(
        {"name": "yes", "nodes": {"a": run(parameters={"m": "0644", "d": "2026-01-02"})}}
    )
    text = dump(found)
    assert "name: 'yes'" in text
    assert "m: '0644'" in text
    assert "d: '2026-01-02'" in text


def test_what_stands_twice_is_written_twice() -> None:
    same = ["a", "b"]
    found = parsed({"name": "x", "nodes": {"a": run(parameters={"m": same, "d": same})}})
    assert "&" not in dump(found)
    assert load(dump(found)) == found


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
WORDS = st.sampled_from(
    [
        "on",
        "no",
        "1e5",
        "1_000",
        "0o7",
        "0x1f",
        "~",
        "",
        "null",
        "1.",
        ".5",
        "-",
        "a: b",
        "# x",
        "\x85",
        "a\u2028b",
        "\r\n",
        "2026-01-01",
        "12:30:45",
        ".inf",
        "<<",
        "=",
        "a\nb\n",
        " a",
        "a ",
        "\ta",
        "a\n\n b",
        "{{ x }}",
    ]
)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = TEXTS | WORDS | NUMBERS | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXTS | WORDS, v, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(name=TEXTS | WORDS, parameters=st.dictionaries(TEXTS | WORDS, VALUES, max_size=4))
def test_what_is_written_down_is_read_as_the_same(name: str, parameters: dict[str, Any]) -> None:
    found = parsed({"name": name, "nodes": {"a": run(parameters=parameters), "b": note(text=name)}})
    assert load(dump(found)) == found
    assert load(dump(found, Form.JSON), Form.JSON) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The text is empty"),
        ("# nothing\n", "The text is empty"),
        ("name: x\n---\nname: y", "several documents"),
        ("a: &x [1]\nb: *x", "an anchor or alias in line 1"),
        ("a: 1\nb: *x", "an anchor or alias in line 2"),
        ("a: 1\n? &x b\n: 1", "an anchor or alias in line 2"),
        ("a: !!python/object:os.system 1", "a tag in line 1"),
        ("a: !x [1]", "a tag in line 1"),
        ("nodes: {a: 1, b: 2,\n a: 3}", "a stands twice in line 2"),
        ("1: x", "A key is no text in line 1"),
        ("? [a]\n: x", "A key is no text in line 1"),
        ("true: x", "A key is no text in line 1"),
        ("name: [x", "This is no YAML"),
        ("name: \x07", "a character that YAML does not allow"),
        ("[" * 5000, "nested too deeply in line 1"),
        ("a: " + "x" * 500_000, "Use at most 500,000 characters"),
    ],
)
def test_yaml_that_is_none_or_too_much_is_refused_with_its_line(text: str, said: str) -> None:
    began = perf_counter()
    with pytest.raises(TextUnreadable) as problem:
        load(text)
    assert said in str(problem.value)
    assert perf_counter() - began < 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "This is no JSON: in line 1, column 1"),
        ('{"name": "x",\n}', "This is no JSON: in line 2"),
        ('{"name": "x", "name": "y"}', "name stands twice"),
        ('{"name": NaN}', "NaN is no number"),
        ('{"name": -Infinity}', "-Infinity is no number"),
        ('{"name": ' + "9" * 5000 + "}", "a number that is too large"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_is_none_or_too_much_is_refused(text: str, said: str) -> None:
    with pytest.raises(TextUnreadable) as problem:
        load(text, Form.JSON)
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"name": "x", "nodes": {"a": run(parameters={"x": "\ud800"})}}, "not text"),
        ({"name": "x", "nodes": {"a": run(parameters={"\0": 1})}}, "not text"),
        ({"name": "x", "nodes": {"a": run(parameters={"x": 1e999})}}, "a number that is too large"),
        ({"name": "x", "nodes": {"a": run(parameters={"x": 10**30})}}, "that is too large"),
        ({"name": [[[[[[[[[[[[[["x"]]]]]]]]]]]]]]}, "nested too deeply"),
        ("x", "Must be an object with fields"),
        (None, "Must be an object with fields"),
    ],
)
def test_json_from_elsewhere_is_bounded_as_well(raw: object, said: str) -> None:
    with pytest.raises(DefinitionInvalid) as problem:
        parsed(raw)
    assert said in str(problem.value)


def test_all_fields_that_are_wrong_are_said_with_their_places() -> None:
    with pytest.raises(DefinitionInvalid) as problem:
        parsed(
            {
                "nodes": {
                    "a": {"kind": "run", "runbok": "X", "forEach": {"maxParallel": "two"}},
                    "b": {"text": "x"},
                    "c": {"kind": "loop"},
                    "d": "told",
                    "e": note(onFailure="go on", join=1),
                },
                "inputs": [{"name": "x", "type": "date", "default": []}],
                "edges": [{"from": "a", "on": "later"}, "a b"],
            }
        )
    assert {finding.place: finding.sentence for finding in problem.value.findings} == {
        "name": "Is required.",
        "inputs[0].type": (
            "Must be one of 'string', 'integer', 'number', 'boolean', 'server' or 'group'."
        ),
        "inputs[0].default": "Must be a text, a number, yes or no.",
        "nodes.a.runbok": "There is no such field. Take it out, or look for a slip in its name.",
        "nodes.a.forEach.maxParallel": "Must be a whole number.",
        "nodes.b": "Say by kind what it does: run, wait or note.",
        "nodes.c": "Its kind must be run, wait or note.",
        "nodes.d": "Must be an object with fields.",
        "nodes.e.join": "Must be one of 'all' or 'any'.",
        "nodes.e.onFailure": "Must be one of 'stop' or 'continue'.",
        "edges[0].to": "Is required.",
        "edges[0].on": "Must be one of 'success', 'failure' or 'always'.",
        "edges[1]": "Must be an object with fields.",
    }
    assert "nodes.b: Say by kind what it does: run, wait or note." in str(problem.value)


def test_a_large_workflow_is_read_in_no_time() -> None:
    nodes = {f"n{number}": run(parameters={"path": "/x" * 40}) for number in range(500)}
    edges = [{"from": f"n{n % 500}", "to": f"n{(n * 7) % 500}"} for n in range(2000)]
    text = dump(Definition.model_validate({"name": "x", "nodes": nodes, "edges": edges}))
    began = perf_counter()
    assert len(load(text).edges) == 2000
    assert perf_counter() - began < 10


def test_a_part_of_a_workflow_is_read_and_written_alike() -> None:
    value = {"targetPath": "/var/log", "minSizeMb": 100, "on": "yes"}
    assert load_value(dump_value(value)) == value
    assert load_value("minSizeMb: 100") == {"minSizeMb": 100}
    assert load_value(' {"minSizeMb": 100} ') == {"minSizeMb": 100}
    assert load_value(" \n") is None
    assert dump_value({}) == ""
    with pytest.raises(TextUnreadable, match="line 1"):
        load_value("a: b: c")


def test_yaml_of_others_is_read_as_before() -> None:
    assert yaml.safe_load("grace: 1h") == {"grace": "1h"}
    assert yaml.safe_dump({"grace": "1h"}) == "grace: 1h\n"
