from typing import Any

import pytest

from tests.automation.workflows.makers import note, run, workflow
from tests.automation.workflows.test_checking import found

INPUTS = [{"name": "x", "type": "string"}]


def clean(**parameters: Any) -> dict[str, Any]:
    return run(runbook="CLEAN", parameters=parameters)


@pytest.mark.parametrize(
    ("node", "places"),
    [
        (note(text=" "), {"text": "Say something."}),
        (note(text="x" * 4001), {"text": "Use at most 4000 characters."}),
        (note(title="x" * 201), {"title": "Use at most 200 characters."}),
        (
            {"kind": "wait"},
            {"": "Say either for how many seconds it waits, or how many approvals it wants."},
        ),
        (
            {"kind": "wait", "seconds": 1, "approvals": 1},
            {"": "Say either for how many seconds it waits, or how many approvals it wants."},
        ),
        ({"kind": "wait", "seconds": 0}, {"seconds": "Must be from 1 to 2592000."}),
        ({"kind": "wait", "approvals": 11}, {"approvals": "Must be from 1 to 10."}),
        (
            {"kind": "wait", "seconds": 1, "expiresAfter": 1},
            {
                "expiresAfter": (
                    "Only what waits for approvals expires. Take it out, or say approvals."
                )
            },
        ),
        (
            {"kind": "wait", "approvals": 1, "expiresAfter": 0, "message": "x" * 4001},
            {
                "expiresAfter": "Must be from 1 to 2592000.",
                "message": "Use at most 4000 characters.",
            },
        ),
        (run(server=None), {"": "Say where it runs: either on a server or forEach."}),
        (
            run(forEach={"group": "web"}),
            {"": "Say where it runs: either on a server or forEach."},
        ),
        (run(runbook=None), {"": "Say what it runs: either a runbook or a template."}),
        (
            run(runbook="GONE"),
            {"runbook": "There is no runbook GONE. Look it up in the library."},
        ),
        (
            run(runbook=None, template="gone"),
            {"template": "There is no template gone. Save it first, or name another."},
        ),
        (
            run(server="web-2"),
            {"server": "There is no server web-2. Add it first, or name another."},
        ),
        (
            run(server=None, forEach={}),
            {"forEach": "Name either servers or a group."},
        ),
        (
            run(server=None, forEach={"group": "db", "maxParallel": 0, "stopAfterFailures": 1001}),
            {
                "forEach.maxParallel": "Must be from 1 to 1000.",
                "forEach.stopAfterFailures": "Must be from 1 to 1000.",
                "forEach.group": "There is no group db. Make it first, or name another.",
            },
        ),
        (run(server=None, forEach={"servers": []}), {"forEach.servers": "Name 1 to 1000 servers."}),
        (
            run(server=None, forEach={"servers": ["web-1"] * 1001}),
            {"forEach.servers": "Name 1 to 1000 servers."},
        ),
        (
            run(server=None, forEach={"servers": ["web-1", "web-2", "web-1"]}),
            {
                "forEach.servers[1]": "There is no server web-2. Add it first, or name another.",
                "forEach.servers[2]": "web-1 is named before. Take one out.",
            },
        ),
        (run(parameters={"x": 1}), {"parameters.x": "The runbook has no such parameter."}),
        (clean(), {"parameters.path": "Is required."}),
        (clean(path=1), {"parameters.path": "Must be text."}),
        (clean(path="/", minSizeMb=101), {"parameters.minSizeMb": "Must be at most 100 MB."}),
        (clean(path="/", min_size_mb=0), {"parameters.minSizeMb": "Must be at least 1 MB."}),
        (
            clean(path="/", patterns=[1, True]),
            {"parameters.patterns": "Yes and no are not a value of this parameter."},
        ),
        (
            clean(path="/", isFirst=True, isLast=True),
            {"parameters": "Choose first or last."},
        ),
        (
            clean(path="/", password="x"),
            {
                "parameters.password": (
                    "Is a secret, and a workflow is no place for one. Save a template of the "
                    "runbook with it, and name that instead of the runbook."
                )
            },
        ),
        (
            run(runbook=None, template="clean-logs", parameters={"minSizeMb": 0}),
            {"parameters.minSizeMb": "Must be at least 1 MB."},
        ),
    ],
)
def test_what_is_wrong_with_a_node_is_said_with_its_place(
    node: dict[str, Any], places: dict[str, str]
) -> None:
    wanted = {f"nodes.a.{place}".removesuffix("."): said for place, said in places.items()}
    assert found(workflow({"a": node})) == wanted


@pytest.mark.parametrize(
    "node",
    [
        clean(path="{{ inputs.x }}"),
        clean(path="/{{ inputs.x }}", minSizeMb="{{ inputs.x }}"),
        clean(path="/", patterns=["{{ inputs.x }}", 1]),
        clean(path="{{ inputs.x }}", min_size_mb="{{ inputs.x | int }}"),
        clean(path="{{ inputs.x }}", isFirst=True, isLast=True),
        run(server="{{ inputs.x }}"),
        run(server=None, forEach={"group": "{{ inputs.x }}"}),
        run(server=None, forEach={"servers": ["{{ inputs.x }}"]}),
        run(runbook=None, template="clean-logs"),
    ],
)
def test_what_a_template_gives_is_looked_at_only_once_it_is_known(node: dict[str, Any]) -> None:
    assert found(workflow({"a": node}, inputs=INPUTS)) == {}


def test_what_is_certain_is_checked_beside_a_template() -> None:
    node = clean(path="{{ inputs.x }}", minSizeMb=0)
    assert found(workflow({"a": node}, inputs=INPUTS)) == {
        "nodes.a.parameters.minSizeMb": "Must be at least 1 MB."
    }


def test_a_parameter_that_is_nested_too_deeply_is_refused() -> None:
    places = found(workflow({"a": clean(path="/", patterns=[[[[[[["{{"]]]]]]])}))
    assert places["nodes.a.parameters.patterns"] == "It is nested too deeply."
