from typing import Any

import pytest

from tests.automation.workflows.makers import edge, note, run, workflow
from tests.automation.workflows.test_checking import found

INPUTS = [{"name": "server", "type": "server"}, {"name": "n", "type": "integer"}]


@pytest.mark.parametrize(
    ("node", "place"),
    [
        (note(text="{{ inputs.sever }}"), "text"),
        ({"kind": "wait", "seconds": 1, "message": "{{ inputs.sever }}"}, "message"),
        (run(server="{{ inputs.sever }}"), "server"),
        (run(server=None, forEach={"group": "{{ inputs.sever }}"}), "forEach.group"),
        (
            run(server=None, forEach={"servers": ["web-1", "{{ inputs.sever }}"]}),
            "forEach.servers[1]",
        ),
        (run(runbook="CLEAN", parameters={"path": "/{{ inputs.sever }}"}), "parameters.path"),
        (
            run(
                runbook="CLEAN", parameters={"path": "/", "patterns": [{"a": "{{ inputs.sever }}"}]}
            ),
            "parameters.patterns[0].a",
        ),
    ],
)
def test_a_template_is_looked_at_wherever_it_stands(node: dict[str, Any], place: str) -> None:
    places = found(workflow({"a": node}, inputs=INPUTS))
    assert places == {f"nodes.a.{place}": "There is no input sever. Did you mean server?"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ inputs.x }}", "There is no input x. Look for a slip"),
        ("{{ results.chek.status }}", "There is no node chek. Did you mean check?"),
        ("{{ results.zzz.status }}", "There is no node zzz. Look for a slip"),
        ("{{ results.check.state }}", "A result has no state. Use one of status, success"),
        ("{{ results.told.status }}", "told has not surely ended by then"),
        ("{{ results.later.status }}", "later has not surely ended by then"),
        ("{{ results.aside.status }}", "Let edges lead from aside to here"),
        ("{{ results.check }", "unexpected '}'"),
        ("{{ open('x') }}", "Use only names"),
        ("{{ inputs }}", "Name one of the inputs"),
    ],
)
def test_a_template_names_only_what_is_surely_known_by_then(text: str, said: str) -> None:
    nodes = {"check": note(), "told": note(text=text), "later": note(), "aside": note()}
    places = found(workflow(nodes, "check told", "told later", inputs=INPUTS))
    assert list(places) == ["nodes.told.text"]
    assert said in places["nodes.told.text"]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("results.check.data.usage > 80 and inputs.n > 1", None),
        ("results.first.success", None),
        ("results.told.success", "told has not surely ended by then"),
        ("results.check.sucess", "A result has no sucess"),
        ("inputs.m > 1", "There is no input m."),
        ("inputs.n >", "unexpected"),
        ("{{ inputs.n > 1 }}", "without {{ and }}"),
    ],
)
def test_a_condition_may_use_the_result_of_where_its_edge_begins(
    when: str, said: str | None
) -> None:
    definition = workflow(
        "first check told", "first check", edge("check told", when=when), inputs=INPUTS
    )
    places = found(definition)
    assert list(places) == ([] if said is None else ["edges[1].when"])
    assert (said or "") in places.get("edges[1].when", "")


def test_a_result_of_either_branch_may_be_used_where_all_of_them_join() -> None:
    text = "{{ results.left.summary }}{{ results.right.summary }}"
    edges = ("check left", "check right", "left told", "right told")
    nodes = {"check": note(), "left": note(), "right": note()}
    assert found(workflow({**nodes, "told": note(text=text)}, *edges)) == {}
    places = found(
        workflow({**nodes, "told": note(text="{{ results.left.status }}", join="any")}, *edges)
    )
    assert "left has not surely ended" in places["nodes.told.text"]
