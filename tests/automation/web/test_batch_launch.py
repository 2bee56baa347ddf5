from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Batch, Execution
from opsmanager.accounts.models import User
from servers.models import Environment, Platform, Server, ServerGroup
from tests.automation import makers
from tests.automation.web.test_executions import words
from tests.automation.web.test_runbooks import HTMX, text_of
from tests.incidents.makers import incident as opened

As = Callable[[str], Client]
Persona = Callable[[str], User | None]
FORM = "/runbooks/SAMPLE_MENDING/batch/"


@pytest.fixture
def pair(rows: None) -> list[Server]:
    """Two servers that are not in production."""
    return [makers.server(name="a1", tags=["edge"]), makers.server(name="b2")]


@pytest.fixture
def group(pair: list[Server]) -> ServerGroup:
    made = ServerGroup.objects.create(name="Fronts")
    made.servers.set(pair)
    return made


def send(client: Client, *servers: Server, **more: Any) -> Any:
    headers = more.pop("headers", None)
    path = more.pop("form", FORM)
    ids = [str(server.pk) for server in servers]
    sent = {"path": "/tmp/x", "mode": "run", "servers": ids, **more}
    return client.post(path, sent, headers=headers)


def ticked(page: str) -> set[str]:
    """Return the names of the servers whose boxes are ticked."""
    boxes = words(page).split('type="checkbox" name="servers"')[1:]
    return {
        box.split('data-name="')[1].split('"')[0] for box in boxes if "checked" in box.split(">")[0]
    }


def test_the_page_of_a_runbook_leads_to_the_form(as_: As, rows: None) -> None:
    assert FORM in text_of(as_("admin").get("/runbooks/SAMPLE_MENDING/"))


def test_the_form_offers_the_servers_that_the_user_may_operate(
    as_: As, server: Server, pair: list[Server]
) -> None:
    unusable = [makers.server(is_active=False), makers.server(platform=Platform.WINDOWS)]
    for name, offered in {"granted": {server}, "admin": {server, *pair}, "stranger": set()}.items():
        page = text_of(as_(name).get(FORM))
        shown = {each for each in (server, *pair, *unusable) if str(each.pk) in page}
        assert shown == offered, name
    assert "There is no server on which you may run this" in text_of(as_("stranger").get(FORM))


def test_it_offers_groups_with_how_many_they_hold(as_: As, group: ServerGroup) -> None:
    ServerGroup.objects.create(name="Empty")
    Server.objects.filter(name="b2").update(environment=Environment.PRODUCTION)
    page = words(text_of(as_("admin").get(FORM)))
    assert "Fronts · 2 servers, 1 in production" in page
    assert 'data-production-name="b2"' in page
    assert "Empty" not in page


def test_it_runs_on_every_server_that_was_chosen(as_: As, pair: list[Server]) -> None:
    answer = send(as_("admin"), *pair, reason="Why.", max_parallel="1", stop_after_failures="2")
    batch = Batch.objects.get()
    assert answer["Location"] == f"/batches/{batch.pk}/"
    assert {row.server for row in batch.executions.select_related("server")} == set(pair)
    assert (batch.reason, batch.max_parallel, batch.stop_after_failures) == ("Why.", 1, 2)
    assert (batch.is_dry_run, batch.parameters) == (False, {"path": "/tmp/x"})


def test_to_htmx_it_is_a_redirect_of_the_browser(as_: As, pair: list[Server]) -> None:
    answer = send(as_("admin"), *pair, headers=HTMX)
    assert answer["HX-Redirect"] == f"/batches/{Batch.objects.get().pk}/"


def test_it_runs_on_a_group(as_: As, group: ServerGroup) -> None:
    send(as_("admin"), group=str(group.pk))
    assert Batch.objects.get().executions.count() == 2


@pytest.mark.parametrize("mode", ["dry-run", "", "anything"])
def test_whatever_is_not_plainly_a_run_is_a_dry_run(as_: As, pair: list[Server], mode: str) -> None:
    send(as_("admin"), *pair, mode=mode)
    assert Batch.objects.get().is_dry_run


def test_a_batch_for_an_incident_remembers_it(as_: As, pair: list[Server]) -> None:
    incident = opened(server=pair[0]).pk
    assert str(incident) in text_of(as_("admin").get(FORM, {"incident": str(incident)}))
    send(as_("admin"), *pair, incident=str(incident))
    assert set(Execution.objects.values_list("incident_id", flat=True)) == {incident}
    answer = send(as_("admin"), *pair, incident=str(uuid4()))
    assert Batch.objects.count() == 1, answer


def test_servers_and_a_group_at_once_are_refused(
    as_: As, pair: list[Server], group: ServerGroup
) -> None:
    page = text_of(send(as_("admin"), *pair, group=str(group.pk)), 422)
    assert "Choose servers or a group, not both." in page
    assert not Batch.objects.exists()


def test_no_server_is_refused(as_: As, rows: None) -> None:
    page = text_of(send(as_("admin")), 422)
    assert "Choose at least one server, or a group." in page


@pytest.mark.parametrize("chosen", ["no-uuid", "00000000-0000-0000-0000-000000000007"])
def test_a_server_that_is_none_is_refused_beside_the_list(as_: As, rows: None, chosen: str) -> None:
    page = text_of(as_("admin").post(FORM, {"path": "/tmp/x", "servers": [chosen]}), 422)
    assert 'id="id_servers_error"' in page
    assert not Batch.objects.exists()


def test_nothing_that_was_typed_is_lost(as_: As, pair: list[Server]) -> None:
    typed = {
        "form": "/runbooks/SERVICE_RESTART/batch/",
        "serviceName": "nginx; rm -rf /",
        "reason": "It hangs.",
        "max_parallel": "0",
        "stop_after_failures": "7",
        "confirm_server": "whatever",
    }
    page = text_of(send(as_("admin"), pair[0], **typed), 422)
    assert ticked(page) == {"a1"}
    for value in ("nginx; rm -rf /", "It hangs.", "0", "7", "whatever"):
        assert f'value="{value}"' in page, value
    assert 'id="id_max_parallel_error"' in page
    assert "<html" in page
    part = text_of(send(as_("admin"), pair[0], **typed, headers=HTMX), 422).strip()
    assert part.startswith('<form id="batch_form"')


def test_what_the_runbook_says_of_its_parameters_stands_beside_the_field(
    as_: As, pair: list[Server]
) -> None:
    page = text_of(
        send(
            as_("admin"),
            *pair,
            form="/runbooks/SERVICE_RESTART/batch/",
            serviceName="nginx; rm -rf /",
        ),
        422,
    )
    assert "systemd unit" in page[page.index('id="id_serviceName_error"') :]
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("in_production", "phrase"),
    [(1, "b2"), (2, "2 production servers")],
)
def test_production_wants_it_restated(
    as_: As, pair: list[Server], in_production: int, phrase: str
) -> None:
    for server in pair[2 - in_production :]:
        server.environment = Environment.PRODUCTION
        server.save()
    for typed in ("", "1", "2", "yes", "3 production servers"):
        page = text_of(send(as_("admin"), *pair, confirm_server=typed), 422)
        assert phrase in page
    assert not Batch.objects.exists()
    assert send(as_("admin"), *pair, confirm_server=f" {phrase} ").status_code == 302


def test_a_refusal_names_the_production_servers(as_: As, pair: list[Server]) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    page = text_of(send(as_("admin"), *pair), 422)
    assert "2 of the servers are in production: a1, b2." in page


def test_production_of_a_group_is_counted_when_it_is_sent(as_: As, group: ServerGroup) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    group.servers.add(makers.server(name="c3", environment=Environment.PRODUCTION))
    sent = {"group": str(group.pk), "confirm_server": "2 production servers"}
    assert "3 production servers" in text_of(send(as_("admin"), **sent), 422)
    sent["confirm_server"] = "3 production servers"
    assert send(as_("admin"), **sent).status_code == 302


def test_a_dry_run_in_production_needs_nothing_typed(as_: As, pair: list[Server]) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    assert send(as_("admin"), *pair, mode="dry-run").status_code == 302


@pytest.mark.parametrize(("name", "status"), [("stranger", 422), ("helpdesk", 403)])
def test_servers_that_were_not_offered_are_refused(
    as_: As, pair: list[Server], name: str, status: int
) -> None:
    text_of(send(as_(name), *pair), status)
    assert not Batch.objects.exists()


def test_who_may_not_run_at_all_is_told_so_for_a_group_too(as_: As, group: ServerGroup) -> None:
    page = text_of(send(as_("helpdesk"), group=str(group.pk)), 403)
    assert "Your role may not run runbooks." in page


def test_of_a_group_those_that_may_not_be_operated_are_refused_one_by_one(
    as_: As, server: Server, group: ServerGroup
) -> None:
    group.servers.add(server)
    send(as_("granted"), group=str(group.pk))
    batch = Batch.objects.get()
    assert [row.server for row in batch.executions.select_related("server")] == [server]
    assert {refusal["server_name"] for refusal in batch.refusals} == {"a1", "b2"}


@pytest.mark.parametrize(("name", "sees", "runs"), [("hr", 404, 404), ("anonymous", 302, 401)])
def test_who_may_not_even_look_may_not_run(
    as_: As, pair: list[Server], name: str, sees: int, runs: int
) -> None:
    assert as_(name).get(FORM).status_code == sees
    assert send(as_(name), *pair).status_code == runs
    assert not Batch.objects.exists()


def test_a_runbook_that_is_switched_off_says_so(as_: As, pair: list[Server]) -> None:
    makers.entry(is_active=False)
    assert "This runbook is switched off" in text_of(as_("admin").get(FORM))


def test_the_query_fills_the_form(as_: As, pair: list[Server]) -> None:
    query = {"servers": [str(pair[1].pk), "no-uuid"], "path": "/srv/x", "reason": "Why."}
    page = text_of(as_("admin").get(FORM, query))
    assert ticked(page) == {"b2"}
    assert 'value="/srv/x"' in page
    assert 'value="Why."' in page


@pytest.fixture
def before(pair: list[Server], persona: Persona) -> Batch:
    """A batch that succeeded on a1 and failed on b2."""
    made = Batch.objects.create(
        runbook=makers.entry(),
        started_by=persona("admin"),
        parameters={"path": "/srv/before"},
        max_parallel=3,
        reason="Before.",
    )
    for server, status in zip(pair, (Status.SUCCESS, Status.FAILED), strict=True):
        makers.execution(server=server, status=status, batch=made)
    return made


def test_the_form_comes_filled_as_a_batch_was(as_: As, before: Batch) -> None:
    page = text_of(as_("admin").get(FORM, {"batch": str(before.pk)}))
    assert ticked(page) == {"a1", "b2"}
    for value in ("/srv/before", "3", "Before."):
        assert f'value="{value}"' in page, value


@pytest.mark.parametrize(
    ("only", "names"), [("unlucky", {"b2"}), ("succeeded", {"a1"}), ("x", {"a1", "b2"})]
)
def test_or_only_with_some_of_its_servers(
    as_: As, before: Batch, only: str, names: set[str]
) -> None:
    page = text_of(as_("admin").get(FORM, {"batch": str(before.pk), "only": only}))
    assert ticked(page) == names


def test_a_list_of_a_batch_is_filled_line_by_line(as_: As, before: Batch) -> None:
    Batch.objects.update(
        runbook=makers.entry("SAMPLE_EVERY_KIND"), parameters={"names": ["anna", "berta"]}
    )
    page = text_of(
        as_("admin").get("/runbooks/SAMPLE_EVERY_KIND/batch/", {"batch": str(before.pk)})
    )
    assert "anna\nberta" in page


@pytest.mark.parametrize("which", ["no-uuid", "00000000-0000-0000-0000-000000000007", "OTHER"])
def test_a_batch_that_is_none_or_of_another_runbook_is_passed_over(
    as_: As, before: Batch, which: str
) -> None:
    Batch.objects.update(runbook=makers.entry("SAMPLE_LOOKING"))
    page = text_of(as_("admin").get(FORM, {"batch": which.replace("OTHER", str(before.pk))}))
    assert ticked(page) == set()
