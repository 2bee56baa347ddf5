from collections.abc import Callable
from typing import Any

from django.test import Client

from automation.models import Batch, Execution, Schedule, Template
from opsmanager.accounts.models import User
from servers.models import Environment, Server, ServerGroup
from tests.automation import makers
from tests.automation.web.test_runbooks import HTMX

As = Callable[[str], Client]
Persona = Callable[[str], User | None]


def text_of(answer: Any) -> str:
    """Return the text of a page, also of one that refuses."""
    return str(answer.content.decode())


def typed(**more: Any) -> dict[str, Any]:
    return {"own-name": "Mend x", "own-server": "", "own-group": "", "path": "/tmp/x", **more}


def made(server: Server | None = None, **fields: Any) -> Template:
    own = {"name": "Mend x", "runbook": makers.entry(), "parameters": {"path": "/tmp/x"}}
    return Template.objects.create(**{**own, "server": server, **fields})


def test_an_administrator_saves_what_they_type(as_: As, server: Server) -> None:
    admin = as_("admin")
    assert "Mend a file" in text_of(admin.get("/templates/new/"))
    form = "/templates/new/?runbook=SAMPLE_MENDING"
    assert 'name="path"' in text_of(admin.get(form))
    answer = admin.post(form, typed(**{"own-server": str(server.pk)}))
    row = Template.objects.get()
    assert answer["Location"] == f"/templates/{row.pk}/"
    assert (row.name, row.server, row.parameters) == ("Mend x", server, {"path": "/tmp/x"})
    page = text_of(admin.get(answer["Location"]))
    assert "/tmp/x" in page
    assert "Mend x" in text_of(admin.get("/templates/?search=mend"))
    assert "No template fits" in text_of(admin.get("/templates/?search=nothing"))


def test_nothing_typed_is_lost_where_something_is_wrong(as_: As, server: Server) -> None:
    made()
    form = "/templates/new/?runbook=SAMPLE_MENDING"
    both = {"own-server": str(server.pk), "own-description": "On Fridays"}
    for more, said in (
        ({"path": ""}, "Path is needed."),
        ({"own-name": ""}, "This field is required"),
        ({}, "Another template is called Mend x"),
    ):
        answer = as_("admin").post(form, typed(**both, **more), headers=HTMX)
        page = text_of(answer)
        assert (answer.status_code, page.lstrip()[:5]) == (422, "<form")
        assert said in page
        assert "On Fridays" in page
    assert Template.objects.count() == 1


def test_a_parameter_may_be_called_as_a_field_of_ours(as_: As) -> None:
    """The runbook's parameter ``name`` and the template's own are two fields."""
    form = "/templates/new/?runbook=PROCESS_KILL"
    answer = as_("admin").post(form, {"own-name": "Kill it", "name": "java", "signal": "TERM"})
    assert answer.status_code == 302, text_of(answer)
    row = Template.objects.get()
    assert (row.name, row.parameters["name"]) == ("Kill it", "java")


def test_a_secret_stays_while_none_is_typed(as_: As) -> None:
    admin, form = as_("admin"), "/templates/new/?runbook=SAMPLE_SECRETIVE"
    admin.post(form, typed(password="hunter2-and-more"))
    row = Template.objects.get()
    page = admin.get(f"/templates/{row.pk}/edit/")
    assert "hunter2" not in text_of(page)
    assert "one is kept" in text_of(page)
    admin.post(f"/templates/{row.pk}/edit/", typed(path="/tmp/y", password=""))
    again = Template.objects.get()
    assert again.parameters == {"path": "/tmp/y"}
    assert again.secret_parameters == row.secret_parameters
    assert "kept sealed, not shown" in text_of(admin.get(f"/templates/{row.pk}/"))


def test_it_is_filled_from_an_execution(as_: As, server: Server) -> None:
    run = makers.execution(server=server, status="SUCCESS", parameters={"path": "/tmp/known"})
    link = f"/templates/new/?execution={run.pk}"
    assert link in text_of(as_("admin").get(f"/executions/{run.pk}/"))
    page = text_of(as_("admin").get(link))
    assert 'value="/tmp/known"' in page
    assert f'<option value="{server.pk}"' in page
    assert link not in text_of(as_("granted").get(f"/executions/{run.pk}/"))


def test_one_click_runs_it(as_: As, persona: Persona, server: Server) -> None:
    row = made(server)
    page = text_of(as_("granted").get("/templates/"))
    assert f'action="/templates/{row.pk}/run/"' in page
    answer = as_("granted").post(f"/templates/{row.pk}/run/", {"mode": "run"})
    run = Execution.objects.get()
    assert answer["Location"] == f"/executions/{run.pk}/"
    assert (run.template_id, run.server, run.is_dry_run) == (row.pk, server, False)
    assert run.triggered_by_user == persona("granted")


def test_sent_twice_it_runs_once(as_: As, server: Server) -> None:
    row = made(server)
    sent = {"mode": "run", "form_key": "1b7bd3d4-6d4c-4c53-a2a5-7d34cdb1f4ef"}
    answers = [as_("granted").post(f"/templates/{row.pk}/run/", sent) for _ in "12"]
    assert {answer["Location"] for answer in answers} == {
        f"/executions/{Execution.objects.get().pk}/"
    }


def test_why_it_does_not_run_is_said_on_its_page(as_: As, server: Server) -> None:
    row = made(server)
    refused = as_("stranger").post(f"/templates/{row.pk}/run/", {"mode": "run"})
    assert refused.status_code == 422
    assert "Choose a server" in text_of(refused) or "not one of the" in text_of(refused)
    as_("granted").post(f"/templates/{row.pk}/run/", {"mode": "run"})
    cooling = as_("granted").post(f"/templates/{row.pk}/run/", {"mode": "run"}, headers=HTMX)
    assert cooling.status_code == 422
    assert "a short time ago" in text_of(cooling)


def test_production_is_typed_and_danger_ticked(as_: As, server: Server) -> None:
    admin = as_("admin")
    Server.objects.update(environment=Environment.PRODUCTION)
    row = made(server, runbook=makers.entry("SAMPLE_DANGEROUS"), parameters={})
    assert f'action="/templates/{row.pk}/run/"' not in text_of(admin.get("/templates/"))
    path, sent = f"/templates/{row.pk}/run/", {"own-server": str(server.pk), "mode": "run"}
    assert f"type <strong>{server.name}</strong>" in text_of(admin.get(f"/templates/{row.pk}/"))
    assert "is a production server" in text_of(admin.post(path, sent))
    sent["confirm_server"] = server.name
    assert "tick that you mean it" in text_of(admin.post(path, sent))
    assert not Execution.objects.exists()
    assert admin.post(path, {**sent, "confirm_dangerous": "on"}).status_code == 302
    assert admin.post(path, {**sent, "mode": "dry-run", "confirm_server": ""}).status_code == 302


def test_the_choice_of_a_place_says_what_is_to_be_confirmed(as_: As, server: Server) -> None:
    group = ServerGroup.objects.create(name="Fronts")
    for number in "12":
        row = makers.server(name=f"front{number}", environment=Environment.PRODUCTION)
        row.groups.add(group)
    path = "/confirm-place/?runbook=SAMPLE_MENDING"
    assert "confirm_server" not in text_of(as_("admin").get(f"{path}&own-server={server.pk}"))
    part = text_of(as_("admin").get(f"{path}&own-group={group.pk}"))
    assert "2 production servers" in part
    assert "front1, front2" in " ".join(part.split())
    dangerous = text_of(as_("admin").get("/confirm-place/?runbook=SAMPLE_DANGEROUS"))
    assert "confirm_dangerous" in dangerous


def test_a_group_runs_as_a_batch(as_: As, server: Server) -> None:
    group = ServerGroup.objects.create(name="Fronts")
    group.servers.set([server, makers.server()])
    row = made(server_group=group)
    answer = as_("admin").post(f"/templates/{row.pk}/run/", {"mode": "run"})
    assert answer["Location"] == f"/batches/{Batch.objects.get().pk}/"


def test_one_that_a_schedule_runs_is_not_deleted(as_: As, server: Server) -> None:
    row, admin = made(server), as_("admin")
    schedule = Schedule.objects.create(name="Nightly", template=row, cron_expression="0 3 * * *")
    assert f"/schedules/{schedule.pk}/" in text_of(admin.get(f"/templates/{row.pk}/delete/"))
    admin.post(f"/templates/{row.pk}/delete/")
    assert Template.objects.exists()
    schedule.delete()
    assert admin.post(f"/templates/{row.pk}/delete/")["Location"] == "/templates/"
    assert not Template.objects.exists()


def test_who_only_reads_is_told_so(as_: As, server: Server) -> None:
    row = made(server)
    page = text_of(as_("granted").get(f"/templates/{row.pk}/"))
    assert "edit/" not in page
    for path in ("new/", f"{row.pk}/edit/", f"{row.pk}/delete/"):
        assert as_("granted").get(f"/templates/{path}").status_code == 403
