"""A server's address is looked at wherever it is entered, and again where a worker connects."""

import socket
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from opsmanager.common.addresses import Allowed
from opsmanager.common.problems import Invalid
from servers import probing
from servers.models import Probe, ProbeKind, Server
from servers.services import servers as services
from tests.support import servers
from tests.support.pages import text
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

METADATA = "169.254.169.254"
SENTENCE = "is a link-local address, where clouds keep their metadata"
SETTING = "OPSMANAGER_SERVER_ALLOWED_NETWORKS"
FORM = {
    "name": "web1",
    "port": "22",
    "platform": "LINUX",
    "environment": "STAGING",
    "is_active": "on",
    "keeps_records": "on",
}


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any) -> None:
    settings.SERVER_ALLOWED_NETWORKS = Allowed()


@pytest.fixture
def admin() -> Client:
    return signed_in(user_with("ADMIN", name="ann", is_staff=True))


@pytest.mark.parametrize("hostname", [METADATA, "::ffff:169.254.169.254"])
def test_the_form_refuses_it_beside_the_field(admin: Client, hostname: str) -> None:
    answer = admin.post("/servers/add/", {**FORM, "hostname": hostname})
    assert answer.status_code == 422
    assert SENTENCE in text(answer)
    assert SETTING in text(answer)
    assert not Server.objects.exists()


def test_the_admin_refuses_it_beside_the_field(admin: Client) -> None:
    answer = admin.post("/admin/servers/server/add/", {**FORM, "hostname": METADATA})
    assert SENTENCE in text(answer)
    assert not Server.objects.exists()


@pytest.mark.parametrize("hostname", ["127.0.0.1", "localhost", "2130706433", METADATA, "::1"])
def test_the_api_refuses_it_for_a_new_server_and_for_a_known_one(
    admin: Client, hostname: str
) -> None:
    body = {"name": "web2", "hostname": hostname}
    answer = admin.post("/api/v1/servers", body, "application/json")
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["hostname"])
    known = servers.server("web1")
    answer = admin.patch(f"/api/v1/servers/{known.pk}", {"hostname": hostname}, "application/json")
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["hostname"])
    known.refresh_from_db()
    assert known.hostname == "web1.example"


def test_whatever_else_makes_servers_is_refused_it_too() -> None:
    with pytest.raises(Invalid, match=SENTENCE):
        services.save(actor=None, name="web1", hostname=METADATA)


def test_what_the_setting_opens_may_be_entered(admin: Client, settings: Any) -> None:
    settings.SERVER_ALLOWED_NETWORKS = Allowed.parse(["127.0.0.0/8"])
    body = {"name": "web1", "hostname": "127.0.0.1"}
    assert admin.post("/api/v1/servers", body, "application/json").status_code == 201


@pytest.mark.parametrize("kind", [ProbeKind.HOST_KEY, ProbeKind.CHECK])
def test_a_worker_does_not_connect_where_a_name_leads_to_such_an_address(
    monkeypatch: pytest.MonkeyPatch, kind: ProbeKind
) -> None:
    # Closing the connection, as a worker does, would end the transaction that the test lives in.
    monkeypatch.setattr(connection, "close", lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        row = servers.server(
            "web1",
            hostname="localhost",
            port=listener.getsockname()[1],
            credential=servers.password_credential(),
        )
        probe = Probe.objects.create(server=row, kind=kind)
        probing.take(str(probe.pk))
        probe.refresh_from_db()
        assert (probe.reachable, probe.error_code) == (False, "CONNECTION")
        assert "a loopback address" in probe.message
        with pytest.raises(TimeoutError):
            listener.accept()
