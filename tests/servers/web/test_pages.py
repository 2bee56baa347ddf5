import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from automation.models import CatalogEntry, Execution
from servers import vault
from servers.models import Credential, HostKeyState, Probe, Server
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.servers import SECRET
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

FORM = {
    "name": "web1",
    "hostname": "web1.example",
    "port": "22",
    "platform": "LINUX",
    "environment": "STAGING",
    "is_active": "on",
    "keeps_records": "on",
}
HTMX = {"hx-request": "true"}


@pytest.fixture
def admin() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def page(server: Server, name: str = "") -> str:
    return f"/servers/{server.pk}/{name}"


def said(answer: Any) -> list[str]:
    return [message.message for message in get_messages(answer.wsgi_request)]


class TestTheList:
    def test_it_shows_what_one_may_see(self, admin: Client) -> None:
        web1 = servers.server("web1", tags=["edge"], reachable=True, latency_ms=7)
        servers.server("web2", is_active=False, in_maintenance=True)
        colleague = signed_in(servers.grant(user_with(None, name="carl"), web1))
        stranger = signed_in(user_with("HR"))
        shown = text(admin.get("/servers/"))
        assert "web1.example:22" in shown
        assert "Switched off" in shown
        assert "Maintenance" in shown
        assert "Add a server" in shown
        assert "web1" in text(colleague.get("/servers/"))
        assert "web2" not in text(colleague.get("/servers/"))
        assert "Add a server" not in text(colleague.get("/servers/"))
        assert "No servers for you" in text(stranger.get("/servers/"))

    def test_it_is_searched_and_filtered(self, admin: Client) -> None:
        servers.server("web1", environment="STAGING")
        servers.server("db1", environment="DEMO")
        assert "db1" not in text(admin.get("/servers/?search=web"))
        assert "web1" not in text(admin.get("/servers/?environment=DEMO"))
        assert "No server fits" in text(admin.get("/servers/?search=mail"))
        assert "No servers yet" not in text(admin.get("/servers/?search=mail"))

    @pytest.mark.parametrize("number", ["0", "7", "x", "-1"])
    def test_a_page_that_is_not_there_is_the_nearest_one(self, admin: Client, number: str) -> None:
        servers.server("web1")
        assert "web1" in text(admin.get(f"/servers/?page={number}"))

    def test_it_costs_the_same_however_long_it_is(
        self, admin: Client, django_assert_num_queries: Any
    ) -> None:
        group = servers.group()
        for number in range(2):
            servers.server(f"web{number}", groups=(group,))
        with CaptureQueriesContext(connection) as few:
            admin.get("/servers/")
        for number in range(2, 10):
            servers.server(f"web{number}", groups=(group,))
        with django_assert_num_queries(len(few)):
            admin.get("/servers/")


class TestTheForm:
    def test_a_server_is_added_and_its_key_looked_at_next(self, admin: Client) -> None:
        assert "Add and look at its key" in text(admin.get("/servers/add/"))
        answer = admin.post("/servers/add/", FORM)
        row = Server.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, page(row))
        assert (row.name, row.environment, row.is_active) == ("web1", "STAGING", True)
        assert row.probes.get().kind == "HOST_KEY"
        assert said(answer) == ["web1 is saved."]

    def test_htmx_is_sent_to_the_new_servers_page(self, admin: Client) -> None:
        answer = admin.post("/servers/add/", FORM, headers=HTMX)
        assert answer["HX-Redirect"] == page(Server.objects.get())

    def test_a_new_password_is_sealed_with_the_server(self, admin: Client) -> None:
        admin.post("/servers/add/", {**FORM, "new_username": "root", "new_password": SECRET})
        credential = Server.objects.get().credential
        assert (credential.name, credential.auth_type) == ("root@web1", "PASSWORD")
        opened = vault.open_sealed(
            credential.sealed_password, row=str(credential.pk), field="password"
        )
        assert opened == SECRET

    def test_a_new_key_is_sealed_with_the_server(self, admin: Client) -> None:
        key = generate_key().private_key
        asked = {"new_username": "ops", "new_private_key": key, "new_passphrase": "open sesame"}
        admin.post("/servers/add/", {**FORM, **asked})
        credential = Server.objects.get().credential
        assert credential.auth_type == "PRIVATE_KEY"
        assert credential.sealed_passphrase.startswith("v1:")
        place = {"row": str(credential.pk), "field": "private_key"}
        assert vault.open_sealed(credential.sealed_private_key, **place) == key

    def test_a_known_credential_is_chosen(self, admin: Client) -> None:
        credential = servers.password_credential()
        admin.post("/servers/add/", {**FORM, "credential": str(credential.pk)})
        assert Server.objects.get().credential == credential

    def test_a_new_credential_gets_a_name_that_is_free(self, admin: Client) -> None:
        servers.password_credential("root@web1")
        servers.password_credential("root@web1 2")
        admin.post("/servers/add/", {**FORM, "new_username": "root", "new_password": "x"})
        assert Server.objects.get().credential.name == "root@web1 3"

    def test_a_new_credential_of_long_names_gets_a_shorter_one(self, admin: Client) -> None:
        for number in range(2):
            asked = {**FORM, "name": "w" * 99 + str(number)}
            secret = {"new_username": "u" * 100, "new_password": "x"}
            assert admin.post("/servers/add/", {**asked, **secret}).status_code == 302
        names = list(Credential.objects.values_list("name", flat=True))
        assert sorted(names) == ["u" * 98 + " 2", "u" * 100]

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"name": ""}, "This field is required"),
            ({"name": "two words"}, "Use letters, digits, dots, dashes and underscores"),
            ({"hostname": "web1; reboot"}, "Use a host name or an IP address"),
            ({"port": "0"}, "greater than or equal to 1"),
            ({"new_password": "pa55word"}, "Enter the user name that the key or password is of"),
            ({"new_username": "root"}, "Enter either a private key or a password"),
            (
                {"new_username": "root", "new_password": "pa55word", "new_private_key": "x"},
                "Enter either a private key or a password",
            ),
        ],
    )
    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["browser", "htmx"])
    def test_a_wrong_field_is_said_beside_it_and_no_secret_shown_again(
        self, admin: Client, changed: dict[str, str], sentence: str, headers: dict[str, str]
    ) -> None:
        answer = admin.post("/servers/add/", {**FORM, **changed}, headers=headers)
        assert answer.status_code == 422
        assert sentence in text(answer)
        assert "pa55word" not in text(answer)
        assert ("<html" in text(answer)) is not bool(headers)
        assert not Server.objects.exists()

    def test_a_private_key_is_not_shown_again_either(self, admin: Client) -> None:
        key = generate_key().private_key
        asked = {**FORM, "name": "", "new_username": "ops", "new_private_key": key}
        answer = admin.post("/servers/add/", asked)
        assert answer.status_code == 422
        assert key.splitlines()[1] not in text(answer)

    def test_a_known_and_a_new_credential_at_once_are_refused(self, admin: Client) -> None:
        credential = servers.password_credential()
        asked = {"credential": str(credential.pk), "new_username": "root", "new_password": "x"}
        answer = admin.post("/servers/add/", {**FORM, **asked})
        assert answer.status_code == 422
        assert "Choose a known credential or enter a new one, not both" in text(answer)

    def test_an_empty_form_says_what_is_missing(self, admin: Client) -> None:
        answer = admin.post("/servers/add/", {})
        assert answer.status_code == 422
        assert "This field is required" in text(answer)

    def test_when_secrets_can_not_be_kept_the_form_says_so_and_nothing_is_saved(
        self, admin: Client, settings: Any
    ) -> None:
        settings.CREDENTIAL_PUBLIC_KEY = ""
        asked = {**FORM, "new_username": "root", "new_password": "x"}
        answer = admin.post("/servers/add/", asked)
        assert answer.status_code == 422
        assert "OPSMANAGER_CREDENTIAL_PUBLIC_KEY is missing" in text(answer)
        assert not Server.objects.exists()
        assert not Credential.objects.exists()

    def test_a_server_is_changed(self, admin: Client) -> None:
        group = servers.group()
        row = servers.server("web1", environment="STAGING")
        servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
        shown = text(admin.get(page(row, "edit/")))
        assert 'value="web1.example"' in shown
        answer = admin.post(
            page(row, "edit/"), {**FORM, "groups": [str(group.pk)], "in_maintenance": "on"}
        )
        assert answer["Location"] == page(row)
        row.refresh_from_db()
        assert row.in_maintenance
        assert list(row.groups.all()) == [group]
        assert row.host_keys.get().state == HostKeyState.ACCEPTED
        assert not row.probes.exists()

    def test_a_server_that_moves_loses_its_key_and_is_looked_at_anew(self, admin: Client) -> None:
        row = servers.server("web1")
        servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
        admin.post(page(row, "edit/"), {**FORM, "hostname": "elsewhere.example"})
        assert row.host_keys.get().state == HostKeyState.RETIRED
        assert row.probes.get().kind == "HOST_KEY"

    @pytest.mark.parametrize("role", ["MANAGER", "NOC", "HELPDESK"])
    def test_only_administrators_add_and_change(self, role: str) -> None:
        row = servers.server("web1")
        browser = signed_in(user_with(role))
        for path in ("/servers/add/", page(row, "edit/")):
            for call in (browser.get, browser.post):
                answer = call(path)
                assert answer.status_code == 403
                assert "Only administrators may change servers" in text(answer)

    def test_for_a_stranger_there_is_nothing_to_change(self) -> None:
        answer = signed_in(user_with("HR")).get(page(servers.server(), "edit/"))
        assert answer.status_code == 404
        assert "There is no such server, or you may not see it" in text(answer)


class TestOneServer:
    def test_it_tells_what_is_known(self, admin: Client) -> None:
        row = servers.server(
            "web1",
            description="Front of the shop",
            tags=["edge"],
            groups=(servers.group("fronts"),),
            credential=servers.password_credential("root@web"),
            reachable=True,
            latency_ms=7,
        )
        runbook = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
        Execution.objects.create(runbook=runbook, server=row, triggered_by="MANUAL")
        shown = text(admin.get(page(row)))
        for word in ("Front of the shop", "edge", "fronts", "root@web", runbook.title, "7 ms"):
            assert word in shown
        assert SECRET not in shown
        assert "v1:" not in shown

    def test_a_stranger_is_told_that_it_is_not_there(self) -> None:
        answer = signed_in(user_with("HR")).get(page(servers.server()))
        assert answer.status_code == 404

    def test_a_colleague_sees_it_without_what_only_administrators_do(self) -> None:
        row = servers.server("web1")
        runbook = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
        Execution.objects.create(runbook=runbook, server=row, triggered_by="MANUAL")
        colleague = signed_in(servers.grant(user_with(None, name="carl"), row))
        shown = text(colleague.get(page(row)))
        assert "Check now" in shown
        assert "look-at-key" not in shown
        assert runbook.title not in shown


class TestTheCheck:
    def test_asking_shows_that_it_is_under_way_and_polls(self, admin: Client) -> None:
        row = servers.server("web1")
        answer = admin.post(page(row, "check/"), headers=HTMX)
        assert "Logging in to web1" in text(answer)
        assert 'hx-trigger="every 1s"' in text(answer)
        assert admin.get(page(row, "check/"), headers=HTMX).status_code == 204

    def test_the_poll_ends_with_what_was_found(self, admin: Client) -> None:
        row = servers.server("web1")
        admin.post(page(row, "check/"), headers=HTMX)
        Probe.objects.update(
            finished_at="2026-11-01T00:00Z",
            reachable=False,
            error_code="CONNECTION",
            message="Nobody answers.",
        )
        answer = admin.get(page(row, "check/"), headers=HTMX)
        assert "Nobody answers." in text(answer)
        assert "every 1s" not in text(answer)

    def test_a_plain_browser_goes_back_to_the_page(self, admin: Client) -> None:
        row = servers.server("web1")
        answer = admin.post(page(row, "check/"))
        assert (answer.status_code, answer["Location"]) == (302, page(row))
        assert row.probes.get().kind == "CHECK"

    def test_a_stranger_can_not_ask(self) -> None:
        row = servers.server()
        assert signed_in(user_with("HR")).post(page(row, "check/")).status_code == 404
        assert not row.probes.exists()


class TestTheHostKey:
    def test_asking_shows_that_it_is_under_way_and_polls(self, admin: Client) -> None:
        row = servers.server("web1")
        answer = admin.post(page(row, "host-key/"), headers=HTMX)
        assert "Looking at the server's key" in text(answer)
        assert 'hx-trigger="every 1s"' in text(answer)
        assert admin.get(page(row, "host-key/"), headers=HTMX).status_code == 204
        assert admin.post(page(row, "host-key/"))["Location"] == page(row)

    def test_an_offered_key_is_shown_and_accepted_and_the_server_checked(
        self, admin: Client
    ) -> None:
        row = servers.server("web1")
        key = servers.host_key(row, generate_key(), HostKeyState.OFFERED)
        shown = text(admin.get(page(row, "host-key/"), headers=HTMX))
        assert key.fingerprint in shown
        assert "Accept this key" in shown
        answer = admin.post(page(row, "host-key/accept/"), {"fingerprint": key.fingerprint})
        assert answer["Location"] == page(row)
        assert said(answer) == ["The key of web1 is accepted."]
        assert row.host_keys.get().state == HostKeyState.ACCEPTED
        assert row.probes.get().kind == "CHECK"

    def test_a_changed_key_is_an_alarm_that_shows_both(self, admin: Client) -> None:
        row = servers.server("web1")
        old = servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
        new = servers.host_key(row, generate_key(), HostKeyState.OFFERED)
        shown = text(admin.get(page(row)))
        assert "The server shows another key than the one you accepted" in shown
        assert old.fingerprint in shown
        assert new.fingerprint in shown
        admin.post(page(row, "host-key/accept/"), {"fingerprint": new.fingerprint})
        assert row.host_keys.get(state=HostKeyState.ACCEPTED) == new

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["browser", "htmx"])
    def test_another_key_than_the_one_shown_is_not_accepted(
        self, admin: Client, headers: dict[str, str]
    ) -> None:
        row = servers.server("web1")
        servers.host_key(row, generate_key(), HostKeyState.OFFERED)
        where = f"http://testserver{page(row)}"
        answer = admin.post(
            page(row, "host-key/accept/"),
            {"fingerprint": "SHA256:old"},
            headers={"referer": where, **headers},
        )
        assert where in (answer.get("Location"), answer.get("HX-Redirect"))
        assert "Look at its key again and compare" in said(answer)[0]
        assert row.host_keys.get().state == HostKeyState.OFFERED

    def test_a_key_that_could_not_be_seen_is_said(self, admin: Client) -> None:
        row = servers.server("web1")
        row.probes.create(
            kind="HOST_KEY",
            finished_at="2026-11-01T00:00Z",
            reachable=False,
            message="Nobody answers.",
        )
        shown = text(admin.get(page(row)))
        assert "The key could not be seen" in shown
        assert "Nobody answers." in shown

    def test_accepting_is_the_administrators_business(self) -> None:
        row = servers.server("web1")
        key = servers.host_key(row, generate_key(), HostKeyState.OFFERED)
        colleague = signed_in(servers.grant(user_with("NOC", name="carl"), row))
        answer = colleague.post(page(row, "host-key/accept/"), {"fingerprint": key.fingerprint})
        assert answer.status_code == 403
        stranger = signed_in(user_with("HR"))
        answer = stranger.post(page(row, "host-key/accept/"), {"fingerprint": key.fingerprint})
        assert answer.status_code == 404
        key.refresh_from_db()
        assert key.state == HostKeyState.OFFERED

    def test_accepting_is_never_a_mere_link(self, admin: Client) -> None:
        assert admin.get(page(servers.server(), "host-key/accept/")).status_code == 405
