"""The pages of runs of workflows, and the one that starts them."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from automation.engine.results import Status
from automation.models import Approval, Workflow, WorkflowRun
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.services.workflow_story import look, note, started, wait, workflow
from tests.automation.web.test_executions import words
from tests.automation.web.test_runbooks import HTMX, text_of
from tests.incidents import makers as incidents

As = Callable[[str], Client]
Persona = Callable[[str], User | None]
SERVER_INPUT = {"name": "server", "type": "server", "required": True, "help": "Where"}


@pytest.fixture
def flow(server: Server) -> Workflow:
    """One that looks twice, at the server that is given."""
    return workflow(
        {"a": look(title="Look first"), "b": look(), "told": note("<b>{{ inputs.word }}</b>")},
        "a b",
        "b told",
        inputs=[SERVER_INPUT, {"name": "word", "type": "string"}],
        description="When it is broken",
    )


def user(persona: Persona, name: str) -> User:
    found = persona(name)
    assert found is not None
    return found


def page(client: Client, path: str) -> str:
    return words(text_of(client.get(path)))


def test_the_list_says_how_far_each_has_come(
    as_: As, persona: Persona, flow: Workflow, server: Server
) -> None:
    client = as_("granted")
    assert "No workflow has run yet" in page(client, "/workflow-runs/")
    story = started(flow, actor=user(persona, "granted"), inputs={"server": server.name})
    shown = page(client, "/workflow-runs/")
    for word in ("Look and mend", "Running", "0 %", user(persona, "granted").username):
        assert word in shown
    story.end("a")
    assert "33 %" in page(client, "/workflow-runs/")
    assert "Look and mend" not in page(client, "/workflow-runs/?status=FAILED")
    assert "No run fits" in page(client, "/workflow-runs/?search=nothing")
    part = text_of(client.get("/workflow-runs/?search=look", headers=HTMX))
    assert part.lstrip().startswith('<div id="workflow_run_table"')


def test_a_run_is_shown_as_a_graph_and_node_by_node(
    as_: As, persona: Persona, flow: Workflow, server: Server
) -> None:
    story = started(
        flow,
        actor=user(persona, "granted"),
        inputs={"server": server.name, "word": "<i>"},
        reason="It is slow.",
    )
    client = as_("granted")
    path = f"/workflow-runs/{story.run.pk}/"
    html = text_of(client.get(path))
    assert f"/executions/{story.execution('a').pk}/" in html
    assert 'data-node="a"' in html
    assert "is-running" in html
    shown = words(html)
    for word in (
        "Look first",
        f"on {server.name}",
        "of 3 nodes 1 running, 2 waiting",
        "It is slow.",
        "Cancel the",
    ):
        assert word in shown
    story.end("a").end("b")
    html = text_of(client.get(path))
    assert "&lt;b&gt;&lt;i&gt;&lt;/b&gt;" in html
    assert "All has ended." in html
    assert "Cancel the workflow" not in html
    assert "Go on from" not in html
    assert as_("helpdesk").get(path).status_code == 404


def test_the_poll_brings_what_is_new(
    as_: As, persona: Persona, flow: Workflow, server: Server
) -> None:
    story = started(flow, actor=user(persona, "granted"), inputs={"server": server.name})
    client, path = as_("granted"), f"/workflow-runs/{story.run.pk}/state/"
    seen = {"seen": str(story.run.revision)}
    assert client.get(path, seen, headers=HTMX).status_code == 204
    story.end("a")
    answer = client.get(path, seen, headers=HTMX)
    assert answer.status_code == 200
    assert text_of(answer).lstrip().startswith('<div id="workflow_run_state"')
    story.end("b")
    assert "hx-trigger" not in text_of(client.get(path, {"seen": "0"}, headers=HTMX))


def test_what_waits_for_approval_leads_there(as_: As, persona: Persona, server: Server) -> None:
    made = workflow({"ask": wait(approvals=1), "a": look(server)}, "ask a")
    story = started(made, actor=user(persona, "granted"))
    approval = Approval.objects.get(step__run=story.run)
    html = text_of(as_("granted").get(f"/workflow-runs/{story.run.pk}/"))
    assert html.count(f"/approvals/{approval.pk}/") >= 2


def test_each_server_of_a_node_has_its_line(as_: As, persona: Persona, server: Server) -> None:
    each = {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": {"servers": [server.name]}}
    story = started(workflow({"all": each}), actor=user(persona, "granted"))
    html = text_of(as_("granted").get(f"/workflow-runs/{story.run.pk}/"))
    assert f'id="step-all-{server.name}"' in html
    assert f"/executions/{story.execution('all', server.name).pk}/" in html


def test_who_started_it_may_cancel_it(
    as_: As, persona: Persona, flow: Workflow, server: Server
) -> None:
    story = started(flow, actor=user(persona, "granted"), inputs={"server": server.name})
    client, path = as_("granted"), f"/workflow-runs/{story.run.pk}/"
    assert client.post(f"{path}cancel/").status_code == 302
    assert "Is being cancelled" in page(client, path)
    # A look has what runs ended, the next one sees that it has.
    assert story.advance().advance().run.status == "CANCELLED"
    assert f"{user(persona, 'granted').username} cancelled it" in page(client, path)


def test_a_manager_has_it_go_on(as_: As, persona: Persona, flow: Workflow, server: Server) -> None:
    story = started(flow, actor=user(persona, "granted"), inputs={"server": server.name})
    story.end("a", Status.FAILED, error_message="No room.")
    path = f"/workflow-runs/{story.run.pk}/"
    assert "Go on from what failed" not in page(as_("granted"), path)
    admin = as_("admin")
    assert "No room." in page(admin, path)
    assert "Go on from what failed" in page(admin, path)
    assert admin.post(f"{path}retry/").status_code == 302
    assert story.advance().running == ["a"]
    assert "go on 1 time" in page(admin, path)


def test_in_production_the_name_is_typed_before_it_goes_on(
    as_: As, persona: Persona, flow: Workflow, server: Server
) -> None:
    story = started(flow, actor=user(persona, "admin"), inputs={"server": server.name})
    story.end("a", Status.FAILED)
    Server.objects.filter(pk=server.pk).update(environment=Environment.PRODUCTION)
    admin, path = as_("admin"), f"/workflow-runs/{story.run.pk}/"
    assert f"type <strong>{server.name}</strong>" in page(admin, path)
    refused = admin.post(f"{path}retry/", follow=True)
    assert "is a production server" in text_of(refused)
    story.run.refresh_from_db()
    assert story.run.status == "FAILED"
    assert admin.post(f"{path}retry/", {"confirm_server": server.name}).status_code == 302


def test_danger_is_ticked_before_it_goes_on(
    as_: As, persona: Persona, flow: Workflow, server: Server
) -> None:
    story = started(flow, actor=user(persona, "admin"), inputs={"server": server.name})
    story.end("a", Status.FAILED)
    makers.entry("SAMPLE_LOOKING", dangerous=True)
    admin, path = as_("admin"), f"/workflow-runs/{story.run.pk}/"
    assert "I mean it" in page(admin, path)
    refused = admin.post(f"{path}retry/", follow=True)
    assert "is marked dangerous" in text_of(refused)
    story.run.refresh_from_db()
    assert story.run.status == "FAILED"
    assert admin.post(f"{path}retry/", {"confirm_dangerous": "on"}).status_code == 302
    story.run.refresh_from_db()
    assert story.run.status == "RUNNING"


@pytest.mark.parametrize("mode", ["run", "dry-run"])
def test_it_is_started_with_its_inputs(as_: As, flow: Workflow, server: Server, mode: str) -> None:
    client, path = as_("granted"), f"/workflows/{flow.pk}/run/"
    shown = page(client, path)
    for word in ("When it is broken", "Where", server.name, "Dry run"):
        assert word in shown
    given = {"own-input-server": server.name, "own-input-word": "x", "own-reason": "Slow."}
    answer = client.post(path, {**given, "mode": mode})
    run = WorkflowRun.objects.get()
    assert answer["Location"] == f"/workflow-runs/{run.pk}/"
    assert run.inputs == {"server": server.name, "word": "x"}
    assert (run.reason, run.is_dry_run) == ("Slow.", mode == "dry-run")


def test_a_link_fills_in_inputs_and_the_incident(as_: As, flow: Workflow, server: Server) -> None:
    broken = incidents.incident(server=server)
    client, path = as_("granted"), f"/workflows/{flow.pk}/run/"
    query = {"input-server": server.name, "input-word": "x <y>", "incident": str(broken.pk)}
    shown = " ".join(text_of(client.get(path, query)).split())
    assert f'<option value="{server.name}" selected' in shown
    assert 'value="x &lt;y&gt;"' in shown
    assert f'name="incident" value="{broken.pk}"' in shown
    given = {"own-input-server": server.name, "own-input-word": "x", "incident": str(broken.pk)}
    client.post(path, {**given, "mode": "run"})
    assert WorkflowRun.objects.get().incident_id == broken.pk
    answer = client.post(path, {**given, "incident": str(uuid4()), "mode": "run"})
    assert "no such incident" in answer.content.decode()
    assert WorkflowRun.objects.count() == 1


def test_each_kind_of_input_has_its_field(as_: As, server: Server) -> None:
    kinds = ["string", "integer", "number", "boolean", "group"]
    inputs = [{"name": kind, "type": kind} for kind in kinds]
    made = workflow(
        {"told": note()}, inputs=[*inputs, {"name": "n", "type": "integer", "default": 7}]
    )
    client, path = as_("granted"), f"/workflows/{made.pk}/run/"
    assert 'value="7"' in text_of(client.get(path))
    given = {
        "own-input-string": "x",
        "own-input-integer": "3",
        "own-input-number": "0.5",
        "own-input-boolean": "on",
        "own-input-n": "8",
    }
    client.post(path, {**given, "mode": "run"})
    found = WorkflowRun.objects.get().inputs
    assert found == {
        "string": "x",
        "integer": 3,
        "number": 0.5,
        "boolean": True,
        "group": None,
        "n": 8,
    }


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    as_: As, flow: Workflow, server: Server
) -> None:
    client, path = as_("granted"), f"/workflows/{flow.pk}/run/"
    answer = client.post(path, {"own-input-word": "kept", "mode": "run"}, headers=HTMX)
    assert answer.status_code == 422
    html = text_of(answer, 422)
    assert html.lstrip().startswith('<form id="workflow_run_form"')
    assert "This field is required." in html
    assert 'value="kept"' in html
    assert not WorkflowRun.objects.exists()


def test_what_is_gone_is_said(as_: As, flow: Workflow, server: Server) -> None:
    group = {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": {"group": "gone"}}
    made = workflow({"all": group}, name="Of a group")
    answer = as_("granted").post(f"/workflows/{made.pk}/run/", {"mode": "run"}, headers=HTMX)
    assert "nodes.all: There is no server group gone" in text_of(answer, 422)


def test_production_is_typed_and_danger_ticked(as_: As, flow: Workflow, server: Server) -> None:
    Server.objects.filter(pk=server.pk).update(environment=Environment.PRODUCTION)
    makers.entry("SAMPLE_LOOKING", dangerous=True)
    client, path = as_("granted"), f"/workflows/{flow.pk}/run/"
    given = {"own-input-server": server.name, "mode": "run"}
    html = text_of(client.post(path, given, headers=HTMX), 422)
    assert f"type <strong>{server.name}</strong>" in html
    assert "I mean it" in html
    typed = {**given, "confirm_server": server.name}
    assert "is marked dangerous" in text_of(client.post(path, typed, headers=HTMX), 422)
    assert not WorkflowRun.objects.exists()
    client.post(path, {**typed, "confirm_dangerous": "on"})
    assert WorkflowRun.objects.get().is_confirmed


def test_a_form_that_is_sent_twice_starts_one_run(as_: As, flow: Workflow, server: Server) -> None:
    client, path = as_("granted"), f"/workflows/{flow.pk}/run/"
    given = {
        "own-input-server": server.name,
        "mode": "run",
        "form_key": "0f0e0d0c-0000-4000-8000-000000000001",
    }
    first, second = client.post(path, given), client.post(path, given)
    assert first["Location"] == second["Location"]
    assert WorkflowRun.objects.count() == 1
    other = client.post(path, {**given, "own-reason": "Another."}, headers=HTMX)
    assert "was sent before" in text_of(other, 422)


def test_who_may_not_run_is_told_and_one_that_is_off_too(
    as_: As, persona: Persona, flow: Workflow, server: Server
) -> None:
    Workflow.objects.filter(pk=flow.pk).update(is_active=False)
    assert "It is switched off" in page(as_("granted"), f"/workflows/{flow.pk}/run/")
    role = user(persona, "granted").groups.get()
    role.permissions.remove(Permission.objects.get(codename="execute_catalogentry"))
    assert "not run them" in page(as_("granted"), f"/workflows/{flow.pk}/run/")
