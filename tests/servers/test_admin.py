import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core import serializers
from django.test import Client

from opsmanager.audit.models import AuditEvent
from opsmanager.common import vault
from servers.models import Credential, HostKeyState, Server, ServerGroup
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.servers import SECRET
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

SERVERS, GROUPS = "/admin/servers/server/", "/admin/servers/servergroup/"
CREDENTIALS, KEYS = "/admin/servers/credential/", "/admin/servers/hostkey/"
FORM = {
    "name": "web1",
    "hostname": "web1.example",
    "port": "22",
    "platform": "LINUX",
    "environment": "STAGING",
    "zone": "dmz",
    "tags": "edge,eu",
    "approvals": "0",
    "is_active": "on",
    "keeps_records": "on",
}
SURE = {"post": "yes"}


@pytest.fixture
def admin() -> Client:
    return signed_in(user_with("ADMIN", name="ann", is_staff=True))


def told() -> list[tuple[str, str]]:
    events = AuditEvent.objects.exclude(verb="LOGIN").order_by("seq")
    return list(events.values_list("verb", "actor_name"))


def errors(answer: Any) -> str:
    return " ".join(re.findall(r'class="errorlist"[^>]*>(.*?)</ul>', answer.content.decode()))


def delete_all(client: Client, where: str, *rows: Any) -> Any:
    keys = [str(row.pk) for row in rows]
    asked = {"action": "delete_selected", "_selected_action": keys, **SURE}
    return client.post(where, asked)


def test_a_server_is_added_changed_and_deleted_through_the_service(admin: Client) -> None:
    group = servers.group()
    answer = admin.post(f"{SERVERS}add/", {**FORM, "groups": [str(group.pk)]})
    assert answer.status_code == 302, errors(answer)
    row = Server.objects.get()
    assert (row.tags, row.zone, list(row.groups.all())) == (["edge", "eu"], "dmz", [group])
    answer = admin.post(f"{SERVERS}{row.pk}/change/", {**FORM, "name": "web9"})
    assert answer.status_code == 302, errors(answer)
    row.refresh_from_db()
    assert (row.name, row.groups.count()) == ("web9", 0)
    assert admin.post(f"{SERVERS}{row.pk}/delete/", SURE).status_code == 302
    assert not Server.objects.exists()
    verbs = ["SERVER_CREATED", "SERVER_UPDATED", "SERVER_DELETED"]
    assert told() == [(verb, "ann") for verb in verbs]


def test_a_server_that_moves_loses_its_key_here_too(admin: Client) -> None:
    row = servers.server("web1")
    servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    admin.post(f"{SERVERS}{row.pk}/change/", {**FORM, "port": "2222"})
    assert row.host_keys.get().state == HostKeyState.RETIRED


def test_the_keys_of_a_server_go_with_it(admin: Client) -> None:
    row = servers.server("web1")
    servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    assert admin.post(f"{SERVERS}{row.pk}/delete/", SURE).status_code == 302
    assert not Server.objects.exists()


def test_a_wrong_server_is_refused(admin: Client) -> None:
    answer = admin.post(f"{SERVERS}add/", {**FORM, "hostname": "web1; reboot"})
    assert "Use a host name or an IP address" in errors(answer)
    assert not Server.objects.exists()


def test_a_group_is_added_changed_and_deleted_through_the_service(admin: Client) -> None:
    admin.post(f"{GROUPS}add/", {"name": "web", "description": ""})
    group = ServerGroup.objects.get()
    admin.post(f"{GROUPS}{group.pk}/change/", {"name": "edge", "description": "Front"})
    group.refresh_from_db()
    assert (group.name, group.description) == ("edge", "Front")
    admin.post(f"{GROUPS}{group.pk}/delete/", SURE)
    assert not ServerGroup.objects.exists()
    verbs = ["SERVER_GROUP_CREATED", "SERVER_GROUP_UPDATED", "SERVER_GROUP_DELETED"]
    assert told() == [(verb, "ann") for verb in verbs]


def test_deleting_several_at_once_is_told_of_each(admin: Client) -> None:
    delete_all(admin, SERVERS, servers.server("web1"), servers.server("web2"))
    delete_all(admin, GROUPS, servers.group("a"), servers.group("b"))
    rows = [servers.password_credential("a"), servers.password_credential("b")]
    delete_all(admin, CREDENTIALS, *rows)
    verbs = ["SERVER_DELETED"] * 2 + ["SERVER_GROUP_DELETED"] * 2 + ["CREDENTIAL_DELETED"] * 2
    deleted = [event for event in told() if event[0] != "CREDENTIAL_CREATED"]
    assert deleted == [(verb, "ann") for verb in verbs]
    assert not Server.objects.exists()
    assert not ServerGroup.objects.exists()
    assert not Credential.objects.exists()


def test_a_password_goes_in_and_never_comes_out(admin: Client) -> None:
    form = {"name": "root@web", "username": "root", "auth_type": "PASSWORD", "password": SECRET}
    answer = admin.post(f"{CREDENTIALS}add/", form)
    assert answer.status_code == 302, errors(answer)
    row = Credential.objects.get()
    place = {"row": str(row.pk), "field": "password"}
    assert vault.open_sealed(row.sealed_password, **place) == SECRET
    for path in ("", f"{row.pk}/change/", f"{row.pk}/history/", f"{row.pk}/delete/"):
        shown = admin.get(f"{CREDENTIALS}{path}").content.decode()
        assert "root@web" in shown
        assert SECRET not in shown
        assert "v1:" not in shown
    kept = serializers.serialize("json", [*AuditEvent.objects.all(), *LogEntry.objects.all()])
    assert "pa55" not in kept
    assert told() == [("CREDENTIAL_CREATED", "ann")]


def test_a_secret_left_empty_stays_and_a_new_one_replaces_it(admin: Client) -> None:
    row = servers.password_credential()
    form = {"name": "new", "username": "root", "auth_type": "PASSWORD"}
    where = f"{CREDENTIALS}{row.pk}/change/"
    assert admin.post(where, form).status_code == 302
    before = row.sealed_password
    row.refresh_from_db()
    assert (row.name, row.sealed_password) == ("new", before)
    admin.post(where, {**form, "password": "another"})
    row.refresh_from_db()
    place = {"row": str(row.pk), "field": "password"}
    assert vault.open_sealed(row.sealed_password, **place) == "another"


@pytest.mark.parametrize("auth_type", ["PASSWORD", "PRIVATE_KEY"])
def test_a_credential_wants_its_kinds_secret(admin: Client, auth_type: str) -> None:
    form = {"name": "root@web", "username": "root", "auth_type": auth_type}
    answer = admin.post(f"{CREDENTIALS}add/", form)
    assert "it is sealed at once and never shown again" in errors(answer)
    assert not Credential.objects.exists()


def test_a_refused_form_does_not_show_the_password_again(admin: Client) -> None:
    form = {"name": "", "username": "root", "auth_type": "PASSWORD", "password": "pa55word"}
    answer = admin.post(f"{CREDENTIALS}add/", form)
    assert answer.status_code == 200
    assert "pa55word" not in answer.content.decode()


def test_a_refused_form_does_not_show_the_private_key_again(admin: Client) -> None:
    key = generate_key().private_key
    form = {"name": "", "username": "ops", "auth_type": "PRIVATE_KEY", "private_key": key}
    shown = admin.post(f"{CREDENTIALS}add/", form).content.decode()
    assert key.splitlines()[1] not in shown


def test_a_used_credential_can_not_be_deleted(admin: Client) -> None:
    row = servers.password_credential()
    servers.server("web1", credential=row)
    shown = admin.post(f"{CREDENTIALS}{row.pk}/delete/", SURE).content.decode()
    assert "would require deleting the following protected related objects" in shown
    assert Credential.objects.exists()


def test_host_keys_are_looked_at_and_never_edited(admin: Client) -> None:
    key = servers.host_key(servers.server("web1"), generate_key(), HostKeyState.OFFERED)
    assert key.fingerprint in admin.get(KEYS).content.decode()
    assert admin.get(f"{KEYS}add/").status_code == 403
    shown = admin.get(f"{KEYS}{key.pk}/change/").content.decode()
    assert 'name="_save"' not in shown
    assert admin.post(f"{KEYS}{key.pk}/change/", {"state": "ACCEPTED"}).status_code == 403
    assert admin.post(f"{KEYS}{key.pk}/delete/", SURE).status_code == 403
    key.refresh_from_db()
    assert key.state == HostKeyState.OFFERED


@pytest.mark.parametrize("role", ["MANAGER", "NOC", "HELPDESK", "HR"])
def test_others_change_nothing_here(role: str) -> None:
    browser = signed_in(user_with(role, is_staff=True))
    for where in (SERVERS, GROUPS, CREDENTIALS):
        assert browser.post(f"{where}add/", FORM).status_code == 403
    assert browser.get(CREDENTIALS).status_code == 403


def test_an_administrator_needs_no_staff_status() -> None:
    assert signed_in(user_with("ADMIN")).get(SERVERS).status_code == 200
    answer = signed_in(user_with("MANAGER")).get(SERVERS)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_maintenance_and_aliases_are_checked_beside_their_fields(admin: Client) -> None:
    servers.server("web2", aliases=["back"])
    row = servers.server("web1")
    where = f"{SERVERS}{row.pk}/change/"
    wrong = {"aliases": "back", "in_maintenance": "on", "maintenance_until": "2020-01-01T00:00"}
    answer = admin.post(where, {**FORM, **wrong})
    assert "is a name of web2 already" in errors(answer)
    assert "That is over already" in errors(answer)
    sent = {"aliases": "Front", "in_maintenance": "on", "maintenance_reason": "New disk"}
    assert admin.post(where, {**FORM, **sent}).status_code == 302
    row.refresh_from_db()
    assert (row.aliases, row.maintenance_reason) == (["front"], "New disk")
    # To untick it is enough, whatever still stands beside it.
    assert admin.post(where, {**FORM, "maintenance_reason": "New disk"}).status_code == 302
    row.refresh_from_db()
    assert (row.is_tended, row.maintenance_reason) == (False, "")


def test_a_group_is_put_in_maintenance_here_too(admin: Client) -> None:
    group = servers.group()
    sent = {"name": group.name, "description": "", "in_maintenance": "on"}
    assert admin.post(f"{GROUPS}{group.pk}/change/", sent).status_code == 302
    group.refresh_from_db()
    assert group.is_tended
