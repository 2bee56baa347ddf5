from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Execution
from opsmanager.accounts.models import User
from servers.models import Environment, Platform, Server
from tests.automation import makers
from tests.incidents.makers import incident as opened

As = Callable[[str], Client]
Persona = Callable[[str], User | None]
HTMX = {"HX-Request": "true"}
SEEN = [
    ("admin", True),
    ("granted", True),
    ("stranger", True),
    ("helpdesk", True),
    ("hr", False),
]


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content
    return str(answer.content.decode())


def run(client: Client, server: Server | None, runbook: str = "SAMPLE_MENDING", **more: Any) -> Any:
    headers = more.pop("headers", None)
    sent = {"path": "/tmp/x", "mode": "run", **more}
    if server is not None:
        sent["server"] = str(server.pk)
    return client.post(f"/runbooks/{runbook}/run/", sent, headers=headers)


@pytest.mark.parametrize(("name", "sees"), SEEN)
def test_who_sees_the_library(as_: As, name: str, sees: bool) -> None:
    page = as_(name).get("/runbooks/")
    assert page.status_code == (200 if sees else 403)
    assert ("Mend a file" in page.content.decode()) is sees
    assert ("Your role may not see this" in page.content.decode()) is not sees
    answer = as_(name).get("/runbooks/SAMPLE_MENDING/")
    assert answer.status_code == (200 if sees else 404)


@pytest.mark.parametrize("path", ["/runbooks/", "/runbooks/SAMPLE_MENDING/", "/executions/"])
def test_nobody_sees_anything_without_a_login(as_: As, path: str) -> None:
    answer = as_("anonymous").get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=")
    fragment = as_("anonymous").get(path, headers=HTMX)
    assert fragment["HX-Redirect"].startswith("/login/")


def test_the_library_is_searched_and_filtered(as_: As) -> None:
    client = as_("helpdesk")
    found = text_of(client.get("/runbooks/", {"search": "mend"}))
    assert "Mend a file" in found
    assert "Run scripts" not in found
    found = text_of(client.get("/runbooks/", {"category": "INCIDENT_RESPONSE"}))
    assert "/runbooks/SAMPLE_LOOKING/" in found
    assert "/runbooks/SAMPLE_MENDING/" not in found


def test_a_runbook_says_what_it_does_and_how_it_fared(as_: As) -> None:
    execution = makers.execution(status=Status.SUCCESS)
    page = text_of(as_("granted").get("/runbooks/SAMPLE_MENDING/"))
    assert "Make sure that a file is there." in page
    assert "Make the file" in page
    assert "Can be taken back" in page
    assert f"/executions/{execution.pk}/" in page
    irreversible = text_of(as_("granted").get("/runbooks/SAMPLE_SCRIPTED/"))
    assert "Nobody knows what the scripts do." in irreversible


def test_the_form_offers_the_servers_that_the_user_may_operate(as_: As, server: Server) -> None:
    other = makers.server()
    switched_off = makers.server(is_active=False)
    windows = makers.server(platform=Platform.WINDOWS)
    for name, offered in {"granted": {server}, "admin": {server, other}, "stranger": set()}.items():
        page = text_of(as_(name).get("/runbooks/SAMPLE_MENDING/"))
        shown = {each for each in (server, other, switched_off, windows) if str(each.pk) in page}
        assert shown == offered, name


def test_the_form_has_a_field_for_every_kind_of_parameter(as_: As, server: Server) -> None:
    page = text_of(as_("granted").get("/runbooks/SAMPLE_EVERY_KIND/"))
    for field in (
        '<input type="number" name="count" value="3" min="1" max="5"',
        '<input type="number" name="share" value="0.5"',
        'step="any"',
        '<select name="manner"',
        '<input type="checkbox" name="loud"',
        '<textarea name="names"',
        '<textarea name="text"',
        '<input type="password" name="token"',
        "times",
        "Whom (one a line)",
        'name="reason"',
    ):
        assert field in page, field


def test_the_query_fills_the_form(as_: As, server: Server) -> None:
    query = {"server": str(server.pk), "path": "/srv/a file", "incident": "i-1", "reason": "Why."}
    page = text_of(as_("granted").get("/runbooks/SAMPLE_MENDING/", query))
    assert 'value="/srv/a file"' in page
    assert f'<option value="{server.pk}" selected' in " ".join(page.split())
    assert '<input type="hidden" name="incident" value="i-1">' in page
    assert 'value="Why."' in page


@pytest.mark.parametrize(
    ("said", "is_ticked"),
    [("True", True), ("on", True), ("False", False), ("false", False), ("", False)],
)
def test_the_query_ticks_a_box_only_by_a_yes(as_: As, said: str, is_ticked: bool) -> None:
    page = text_of(as_("granted").get("/runbooks/SAMPLE_EVERY_KIND/", {"loud": said}))
    box = page[page.index('<input type="checkbox" name="loud"') :].split(">")[0]
    assert ("checked" in box) is is_ticked


@pytest.mark.parametrize("chosen", ["", "no-uuid", "00000000-0000-0000-0000-000000000007"])
def test_a_server_in_the_query_that_is_none_is_passed_over(as_: As, chosen: str) -> None:
    page = text_of(as_("granted").get("/runbooks/SAMPLE_MENDING/", {"server": chosen}))
    assert "a short time ago" not in page


def test_the_form_counts_a_cooldown_down(as_: As, server: Server) -> None:
    makers.execution(server=server, status=Status.SUCCESS)
    page = text_of(as_("granted").get("/runbooks/SAMPLE_MENDING/", {"server": str(server.pk)}))
    assert f"It ran on {server.name} a short time ago" in " ".join(page.split())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("helpdesk", "Your role may look at runbooks, not run them"),
        ("stranger", "There is no server on which you may run this"),
    ],
)
def test_who_may_not_run_it_reads_why_and_finds_no_button(as_: As, name: str, why: str) -> None:
    page = text_of(as_(name).get("/runbooks/SAMPLE_MENDING/"))
    assert why in page
    assert "The file" in page, "what the runbook needs to know"
    assert 'name="mode"' not in page


def test_a_runbook_that_is_switched_off_says_so(as_: As, server: Server) -> None:
    makers.entry(is_active=False)
    assert "This runbook is switched off" in text_of(as_("admin").get("/runbooks/SAMPLE_MENDING/"))
    page = text_of(run(as_("granted"), server), 422)
    assert "Mend a file is switched off." in page


def test_a_run_goes_to_its_monitor(as_: As, server: Server) -> None:
    answer = run(as_("granted"), server, reason="It is down.")
    execution = Execution.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/executions/{execution.pk}/"
    assert (execution.is_dry_run, execution.reason) == (False, "It is down.")
    assert execution.parameters == {"path": "/tmp/x"}
    assert execution.server == server


def test_to_htmx_a_run_is_a_redirect_of_the_browser(as_: As, server: Server) -> None:
    answer = run(as_("granted"), server, headers=HTMX)
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"/executions/{Execution.objects.get().pk}/"


@pytest.mark.parametrize("mode", ["dry-run", "", "anything"])
def test_whatever_is_not_plainly_a_run_is_a_dry_run(as_: As, server: Server, mode: str) -> None:
    run(as_("granted"), server, mode=mode)
    assert Execution.objects.get().is_dry_run


def test_a_run_for_an_incident_remembers_it(as_: As, server: Server) -> None:
    incident = str(opened(server=server).pk)
    run(as_("granted"), server, incident=incident)
    assert str(Execution.objects.get().incident_id) == incident


def test_values_of_every_kind_arrive_as_they_were_typed(as_: As, server: Server) -> None:
    answer = run(
        as_("granted"),
        server,
        "SAMPLE_EVERY_KIND",
        count="4",
        share="0.25",
        manner="hard",
        loud="on",
        names=" anna \n\n berta ",
        text="one\ntwo",
        token="hunter2",
    )
    assert answer.status_code == 302
    assert Execution.objects.get().parameters == {
        "count": 4,
        "share": 0.25,
        "manner": "hard",
        "loud": True,
        "names": ["anna", "berta"],
        "text": "one\ntwo",
    }


def test_what_is_left_empty_takes_its_default(as_: As, server: Server) -> None:
    run(as_("granted"), server, "SAMPLE_EVERY_KIND", count="", manner="", names="")
    assert Execution.objects.get().parameters == {
        "count": 3,
        "share": 0.5,
        "manner": "soft",
        "loud": False,
        "names": [],
        "text": "",
    }


def test_what_is_typed_for_a_command_is_refused_beside_its_field_and_kept(
    as_: As, server: Server
) -> None:
    answer = run(as_("granted"), server, "SERVICE_RESTART", serviceName="nginx; rm -rf /")
    page = text_of(answer, 422)
    assert not Execution.objects.exists()
    assert answer.templates[0].name == "automation/runbook_detail.html"
    field = page[page.index('for="id_serviceName"') : page.index('for="id_gracefulTimeout"')]
    assert 'value="nginx; rm -rf /"' in field
    assert 'aria-invalid="true"' in field
    assert "systemd unit" in field[field.index('id="id_serviceName_error"') :]


def test_to_htmx_an_invalid_form_is_the_form_alone(as_: As, server: Server) -> None:
    answer = run(as_("granted"), server, path="", headers=HTMX)
    page = text_of(answer, 422).strip()
    assert page.startswith('<form id="run_form"')
    assert "<html" not in page
    assert "Mend a file" in text_of(run(as_("granted"), server, path=""), 422)


def test_a_missing_server_is_refused_beside_its_field(as_: As) -> None:
    page = text_of(run(as_("granted"), None), 422)
    assert "Choose a server." in page


@pytest.mark.parametrize(("name", "status"), [("stranger", 422), ("helpdesk", 403)])
def test_a_server_that_was_not_offered_is_refused(
    as_: As, server: Server, name: str, status: int
) -> None:
    text_of(run(as_(name), server), status)
    assert not Execution.objects.exists()


@pytest.mark.parametrize(("name", "status"), [("hr", 404), ("anonymous", 401)])
def test_who_may_not_even_look_may_not_run(as_: As, server: Server, name: str, status: int) -> None:
    assert run(as_(name), server).status_code == status
    assert not Execution.objects.exists()


@pytest.mark.parametrize(("typed", "runs"), [("", False), ("web", False), (" NAME ", True)])
def test_a_production_server_wants_its_name_typed(as_: As, typed: str, runs: bool) -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    typed = typed.replace("NAME", server.name)
    answer = run(as_("admin"), server, confirm_server=typed)
    assert Execution.objects.exists() is runs
    if not runs:
        assert f"{server.name} is a production server: type its name" in text_of(answer, 422)


def test_a_dry_run_of_a_production_server_needs_no_name(as_: As) -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    assert run(as_("admin"), server, mode="dry-run").status_code == 302


def test_a_cooldown_is_told_in_the_form(as_: As, server: Server) -> None:
    makers.execution(server=server, status=Status.SUCCESS)
    page = text_of(run(as_("granted"), server), 422)
    assert f"Mend a file ran on {server.name} a short time ago." in page


def test_a_refusal_without_a_field_is_shown_above_the_form(as_: As, server: Server) -> None:
    makers.entry("SAMPLE_GUARDED")
    page = text_of(run(as_("granted"), server, "SAMPLE_GUARDED"), 422)
    assert "also needs the permission" in page


def test_pages_of_runbooks_take_only_their_methods(as_: As) -> None:
    client = as_("admin")
    assert client.post("/runbooks/").status_code == 405
    assert client.post("/runbooks/SAMPLE_MENDING/").status_code == 405
    assert client.get("/runbooks/SAMPLE_MENDING/run/").status_code == 405


def test_an_unknown_runbook_is_not_found(as_: As) -> None:
    page = text_of(as_("admin").get("/runbooks/GONE/"), 404)
    assert "There is no runbook GONE, or you may not see it." in page


def test_what_a_runbook_is_called_is_never_markup(as_: As) -> None:
    makers.entry(title="<script>alert(1)</script>")
    for path in ("/runbooks/", "/runbooks/SAMPLE_MENDING/"):
        assert "<script>alert(1)" not in text_of(as_("admin").get(path))


def test_the_library_costs_the_same_number_of_queries_however_long_it_is(
    as_: As, django_assert_max_num_queries: Any
) -> None:
    client = as_("helpdesk")
    with django_assert_max_num_queries(6):
        client.get("/runbooks/")
