from time import perf_counter
from typing import Any

import pytest

from automation.workflows import Definition, DefinitionInvalid, check, load, require
from automation.workflows import definition as module
from tests.automation.workflows.makers import Shelf, edge, note, run, workflow


def found(definition: Definition) -> dict[str, str]:
    findings = check(definition, Shelf())
    places = {finding.place: finding.sentence for finding in findings}
    assert len(places) == len(findings)
    return places


def test_a_sound_workflow_has_nothing_wrong() -> None:
    definition = workflow(
        {
            "check": run(),
            "clean": run(
                template="clean-logs",
                runbook=None,
                server=None,
                forEach={"group": "web", "maxParallel": 2, "stopAfterFailures": 1},
                parameters={"minSizeMb": 20},
            ),
            "agreed": {"kind": "wait", "approvals": 1, "expiresAfter": 60},
            "pause": {"kind": "wait", "seconds": 5},
            "told": note(text="{{ results.clean.summary }} of {{ inputs.who }}"),
        },
        edge("check clean", when="results.check.data.usage > 80"),
        "clean agreed",
        edge("agreed pause", on="always"),
        "pause told",
        inputs=[{"name": "who", "type": "string", "default": "nobody"}],
    )
    assert found(definition) == {}
    require(definition, Shelf())


def test_the_example_of_the_documentation_names_only_what_there_is() -> None:
    text = (module.__doc__ or "").split("::", 1)[1].split("The models")[0]
    places = found(load(text))
    assert set(places) == {"nodes.check.runbook", "nodes.clean.runbook"}


def test_everything_that_is_wrong_is_said_at_once_and_raised_together() -> None:
    definition = workflow({"a": run(server="gone")}, "a b", name=" ")
    with pytest.raises(DefinitionInvalid) as problem:
        require(definition, Shelf())
    assert [finding.place for finding in problem.value.findings] == [
        "name",
        "nodes.a.server",
        "edges[0].to",
    ]


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"name": ""}, "name", "1 to 200 characters"),
        ({"name": "x" * 201}, "name", "1 to 200 characters"),
        ({"description": "x" * 4001}, "description", "at most 4000"),
        ({"inputs": [{"name": "a-b", "type": "string"}]}, "inputs[0].name", "letters, digits"),
        (
            {"inputs": [{"name": "a", "type": "string"}, {"name": "a", "type": "group"}]},
            "inputs[1].name",
            "There is an input a already",
        ),
        (
            {"inputs": [{"name": "a", "type": "string", "help": "x" * 201}]},
            "inputs[0].help",
            "at most 200",
        ),
        (
            {"inputs": [{"name": "a", "type": "integer", "default": "x"}]},
            "inputs[0].default",
            "Must be a whole number",
        ),
        (
            {"inputs": [{"name": "a", "type": "string", "default": "x", "required": True}]},
            "inputs[0].default",
            "A required input has no default",
        ),
        (
            {"inputs": [{"name": f"a{n}", "type": "string"} for n in range(51)]},
            "inputs",
            "There are 51. Use at most 50",
        ),
    ],
)
def test_what_is_wrong_with_the_head_is_said(fields: dict[str, Any], place: str, said: str) -> None:
    places = found(workflow("a", **fields))
    assert list(places) == [place]
    assert said in places[place]


def test_too_large_a_workflow_is_refused_before_it_is_looked_at() -> None:
    began = perf_counter()
    nodes = {f"n{n}": note(text="{{") for n in range(501)}
    places = found(workflow(nodes, *["n1 n2"] * 2001))
    assert set(places) == {"nodes", "edges"}
    assert "There are 501. Use at most 500" in places["nodes"]
    assert found(workflow({})) == {"nodes": "There is none. Add at least one."}
    assert perf_counter() - began < 5


def test_the_largest_workflow_is_checked_in_no_time() -> None:
    nodes = {f"n{n}": note(text=f"{{{{ results.n{n - 1}.status }}}}") for n in range(1, 500)}
    pairs = [(a, b) for b in range(1, 500) for a in range(max(0, b - 4), b)]
    edges = [edge(f"n{a} n{b}", when=f"results.n{a}.data.n > {b}") for a, b in pairs]
    began = perf_counter()
    assert found(workflow({"n0": note(), **nodes}, *edges)) == {}
    assert perf_counter() - began < 30


@pytest.mark.parametrize("key", ["Check", "1st", "clean-up", "", "a" * 51, "a.b", "ä"])
def test_a_key_that_conditions_can_not_name_is_refused(key: str) -> None:
    places = found(workflow({key: note()}))
    assert "small letters, digits and _ only" in places[f"nodes.{key}"]


def test_edges_that_lead_nowhere_or_stand_twice_are_said() -> None:
    places = found(
        workflow("a b", "a b", edge("a b", on="failure"), "gone b", "a lost", "a b", "x y")
    )
    assert places == {
        "edges[2].from": "There is no node gone. Name one of the nodes by its key.",
        "edges[3].to": "There is no node lost. Name one of the nodes by its key.",
        "edges[4]": "Is the same as edges[0]. Take one out.",
        "edges[5].from": "There is no node x. Name one of the nodes by its key.",
        "edges[5].to": "There is no node y. Name one of the nodes by its key.",
    }


def test_a_cycle_is_named_and_what_stands_behind_it_can_not_be_reached() -> None:
    places = found(workflow("a b c d", "b a", "a c", "c b", "c d"))
    assert places == {
        "edges": "These wait for one another: a → c → b → a. Take one of the edges out.",
        "nodes.d": "Can't be reached: it waits for nodes that wait for one another.",
    }


def test_a_node_that_waits_for_itself_is_a_cycle() -> None:
    assert "a → a" in found(workflow("a", "a a"))["edges"]


def test_behind_a_cycle_only_the_cycle_is_said_of_results() -> None:
    nodes = {"a": note(text="{{ results.b.status }}"), "b": note()}
    definition = workflow(nodes, edge("a b", when="results.b.success"), "b a")
    assert list(found(definition)) == ["edges"]
