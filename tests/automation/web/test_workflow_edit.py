"""The page on which a workflow is made and changed: what it takes in, and when it saves."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from automation import workflows as core
from automation.models import Workflow
from automation.services import workflows
from servers.models import Server
from tests.automation.web.builder_work import NEW, As, Persona, Work, saved
from tests.automation.web.test_templates import text_of


@pytest.fixture
def work(as_: As, server: Server) -> Work:
    return Work(as_("admin"))


def test_a_workflow_comes_in_from_a_file(work: Work) -> None:
    def send(content: bytes) -> None:
        file = SimpleUploadedFile("mend.yaml", content)
        answer = work.client.post(work.url, {**work.fields, "act": "check", "file": file})
        work.page, work.status = text_of(answer), answer.status_code

    send(b"\xef\xbb\xbfname: From Git\r\nnodes: {a: {kind: note, text: Hello}}\r\n")
    assert (work.status, work.workflow["name"]) == (200, "From Git")
    assert work.fields["head-name"] == "From Git"
    send(b"\xff\xfe\x00")
    assert work.status == 422
    assert "mend.yaml is no text" in work.page
    assert work.workflow["name"] == "From Git"
    send(b"a: b: c")
    assert work.status == 422
    assert work.text == "a: b: c"


def test_one_that_is_there_is_changed(as_: As, persona: Persona, server: Server) -> None:
    row = saved(persona)
    work = Work(as_("admin"), f"/workflows/{row.pk}/edit/")
    assert work.workflow == row.definition
    work.press("edit:told")
    assert work.fields["node-text"] == "Hello"
    answer = work.press("save", node__text="Good evening")
    assert answer["HX-Redirect"] == f"/workflows/{row.pk}/"
    row.refresh_from_db()
    assert (row.version, row.definition["nodes"]["told"]["text"]) == (2, "Good evening")


def test_what_somebody_else_saved_meanwhile_is_not_lost(
    as_: As, persona: Persona, server: Server
) -> None:
    row = saved(persona)
    work = Work(as_("admin"), f"/workflows/{row.pk}/edit/")
    admin = persona("admin")
    assert admin is not None
    other = core.parsed({**row.definition, "description": "Theirs"})
    workflows.save(actor=admin, workflow=row, definition=other)
    work.press("check", head__description="Mine")
    work.press("save")
    assert work.status == 422
    assert "Somebody saved version 2" in work.page
    assert work.workflow["description"] == "Mine"
    assert Workflow.objects.get().description == "Theirs"


@pytest.mark.parametrize(("version", "status"), [("9" * 5000, 422), ("٣", 200), ("x", 200)])
def test_a_version_that_nobody_has_seen_is_no_fault(
    as_: As, persona: Persona, server: Server, version: str, status: int
) -> None:
    row = saved(persona)
    work = Work(as_("admin"), f"/workflows/{row.pk}/edit/")
    work.press("save", head__description="Mine", version=version)
    assert work.status == status
    assert Workflow.objects.get().description == ("Mine" if status == 200 else "")


def test_a_name_that_is_taken_is_told(work: Work, persona: Persona) -> None:
    saved(persona)
    work.press("save", text="name: Mend it\nnodes: {a: {kind: note, text: Hello}}")
    assert work.status == 422
    assert "Another workflow is called Mend it" in work.page


def test_a_plain_browser_gets_whole_pages(work: Work) -> None:
    answer = work.client.post(NEW, {**work.fields, "act": "add:note"})
    assert answer.status_code == 200
    assert text_of(answer).lstrip().startswith("<!DOCTYPE html>")
    refused = work.client.post(NEW, {**work.fields, "act": "save"})
    assert refused.status_code == 422
    assert text_of(refused).lstrip().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("was", ["", "[1]", "{", '{"head": 1, "node": {"x": 1}}'])
def test_a_page_that_was_tampered_with_loses_nothing_either(work: Work, was: str) -> None:
    work.press("add:note")
    work.press("check", was=was, node__text="Typed", head__name="x")
    assert work.workflow["nodes"]["note"]["text"] == "Typed"


def test_only_administrators_change_workflows(as_: As, persona: Persona, server: Server) -> None:
    row = saved(persona)
    for name in ("granted", "stranger"):
        client = as_(name)
        assert client.get(NEW).status_code == 403
        assert client.post(NEW, {"text": "x", "act": "check"}).status_code == 403
        assert client.get(f"/workflows/{row.pk}/edit/").status_code == 403
    assert as_("helpdesk").get(f"/workflows/{row.pk}/edit/").status_code == 404
