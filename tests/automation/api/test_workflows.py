import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from automation import workflows as core
from automation.models import Schedule, Workflow
from servers.models import Server
from tests.automation.api.conftest import API, PERSONAS
from tests.automation.services import workflow_story as story

As = Callable[[str], Client]
URL = f"{API}/workflows"
YAML = """\
name: Mend it
description: When it is broken
inputs:
  - {name: server, type: server, required: true}
nodes:
  mend_it:
    kind: run
    runbook: SAMPLE_MENDING
    server: "{{ inputs.server }}"
    parameters: {path: /tmp/x}
  told:
    kind: note
    text: It failed.
edges:
  - {from: mend_it, to: told, on: failure}
"""


def definition(**more: Any) -> dict[str, Any]:
    return {**core.load(YAML).as_json(), **more}


def post(client: Client, body: object, path: str = "") -> Any:
    return client.post(f"{URL}{path}", body, "application/json")


def patch(client: Client, pk: str, **body: object) -> Any:
    return client.patch(f"{URL}/{pk}", body, "application/json")


@pytest.fixture
def workflow(as_: As) -> dict[str, Any]:
    answer = post(as_("admin"), {"definition": definition()})
    assert answer.status_code == 201, answer.content
    return answer.json()["workflow"]


@pytest.mark.parametrize(
    ("name", "made", "seen"),
    list(
        zip(PERSONAS, [201, 403, 403, 403, 403, 401], [200, 200, 200, 404, 404, 401], strict=True)
    ),
)
def test_who_may_what(as_: As, workflow: dict[str, Any], name: str, made: int, seen: int) -> None:
    client, path = as_(name), f"/{workflow['id']}"
    listed = 403 if seen == 404 else seen
    assert post(client, {"definition": definition(name="Another")}).status_code == made
    assert client.get(URL).status_code == listed
    assert client.get(f"{URL}{path}").status_code == seen
    assert client.get(f"{URL}{path}/export").status_code == seen
    assert post(client, {"yaml": YAML}, "/validate").status_code == listed
    assert post(client, {"expression": "1 > 0"}, "/expressions").status_code == listed
    gone = 403 if seen == 200 else seen
    may = made == 201
    assert patch(client, workflow["id"], isActive=False).status_code == (200 if may else gone)
    assert client.delete(f"{URL}{path}").status_code == (204 if may else gone)


def test_it_is_shown_with_what_it_wants_to_know(workflow: dict[str, Any]) -> None:
    assert workflow["definition"] == definition()
    assert (workflow["name"], workflow["description"]) == ("Mend it", "When it is broken")
    assert (workflow["version"], workflow["isActive"]) == (1, True)
    assert workflow["inputs"] == [
        {"name": "server", "type": "server", "required": True, "default": None, "help": ""}
    ]
    assert workflow["savedBy"]["username"]
    assert workflow["createdAt"][:10] == workflow["updatedAt"][:10]
    assert "mend_it" in workflow["definition"]["nodes"], "keys of nodes stay as they are"


def test_yaml_makes_the_same_as_json(as_: As, workflow: dict[str, Any]) -> None:
    answer = post(as_("admin"), {"yaml": YAML.replace("Mend it", "Mend that")})
    assert answer.status_code == 201, answer.content
    assert answer.json()["workflow"]["definition"] == definition(name="Mend that")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "definition"),
        ({"definition": {"name": "x", "nodes": {}}, "yaml": YAML}, "definition"),
        ({"definition": []}, "definition"),
        ({"definition": {"nodes": {}}}, "name"),
        ({"definition": {"name": "x", "nodes": {}}}, "nodes"),
        ({"definition": {"name": "x", "nodes": {"a": {"kind": "fly"}}}}, "nodes.a"),
        ({"yaml": ": ["}, "definition"),
        ({"yaml": "name: x\nnodes: {a: {kind: note}}"}, "nodes.a.text"),
        ({"yaml": YAML, "isActive": "no"}, "isActive"),
        ({"yaml": YAML, "version": 0}, "version"),
        ({"yml": YAML}, "yml"),
    ],
)
def test_what_can_not_be_read_is_said_by_place(as_: As, body: object, place: str) -> None:
    answer = post(as_("admin"), body)
    assert answer.status_code == 400, answer.content
    assert place in answer.json()["details"]
    assert not Workflow.objects.exists()


def test_what_makes_no_sense_is_said_all_at_once(as_: As) -> None:
    raw = definition(edges=[{"from": "mend_it", "to": "gone"}])
    raw["nodes"]["mend_it"]["parameters"] = {}
    details = post(as_("admin"), {"definition": raw}).json()["details"]
    assert set(details) == {"nodes.mend_it.parameters.path", "edges[0].to"}


def test_it_is_looked_over_without_being_saved(as_: As, server: Server) -> None:
    good = post(as_("granted"), {"yaml": YAML}, "/validate").json()
    assert good == {"valid": True, "errors": [], "workflow": definition()}
    bad = post(
        as_("granted"), {"definition": {"name": "x", "nodes": {"a": {"kind": "note"}}}}, "/validate"
    )
    assert bad.status_code == 200
    assert bad.json() == {
        "valid": False,
        "errors": [{"place": "nodes.a.text", "message": "Is required."}],
        "workflow": None,
    }
    unsound = definition(edges=[{"from": "told", "to": "gone"}])
    answer = post(as_("granted"), {"definition": unsound}, "/validate").json()
    assert [error["place"] for error in answer["errors"]] == ["edges[0].to"]
    assert answer["workflow"] == unsound
    unreadable = post(as_("granted"), {"yaml": "a: b: c"}, "/validate").json()
    assert unreadable["errors"][0]["place"] == ""
    assert "line 1" in unreadable["errors"][0]["message"]
    assert not Workflow.objects.exists()


def test_it_is_changed_as_a_whole(as_: As, workflow: dict[str, Any]) -> None:
    client = as_("admin")
    new = definition(name="Mend all", description="")
    changed = patch(client, workflow["id"], definition=new, version=1, isActive=False)
    assert changed.status_code == 200, changed.content
    body = changed.json()["workflow"]
    assert (body["name"], body["description"], body["version"]) == ("Mend all", "", 2)
    assert body["isActive"] is False
    late = patch(client, workflow["id"], definition=definition(), version=1)
    assert (late.status_code, late.json()["code"]) == (409, "VERSION_CHANGED")
    both = patch(client, workflow["id"], definition=definition(), yaml=YAML)
    assert both.status_code == 400
    assert patch(client, workflow["id"]).json()["workflow"]["version"] == 2
    assert patch(client, str(uuid4()), isActive=True).status_code == 404


def test_a_change_that_is_refused_changes_nothing(as_: As, workflow: dict[str, Any]) -> None:
    answer = patch(
        as_("admin"), workflow["id"], definition={"name": "", "nodes": {}}, isActive=False
    )
    assert answer.status_code == 400
    assert Workflow.objects.get().is_active


def test_a_name_is_given_once(as_: As, workflow: dict[str, Any]) -> None:
    answer = post(as_("admin"), {"definition": definition()})
    assert (answer.status_code, list(answer.json()["details"])) == (409, ["name"])


def test_it_is_found_by_its_words_and_by_what_it_does(as_: As, workflow: dict[str, Any]) -> None:
    client = as_("granted")
    other = {"name": "Say hello", "nodes": {"hello": {"kind": "note", "text": "Hello"}}}
    post(as_("admin"), {"definition": other, "isActive": False})

    def names(query: str) -> list[str]:
        return [row["name"] for row in client.get(f"{URL}?{query}").json()["workflows"]]

    assert names("") == ["Mend it", "Say hello"]
    assert names("ordering=-name") == ["Say hello", "Mend it"]
    assert names("search=sample_mending") == ["Mend it"]
    assert names("search=broken") == ["Mend it"]
    assert names("isActive=false") == ["Say hello"]
    assert client.get(f"{URL}?limit=1").json()["total"] == 2


def test_it_stays_while_a_schedule_runs_it(as_: As, workflow: dict[str, Any]) -> None:
    Schedule.objects.create(
        name="Nightly", workflow_id=workflow["id"], cron_expression="0 3 * * *", timezone="UTC"
    )
    answer = as_("admin").delete(f"{URL}/{workflow['id']}")
    assert answer.status_code == 409
    assert answer.json()["details"] == {"usedBy": ["the schedule Nightly"]}


def test_it_is_taken_out_and_put_in_again(as_: As, workflow: dict[str, Any]) -> None:
    client = as_("admin")
    path = f"{URL}/{workflow['id']}/export"
    yaml = client.get(path)
    assert yaml.headers["Content-Type"] == "application/yaml; charset=utf-8"
    assert yaml.headers["Content-Disposition"] == 'attachment; filename="mend-it.yaml"'
    assert core.load(yaml.content.decode()).as_json() == definition()
    as_json = client.get(f"{path}?format=json", headers={"accept": "text/html"})
    assert as_json.headers["Content-Type"] == "application/json; charset=utf-8"
    assert as_json.headers["Content-Disposition"].endswith('"mend-it.json"')
    assert json.loads(as_json.content) == definition()
    assert client.get(f"{path}?format=xml").status_code == 400
    again = patch(client, workflow["id"], yaml=yaml.content.decode())
    assert again.json()["workflow"]["version"] == 1


@pytest.mark.parametrize(
    ("asked", "value", "kind"),
    [
        ({"expression": "results.check.data.usage > 80"}, True, "yes or no"),
        ({"expression": "inputs.most + 1"}, 81, "a number"),
        ({"expression": "results.check.data"}, {"usage": 91}, "an object"),
        (
            {"template": "{{ results.check.data.usage }} % of {{ inputs.most }}"},
            "91 % of 80",
            "a text",
        ),
        ({"template": "{{ [inputs.most] }}"}, [80], "a list"),
        ({"template": "{{ inputs.nothing }}"}, None, "nothing"),
        ({"template": ""}, "", "a text"),
    ],
)
def test_an_expression_is_tried_out(as_: As, asked: dict[str, Any], value: Any, kind: str) -> None:
    known = {
        "inputs": {"most": 80, "nothing": None},
        "results": {"check": {"data": {"usage": 91}}},
    }
    answer = post(as_("granted"), {**asked, **known}, "/expressions")
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"value": value, "kind": kind}


def test_an_expression_is_tried_out_against_an_earlier_run(as_: As, server: Server) -> None:
    made = story.workflow(
        {"look": story.look(server), "told": story.note()},
        "look told",
        name="Earlier",
        inputs=[{"name": "most", "type": "integer", "default": 80}],
    )
    run = story.started(made).end("look", result_data={"full": 91}).run
    asked = {"expression": "results.look.result.full > inputs.most", "runId": str(run.pk)}
    assert post(as_("granted"), asked, "/expressions").json()["value"] is True
    # What is given besides takes the place of what was.
    other = {**asked, "inputs": {"most": 95}}
    assert post(as_("granted"), other, "/expressions").json()["value"] is False
    gone = {**asked, "runId": str(made.pk)}
    assert post(as_("granted"), gone, "/expressions").status_code == 404


@pytest.mark.parametrize(
    ("asked", "place", "said"),
    [
        ({}, "expression", "Give either"),
        ({"expression": "1", "template": "x"}, "expression", "Give either"),
        ({"expression": "1 +"}, "expression", "unexpected"),
        ({"expression": "results.check.data"}, "expression", "There is no check"),
        ({"template": "{{ [results.check] }}"}, "template", "There is no check"),
        ({"expression": "open('/etc/passwd')"}, "expression", "Use only names"),
        ({"expression": "1", "inputs": []}, "inputs", ""),
    ],
)
def test_an_expression_that_gives_nothing_says_why(
    as_: As, asked: dict[str, Any], place: str, said: str
) -> None:
    answer = post(as_("granted"), asked, "/expressions")
    assert answer.status_code == 400, answer.content
    assert said in answer.json()["details"][place][0]
