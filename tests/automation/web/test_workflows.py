"""The pages of workflows as they are saved."""

import json
from typing import Any

import pytest

from automation import workflows as core
from automation.models import Schedule, Workflow
from servers.models import Server
from tests.automation.services.workflow_story import look, started, workflow
from tests.automation.web.builder_work import As, Persona, saved
from tests.automation.web.test_runbooks import HTMX
from tests.automation.web.test_templates import text_of

INPUTS = [
    {"name": "place", "type": "server", "required": True, "help": "Where it is broken"},
    {"name": "most", "type": "integer", "default": 80},
    *({"name": kind, "type": kind} for kind in ("string", "number", "boolean", "group")),
]
TWO = {"a": {"kind": "note", "text": "A"}, "b": {"kind": "note", "text": "<b>B</b>"}}


def test_the_list_says_what_each_does(as_: As, persona: Persona, server: Server) -> None:
    client = as_("stranger")
    assert "No workflows yet" in text_of(client.get("/workflows/"))
    assert "New workflow" in text_of(as_("admin").get("/workflows/"))
    saved(persona, nodes=TWO, inputs=INPUTS, description="When it is broken")
    page = text_of(client.get("/workflows/"))
    for words in ("Mend it", "2 nodes", "place, most", "When it is broken", "version 1"):
        assert words in page
    assert "/workflows/new/" not in page
    part = text_of(client.get("/workflows/?search=mend", headers=HTMX))
    assert part.lstrip().startswith('<div id="workflow_table"')
    assert "No workflow fits" in text_of(client.get("/workflows/?search=nothing"))


def test_its_page_shows_what_it_does_and_wants_to_know(
    as_: As, persona: Persona, server: Server
) -> None:
    edges = [{"from": "a", "to": "b", "on": "failure"}]
    row = saved(persona, nodes=TWO, inputs=INPUTS, edges=edges)
    page = text_of(as_("stranger").get(f"/workflows/{row.pk}/"))
    for words in (
        'data-node="b"',
        "After a failed",
        "Where it is broken",
        "a whole number",
        "else <code>80</code>",
        "&lt;b&gt;B&lt;/b&gt;",
        "on: failure",
        f"/workflows/{row.pk}/export.yaml",
    ):
        assert words in page
    for words in ("Edit", "Switch off", "Delete"):
        assert f"{words}<" not in page
    assert "Delete…" in text_of(as_("admin").get(f"/workflows/{row.pk}/"))
    assert as_("helpdesk").get(f"/workflows/{row.pk}/").status_code == 404


def test_it_is_switched_off_and_on(as_: As, persona: Persona, server: Server) -> None:
    row, admin = saved(persona), as_("admin")
    url = f"/workflows/{row.pk}/active/"
    page = text_of(admin.post(url, {"on": "0"}, follow=True))
    assert "is switched off" in page
    assert "Switched off" in text_of(admin.get("/workflows/"))
    assert not Workflow.objects.get().is_active
    admin.post(url, {"on": "1"})
    assert Workflow.objects.get().is_active
    assert as_("granted").post(url, {"on": "0"}).status_code == 403


def test_it_is_deleted_unless_a_schedule_runs_it(as_: As, persona: Persona, server: Server) -> None:
    row, admin = saved(persona), as_("admin")
    schedule = Schedule.objects.create(
        name="Nightly", workflow=row, cron_expression="0 3 * * *", timezone="UTC"
    )
    url = f"/workflows/{row.pk}/delete/"
    page = text_of(admin.get(url))
    assert "Nightly" in page
    assert "Delete it for good" not in page
    assert "is used by the schedule Nightly" in text_of(admin.post(url, follow=True))
    assert Workflow.objects.exists()
    schedule.delete()
    assert "Delete it for good" in text_of(admin.get(url))
    assert as_("granted").post(url).status_code == 403
    assert "is deleted" in text_of(admin.post(url, follow=True))
    assert not Workflow.objects.exists()


def test_it_is_saved_as_a_file(as_: As, persona: Persona, server: Server) -> None:
    row = saved(persona, name="Ärger: mend it / again")
    client = as_("stranger")
    yaml = client.get(f"/workflows/{row.pk}/export.yaml")
    assert yaml["Content-Disposition"] == 'attachment; filename="rger-mend-it-again.yaml"'
    assert core.load(text_of(yaml)).as_json() == row.definition
    as_json = client.get(f"/workflows/{row.pk}/export.json")
    assert as_json["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(as_json.content) == row.definition
    assert client.get(f"/workflows/{row.pk}/export.xml").status_code == 404
    nameless = saved(persona, name="日本")
    answer = client.get(f"/workflows/{nameless.pk}/export.yaml")
    assert answer["Content-Disposition"] == 'attachment; filename="workflow.yaml"'


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"expression": "results.check.data.n > 1"}, 200, "It gives yes or no"),
        ({"expression": "inputs"}, 200, "It gives an object"),
        ({"expression": "inputs.server"}, 200, "&quot;web-1&quot;"),
        ({"expression": "{{ results.check.data.n }} %"}, 200, "&quot;2 %&quot;"),
        ({"expression": "results.check.data.gone"}, 422, "There is no gone"),
        ({"expression": "1 +"}, 422, "unexpected"),
        ({"expression": ""}, 422, "required"),
        ({"expression": "1", "results": "[1]"}, 422, "Write names with their values"),
        ({"expression": "1", "inputs": "a: b: c"}, 422, "This is no YAML"),
    ],
)
def test_an_expression_is_tried_out_on_the_page(
    as_: As, server: Server, typed: dict[str, str], status: int, said: str
) -> None:
    known = {"inputs": "server: web-1", "results": "check: {data: {n: 2}}", **typed}
    values: dict[str, Any] = {f"try-{name}": value for name, value in known.items()}
    answer = as_("stranger").post("/workflows/try/", values, headers=HTMX)
    page = text_of(answer)
    assert answer.status_code == status, page
    assert said in page
    assert as_("helpdesk").post("/workflows/try/", values).status_code == 403


def test_an_earlier_run_may_give_what_an_expression_names(
    as_: As, persona: Persona, server: Server
) -> None:
    client = as_("admin")
    run = started(workflow({"look": look(server)}, name="Earlier")).end("look").run
    page = text_of(client.get("/workflows/new/"))
    assert f'<option value="{run.pk}">Earlier, ' in page
    values = {"try-expression": "results.look.success", "try-run": str(run.pk)}
    answer = text_of(client.post("/workflows/try/", values, headers=HTMX))
    assert "true" in answer
    other = {**values, "try-run": str(server.pk)}
    assert client.post("/workflows/try/", other, headers=HTMX).status_code == 422


def test_nothing_typed_is_lost_where_an_expression_gives_nothing(as_: As, server: Server) -> None:
    values = {"try-expression": "1 +", "try-results": "check: {a: 1}"}
    page = text_of(as_("admin").post("/workflows/try/", values, headers=HTMX))
    assert "check: {a: 1}" in page
    assert 'value="1 +"' in page
