"""What the form says of the chosen server: what a worker read there, and what keeps it waiting."""

from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from automation.engine.kinds import Suggests
from automation.engine.results import Status
from automation.web import about_server
from servers.models import Probe, ProbeKind, Server
from servers.ssh.contents import contents_in
from tests.automation import makers
from tests.automation.web.test_runbooks import As
from tests.support.pages import HTMX, text

RUNBOOK = "SAMPLE_SUGGESTING"
PATH = f"/runbooks/{RUNBOOK}/server/"
FOUND = {"units": [["shop.service", "failed"], ["cron.service", "active, running"]]}


def ask(client: Client, server: Server, **more: Any) -> Any:
    return client.post(PATH, {"server": str(server.pk), **more}, headers=HTMX)


def poll(client: Client, server: Server) -> Any:
    return client.get(PATH, {"server": str(server.pk)}, headers=HTMX)


def answered(**fields: Any) -> None:
    found = {"finished_at": Now(), "reachable": True, "found": FOUND}
    Probe.objects.update(**{**found, **fields})


def test_choosing_a_server_has_it_read_and_the_page_polls_until_it_was(
    as_: As, server: Server
) -> None:
    client = as_("granted")
    answer = ask(client, server)
    assert f"Reading the systemd units of {server.name}" in text(answer)
    assert 'hx-trigger="every 1s"' in text(answer)
    assert Probe.objects.get().kind == ProbeKind.CONTENTS
    assert poll(client, server).status_code == 204
    answered()
    page = text(poll(client, server))
    assert "every 1s" not in page
    assert '<datalist id="suggested-units">' in page
    assert '<option value="shop.service" label="failed">' in page
    assert f"suggest 2 systemd units of {server.name}" in page


def test_what_was_read_stands_in_the_page_too_and_is_not_read_again(
    as_: As, server: Server
) -> None:
    client = as_("granted")
    ask(client, server)
    answered()
    page = text(client.get(f"/runbooks/{RUNBOOK}/", {"server": str(server.pk)}))
    assert 'list="suggested-units"' in page
    assert '<option value="shop.service" label="failed">' in page
    ask(client, server)
    assert Probe.objects.count() == 1
    assert "Reading" in text(ask(client, server, again="yes"))
    assert Probe.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"found": {}}, "tells of no systemd units: type the name yourself."),
        ({"reachable": False, "message": "Nobody answers."}, "type the name yourself. Nobody"),
        ({"finished_at": None, "requested_at": "2026-01-01T00:00Z"}, "No worker took a look"),
    ],
    ids=["no systemd", "down", "no worker"],
)
def test_where_nothing_can_be_read_that_is_said_and_typing_goes_on(
    as_: As, server: Server, fields: dict[str, Any], said: str
) -> None:
    client = as_("granted")
    ask(client, server)
    answered(**fields)
    page = text(poll(client, server))
    assert said in page
    assert "every 1s" not in page


def test_a_cooldown_is_said_of_the_server_that_is_chosen(as_: As, server: Server) -> None:
    makers.execution(server=server, status=Status.SUCCESS)
    answer = as_("granted").post(
        "/runbooks/SAMPLE_MENDING/server/", {"server": str(server.pk)}, headers=HTMX
    )
    assert f"It ran on {server.name} a short time ago" in text(answer)
    assert not Probe.objects.exists(), "the runbook names nothing of a server"


def test_without_a_server_nothing_is_said_nor_read(as_: As) -> None:
    answer = as_("granted").post(PATH, {"server": ""}, headers=HTMX)
    assert "<p" not in text(answer)
    assert not Probe.objects.exists()


@pytest.mark.parametrize(("name", "status"), [("stranger", 404), ("helpdesk", 403), ("hr", 404)])
def test_who_may_not_run_there_has_nothing_read(
    as_: As, server: Server, name: str, status: int
) -> None:
    assert ask(as_(name), server).status_code == status
    assert poll(as_(name), server).status_code == status
    assert not Probe.objects.exists()


def test_each_kind_that_a_parameter_may_name_is_read() -> None:
    assert set(about_server.WORDS) == set(Suggests)
    printed = (
        "a.service loaded active running A\n== 0\n== 0\n"
        "/dev/sda ext4 9 9 9 9% /\n== 0\n1 0 0.0 init\n== 0\n"
    )
    assert set(contents_in(printed)) == set(Suggests)
