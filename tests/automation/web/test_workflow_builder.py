"""The builder: each act of it changes the text, and nothing that was typed is ever lost."""

import pytest

from automation import workflows as core
from automation.models import Workflow
from automation.services import templates
from servers.models import Server
from tests.automation import makers
from tests.automation.web.builder_work import As, Persona, Work
from tests.support import servers as places


@pytest.fixture
def work(as_: As, server: Server) -> Work:
    return Work(as_("admin"))


def test_a_workflow_is_put_together_without_writing_yaml(work: Work, server: Server) -> None:
    assert "Nothing yet" in work.page
    assert "mended before" not in work.page
    work.press("inputs", inputs__name_0="where", inputs__required_0="on", head__name="Mend it")
    work.press("add:runbook")
    assert work.fields["node-where"] == "server:{{ inputs.where }}", "what it knows is offered"
    typed = {"node__title": "Mend the file", "node__runbook": "SAMPLE_MENDING"}
    work.press("look", **typed)
    assert "What it takes" in work.page
    assert work.fields["node-title"] == "Mend the file"
    work.press("node", node__parameters="path: /tmp/x")
    work.press("add:note")
    assert work.fields["node-after_0"] == "mend_the_file"
    work.press("node", node__text="It failed.", node__on_0="failure", node__key="told")
    assert work.workflow == {
        "name": "Mend it",
        "inputs": [{"name": "where", "type": "server", "required": True}],
        "nodes": {
            "mend_the_file": {
                "kind": "run",
                "title": "Mend the file",
                "runbook": "SAMPLE_MENDING",
                "server": "{{ inputs.where }}",
                "parameters": {"path": "/tmp/x"},
            },
            "told": {"kind": "note", "text": "It failed."},
        },
        "edges": [{"from": "mend_the_file", "to": "told", "on": "failure"}],
    }
    assert "After mend_the_file failed" in work.page
    answer = work.press("save")
    row = Workflow.objects.get()
    assert answer["HX-Redirect"] == f"/workflows/{row.pk}/"
    assert row.definition["name"] == "Mend it"


def test_each_kind_of_node_can_be_put_in(work: Work, server: Server) -> None:
    makers.entry()
    places.group("web")
    work.press("add:wait")
    work.press("node", node__seconds="30")
    work.press("add:approval")
    work.press("node", node__approvals="2", node__message="Go on?", node__expires_after="60")
    work.press("add:runbook")
    work.press(
        "node",
        node__runbook="SAMPLE_LOOKING",
        node__where="group:web",
        node__max_parallel="3",
        node__is_dry_run="on",
        node__join="any",
        node__on_failure="continue",
        node__after_1="wait",
        node__on_1="always",
        node__when_1="inputs.x == 1",
    )
    work.press("add:runbook")
    work.press(
        "node",
        node__runbook="SAMPLE_LOOKING",
        node__where="several",
        node__servers=f" {server.name}\r\n\r\n",
        node__stop_after_failures="1",
    )
    nodes = work.workflow["nodes"]
    assert nodes["wait"] == {"kind": "wait", "seconds": 30}
    approval = {"kind": "wait", "approvals": 2, "expiresAfter": 60, "message": "Go on?"}
    assert nodes["approval"] == approval
    assert nodes["sample_looking"] == {
        "kind": "run",
        "join": "any",
        "onFailure": "continue",
        "runbook": "SAMPLE_LOOKING",
        "isDryRun": True,
        "forEach": {"group": "web", "maxParallel": 3},
    }
    spread = {"servers": [server.name], "stopAfterFailures": 1}
    assert nodes["sample_looking_2"]["forEach"] == spread
    assert work.workflow["edges"][-2] == {
        "from": "wait",
        "to": "sample_looking",
        "on": "always",
        "when": "inputs.x == 1",
    }
    for key in nodes:
        work.press(f"edit:{key}")
        before = work.text
        work.press("node")
        assert core.load(work.text) == core.load(before), f"{key} is shown as it is"


def test_a_node_runs_a_template(work: Work, persona: Persona) -> None:
    admin = persona("admin")
    assert admin is not None
    runbook = makers.entry()
    templates.save(actor=admin, name="Mend x", runbook=runbook, parameters={"path": "/x"})
    work.press("add:template")
    work.press("node", node__template="Mend x", node__where="")
    assert work.status == 422
    assert "Choose where it runs." in work.page
    assert work.fields["node-template"] == "Mend x"
    work.press("node", node__where="several", node__servers="web-1")
    node = {"kind": "run", "template": "Mend x", "forEach": {"servers": ["web-1"]}}
    assert work.workflow["nodes"] == {"mend_x": node}


def test_what_is_wrong_is_said_by_place_and_mended(work: Work, server: Server) -> None:
    work.press("add:runbook", head__name="Mend it")
    work.press("node", node__runbook="SAMPLE_MENDING", node__where=f"server:{server.name}")
    assert work.status == 200
    assert "nodes.sample_mending.parameters.path" in work.page
    answer = work.press("save")
    assert (answer.status_code, Workflow.objects.count()) == (422, 0)
    assert "Nothing was saved" in work.page
    assert "nodes.sample_mending.parameters.path" in work.page
    work.press("edit:sample_mending")
    # Saving takes along what was typed, without a press on the node's own button.
    work.press("save", node__parameters="path: /tmp/x")
    assert Workflow.objects.get().definition["nodes"]["sample_mending"]["parameters"] == {
        "path": "/tmp/x"
    }


def test_what_was_typed_anywhere_goes_along_with_whatever_is_pressed(work: Work) -> None:
    work.press("add:note")
    number = {"inputs__name_0": "x", "inputs__type_0": "integer", "inputs__default_0": "7"}
    work.press("add:wait", head__name="Both", node__text="One\r\nTwo", **number)
    assert work.workflow == {
        "name": "Both",
        "inputs": [{"name": "x", "type": "integer", "default": 7}],
        "nodes": {"note": {"kind": "note", "text": "One\nTwo"}},
    }
    assert work.fields["node-after_0"] == "note"


def test_what_was_written_into_the_text_is_not_overwritten_by_forms(work: Work) -> None:
    work.press("add:note")
    work.press("node", node__text="One", head__name="First")
    work.press("edit:note")
    text = work.text.replace("One", "Two").replace("First", "Second")
    work.press("check", text=f"# Mine\n{text}")
    assert work.workflow["name"] == "Second"
    assert work.workflow["nodes"]["note"]["text"] == "Two"
    assert work.text.startswith("# Mine"), "a text that nothing was put into stays as it is"
    assert work.fields["head-name"] == "Second"
    assert "Nothing is wrong with it" in work.page


def test_a_text_that_can_not_be_read_stays_with_all_that_was_typed(work: Work) -> None:
    work.press("add:note")
    broken = "name: [\nnodes: {}"
    typed = {"node__text": "Typed", "inputs__name_0": "x", "head__description": "Long"}
    for act in ("check", "save", "add:wait", "node", "edit:note", "look", "cancel"):
        work.press(act, text=broken, **typed)
        assert work.status == 422, act
        assert work.text == broken
        assert "This is no YAML" in work.page
        assert work.fields["node-text"] == "Typed"
        assert work.fields["inputs-name_0"] == "x"
        assert work.fields["head-description"] == "Long"
    work.press("node", text="name: Good\nnodes: {}")
    assert work.workflow["nodes"] == {"note": {"kind": "note", "text": "Typed"}}
    assert work.workflow["description"] == "Long"
    assert work.workflow["inputs"] == [{"name": "x", "type": "server"}]


@pytest.mark.parametrize(
    ("act", "typed", "said"),
    [
        ("add:note", {"node__key": "b"}, "There is a node b already"),
        ("add:note", {"node__text": ""}, "Say something."),
        ("add:wait", {"node__seconds": "x"}, "Enter a whole number"),
        ("add:wait", {}, "Say how many seconds."),
        ("add:approval", {}, "Say how many."),
        ("add:runbook", {"node__parameters": "a: b: c"}, "This is no YAML"),
        ("add:runbook", {"node__parameters": "- 1"}, "Must be an object"),
        ("add:runbook", {}, "Choose a runbook."),
    ],
)
def test_a_node_that_is_none_stays_open_and_says_why(
    work: Work, server: Server, act: str, typed: dict[str, str], said: str
) -> None:
    work.press("check", text="name: x\nnodes: {b: {kind: note, text: Hello}}")
    before = work.text
    work.press(act)
    own = {"node__title": "Kept"}
    if act == "add:runbook" and typed:
        own |= {"node__runbook": "SAMPLE_LOOKING", "node__where": f"server:{server.name}"}
    if act == "add:note":
        own |= {"node__text": "Hello"}
    work.press("node", **{**own, **typed})
    assert work.status == 422
    assert said in work.page
    assert work.fields["node-title"] == "Kept"
    assert work.text == before


@pytest.mark.parametrize(
    ("kind", "default", "said"),
    [
        ("integer", "1.5", "Must be a whole number."),
        ("number", "x", "Must be a number."),
        ("boolean", "perhaps", "Must be yes or no."),
    ],
)
def test_a_default_of_another_type_stays_and_says_why(
    work: Work, kind: str, default: str, said: str
) -> None:
    work.press("save", inputs__name_0="x", inputs__type_0=kind, inputs__default_0=default)
    assert work.status == 422
    assert said in work.page
    assert work.fields["inputs-default_0"] == default


def test_inputs_of_every_type_are_shown_as_they_are(work: Work) -> None:
    text = """\
name: x
inputs:
  - {name: a, type: string, default: some text, help: Which}
  - {name: b, type: integer, default: 3}
  - {name: c, type: number, default: 1.5}
  - {name: d, type: boolean, default: false}
  - {name: e, type: boolean, default: true}
  - {name: f, type: group, required: true}
nodes: {b: {kind: note, text: Hello}}
"""
    work.press("check", text=text)
    work.press("inputs")
    assert core.load(work.text) == core.load(text)
    work.press("inputs", inputs__name_1="")
    assert [each["name"] for each in work.workflow["inputs"]] == ["a", "c", "d", "e", "f"]


def test_a_node_is_renamed_and_taken_out_with_its_edges(work: Work) -> None:
    nodes = "nodes: {a: {kind: note, text: A}, b: {kind: note, text: B}}"
    work.press("check", text=f"name: x\n{nodes}\nedges: [{{from: a, to: b}}]")
    work.press("edit:a")
    work.press("node", node__key="first")
    assert list(work.workflow["nodes"]) == ["first", "b"]
    assert work.workflow["edges"] == [{"from": "first", "to": "b"}]
    work.press("remove:first")
    assert list(work.workflow["nodes"]) == ["b"]
    assert "edges" not in work.workflow
    work.press("edit:first")
    assert "node-kind" not in work.fields, "what is gone is not opened"


def test_a_form_that_is_left_changes_nothing(work: Work) -> None:
    work.press("add:note")
    before = work.text
    work.press("cancel", node__text="Never mind")
    assert work.text == before
    assert "node-kind" not in work.fields


def test_what_is_named_and_gone_stays_chosen(work: Work) -> None:
    nodes = "nodes: {a: {kind: run, runbook: GONE, server: gone-1}}"
    work.press("check", text=f"name: x\n{nodes}\nedges: [{{from: lost, to: a}}]")
    work.press("edit:a")
    assert work.fields["node-runbook"] == "GONE"
    assert work.fields["node-where"] == "server:gone-1"
    assert work.fields["node-after_0"] == "lost"
    work.press("node", node__title="Same")
    assert work.workflow["nodes"]["a"]["server"] == "gone-1"
    assert work.workflow["edges"] == [{"from": "lost", "to": "a"}]
