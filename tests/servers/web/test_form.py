from typing import Any

import pytest
from django.test import Client

from opsmanager.common import vault
from servers.models import Credential, HostKeyState, Server
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.pages import HTMX, page, said, text
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


def test_a_server_is_added_and_its_key_looked_at_next(admin: Client) -> None:
    assert "Add and look at its key" in text(admin.get("/servers/add/"))
    answer = admin.post("/servers/add/", FORM)
    row = Server.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page(row))
    assert (row.name, row.environment, row.is_active) == ("web1", "STAGING", True)
    assert row.probes.get().kind == "HOST_KEY"
    assert said(answer) == ["web1 is saved."]


def test_htmx_is_sent_to_the_new_servers_page(admin: Client) -> None:
    answer = admin.post("/servers/add/", FORM, headers=HTMX)
    assert answer["HX-Redirect"] == page(Server.objects.get())


def test_a_new_password_is_sealed_with_the_server(admin: Client) -> None:
    admin.post("/servers/add/", {**FORM, "new_username": "root", "new_password": SECRET})
    credential = Server.objects.get().credential
    assert (credential.name, credential.auth_type) == ("root@web1", "PASSWORD")
    opened = vault.open_sealed(credential.sealed_password, row=str(credential.pk), field="password")
    assert opened == SECRET


def test_a_new_key_is_sealed_with_the_server(admin: Client) -> None:
    key = generate_key().private_key
    asked = {"new_username": "ops", "new_private_key": key, "new_passphrase": "open sesame"}
    admin.post("/servers/add/", {**FORM, **asked})
    credential = Server.objects.get().credential
    assert credential.auth_type == "PRIVATE_KEY"
    assert credential.sealed_passphrase.startswith("v1:")
    place = {"row": str(credential.pk), "field": "private_key"}
    assert vault.open_sealed(credential.sealed_private_key, **place) == key


def test_a_known_credential_is_chosen(admin: Client) -> None:
    credential = servers.password_credential()
    admin.post("/servers/add/", {**FORM, "credential": str(credential.pk)})
    assert Server.objects.get().credential == credential


def test_a_new_credential_gets_a_name_that_is_free(admin: Client) -> None:
    servers.password_credential("root@web1")
    servers.password_credential("root@web1 2")
    admin.post("/servers/add/", {**FORM, "new_username": "root", "new_password": "x"})
    assert Server.objects.get().credential.name == "root@web1 3"


def test_a_new_credential_of_long_names_gets_a_shorter_one(admin: Client) -> None:
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
    admin: Client, changed: dict[str, str], sentence: str, headers: dict[str, str]
) -> None:
    answer = admin.post("/servers/add/", {**FORM, **changed}, headers=headers)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "pa55word" not in text(answer)
    assert ("<html" in text(answer)) is not bool(headers)
    assert not Server.objects.exists()


def test_a_private_key_is_not_shown_again_either(admin: Client) -> None:
    key = generate_key().private_key
    asked = {**FORM, "name": "", "new_username": "ops", "new_private_key": key}
    answer = admin.post("/servers/add/", asked)
    assert answer.status_code == 422
    assert key.splitlines()[1] not in text(answer)


def test_a_known_and_a_new_credential_at_once_are_refused(admin: Client) -> None:
    credential = servers.password_credential()
    asked = {"credential": str(credential.pk), "new_username": "root", "new_password": "x"}
    answer = admin.post("/servers/add/", {**FORM, **asked})
    assert answer.status_code == 422
    assert "Choose a known credential or enter a new one, not both" in text(answer)


def test_an_empty_form_says_what_is_missing(admin: Client) -> None:
    answer = admin.post("/servers/add/", {})
    assert answer.status_code == 422
    assert "This field is required" in text(answer)


def test_when_secrets_can_not_be_kept_the_form_says_so_and_nothing_is_saved(
    admin: Client, settings: Any
) -> None:
    settings.CREDENTIAL_PUBLIC_KEY = ""
    asked = {**FORM, "new_username": "root", "new_password": "x"}
    answer = admin.post("/servers/add/", asked)
    assert answer.status_code == 422
    assert "OPSMANAGER_CREDENTIAL_PUBLIC_KEY is missing" in text(answer)
    assert not Server.objects.exists()
    assert not Credential.objects.exists()


def test_a_server_is_changed(admin: Client) -> None:
    group = servers.group()
    row = servers.server("web1", environment="STAGING")
    servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    shown = text(admin.get(page(row, "edit/")))
    assert 'value="web1.example"' in shown
    answer = admin.post(
        page(row, "edit/"), {**FORM, "groups": [str(group.pk)], "aliases": "Front, back"}
    )
    assert answer["Location"] == page(row)
    row.refresh_from_db()
    assert row.aliases == ["front", "back"]
    assert list(row.groups.all()) == [group]
    assert row.host_keys.get().state == HostKeyState.ACCEPTED
    assert not row.probes.exists()


def test_a_server_that_moves_loses_its_key_and_is_looked_at_anew(admin: Client) -> None:
    row = servers.server("web1")
    servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    admin.post(page(row, "edit/"), {**FORM, "hostname": "elsewhere.example"})
    assert row.host_keys.get().state == HostKeyState.RETIRED
    assert row.probes.get().kind == "HOST_KEY"


@pytest.mark.parametrize("role", ["MANAGER", "NOC", "HELPDESK"])
def test_only_administrators_add_and_change(role: str) -> None:
    row = servers.server("web1")
    browser = signed_in(user_with(role))
    for path in ("/servers/add/", page(row, "edit/")):
        for call in (browser.get, browser.post):
            answer = call(path)
            assert answer.status_code == 403
            assert "Only administrators may change servers" in text(answer)


def test_for_a_stranger_there_is_nothing_to_change() -> None:
    answer = signed_in(user_with("HR")).get(page(servers.server(), "edit/"))
    assert answer.status_code == 404
    assert "There is no such server, or you may not see it" in text(answer)


def test_a_zone_is_named_and_taken_away(admin: Client) -> None:
    admin.post("/servers/add/", {**FORM, "zone": "dmz"})
    row = Server.objects.get()
    assert row.zone == "dmz"
    edit = page(row, "edit/")
    assert 'value="dmz"' in text(admin.get(edit))
    wrong = admin.post(edit, {**FORM, "zone": "D M Z"})
    assert wrong.status_code == 422
    assert "Use lower-case letters, digits and dashes" in text(wrong)
    admin.post(edit, {**FORM, "zone": ""})
    row.refresh_from_db()
    assert row.zone == ""


def test_how_many_must_approve_is_kept_where_nothing_is_said(admin: Client) -> None:
    admin.post("/servers/add/", {**FORM, "approvals": "2"})
    row = Server.objects.get()
    assert row.approvals == 2
    edit = f"/servers/{row.pk}/edit/"
    assert 'value="2"' in text(admin.get(edit))
    for sent in (FORM, {**FORM, "approvals": ""}):
        assert admin.post(edit, sent).status_code == 302
        row.refresh_from_db()
        assert row.approvals == 2
    for wrong in ("11", "-1", "many"):
        assert admin.post(edit, {**FORM, "approvals": wrong}).status_code == 422
    admin.post(edit, {**FORM, "approvals": "0"})
    row.refresh_from_db()
    assert row.approvals == 0
