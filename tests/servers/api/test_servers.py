from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automation.models import CatalogEntry, Execution
from servers.models import Server
from tests.support import servers
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

ALL = "/api/v1/servers"
JSON = "application/json"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def admin() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))


@pytest.fixture
def stranger() -> Client:
    return signed_in(user_with("HR", name="hugo"))


def colleague_of(server: Server) -> Client:
    """A user without a role to whom this one server was granted."""
    return signed_in(servers.grant(user_with(None, name="carl"), server))


def one(server: Server) -> str:
    return f"{ALL}/{server.pk}"


def names(client: Client, query: str = "") -> list[str]:
    return [row["name"] for row in client.get(f"{ALL}{query}").json()["servers"]]


def refusal(answer: Any) -> tuple[int, str]:
    assert set(answer.json()) == {"error", "message", "code", "details"}
    return answer.status_code, answer.json()["code"]


def test_a_server_is_added_with_a_few_words(admin: Client) -> None:
    answer = admin.post(ALL, {"name": "web1", "hostname": "web1.example"}, JSON)
    assert answer.status_code == 201
    made = answer.json()["server"]
    row = Server.objects.get()
    assert made.pop("createdAt").endswith("Z")
    assert made.pop("updatedAt").endswith("Z")
    assert made == {
        "id": str(row.pk),
        "name": "web1",
        "hostname": "web1.example",
        "port": 22,
        "aliases": [],
        "platform": "LINUX",
        "environment": "PRODUCTION",
        "zone": "",
        "description": "",
        "credentialId": None,
        "groupIds": [],
        "tags": [],
        "isActive": True,
        "inMaintenance": False,
        "maintenanceReason": "",
        "maintenanceUntil": None,
        "keepsRecords": True,
        "approvals": 0,
        "reachable": None,
        "latencyMs": None,
        "errorCode": "",
        "errorMessage": "",
        "checkedAt": None,
    }


def test_a_server_is_added_with_everything(admin: Client) -> None:
    credential, group = servers.password_credential(), servers.group()
    asked = {
        "name": "web1",
        "hostname": "2001:db8::7",
        "port": 2222,
        "platform": "WINDOWS",
        "environment": "STAGING",
        "zone": "dmz",
        "description": "Front",
        "credentialId": str(credential.pk),
        "groupIds": [str(group.pk)],
        "tags": ["edge", "eu"],
        "isActive": False,
        "inMaintenance": True,
        "keepsRecords": False,
    }
    answer = admin.post(ALL, asked, JSON)
    assert answer.status_code == 201
    assert {name: answer.json()["server"][name] for name in asked} == asked
    assert admin.get(one(Server.objects.get())).json()["server"] == answer.json()["server"]


def test_what_only_a_check_knows_can_not_be_written(admin: Client) -> None:
    asked = {"name": "web1", "hostname": "w", "reachable": True, "latencyMs": 1, "id": "x"}
    assert admin.post(ALL, asked, JSON).status_code == 201
    row = Server.objects.get()
    assert (row.reachable, row.latency_ms) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "two words"),
        ("name", "-web"),
        ("name", "web\nx"),
        ("name", "x" * 101),
        ("hostname", ""),
        ("hostname", "https://web1/"),
        ("hostname", "web1; rm -rf /"),
        ("port", 0),
        ("port", 65536),
        ("port", "ssh"),
        ("platform", "AMIGA"),
        ("environment", "production"),
        ("zone", "DMZ"),
        ("zone", "x" * 31),
        ("zone", None),
        ("credentialId", "not-a-uuid"),
        ("credentialId", ""),
        ("credentialId", NOBODY),
        ("groupIds", [NOBODY]),
        ("groupIds", "x"),
        ("tags", ["x" * 51]),
        ("tags", "edge"),
        ("isActive", "perhaps"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(admin: Client, field: str, value: Any) -> None:
    servers.server("there")
    asked = {"name": "web1", "hostname": "web1.example", field: value}
    answer = admin.post(ALL, asked, JSON)
    assert refusal(answer) == (400, "VALIDATION")
    assert list(answer.json()["details"]) == [field]
    assert Server.objects.count() == 1


@pytest.mark.parametrize("body", ["{", "[]", '"text"', "null", "\x00"])
def test_a_body_that_is_no_object_is_refused(admin: Client, body: str) -> None:
    answer = admin.post(ALL, body, JSON)
    assert answer.status_code == 400
    assert "error" in answer.json()


def test_a_body_that_is_no_json_is_refused(admin: Client) -> None:
    assert refusal(admin.post(ALL, {"name": "web1"})) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_server_is_changed_in_what_is_given(admin: Client) -> None:
    row = servers.server("web1", tags=["edge"], groups=(servers.group(),))
    answer = admin.patch(one(row), {"inMaintenance": True, "environment": "DEMO"}, JSON)
    assert answer.status_code == 200
    changed = answer.json()["server"]
    assert (changed["inMaintenance"], changed["environment"]) == (True, "DEMO")
    assert (changed["tags"], len(changed["groupIds"])) == (["edge"], 1)


def test_a_servers_credential_and_groups_can_be_taken_away(admin: Client) -> None:
    row = servers.server(credential=servers.password_credential(), groups=(servers.group(),))
    answer = admin.patch(one(row), {"credentialId": None, "groupIds": []}, JSON)
    assert answer.json()["server"]["credentialId"] is None
    assert answer.json()["server"]["groupIds"] == []


def test_a_server_may_keep_its_own_name_and_not_take_anothers(admin: Client) -> None:
    row = servers.server("web1")
    servers.server("web2")
    assert admin.patch(one(row), {"name": "web1"}, JSON).status_code == 200
    assert refusal(admin.patch(one(row), {"name": "web2"}, JSON)) == (409, "CONFLICT")


def test_an_unused_server_is_deleted(admin: Client) -> None:
    row = servers.server()
    assert admin.delete(one(row)).status_code == 204
    assert refusal(admin.get(one(row))) == (404, "NOT_FOUND")


def test_a_server_with_executions_is_a_conflict(admin: Client) -> None:
    row = servers.server()
    runbook = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
    Execution.objects.create(runbook=runbook, server=row, triggered_by="MANUAL")
    assert refusal(admin.delete(one(row))) == (409, "CONFLICT")
    assert Server.objects.exists()


def test_a_colleague_sees_what_was_granted_and_changes_nothing() -> None:
    row, _other = servers.server("web1"), servers.server("web2")
    colleague = colleague_of(row)
    assert names(colleague) == ["web1"]
    assert colleague.get(one(row)).status_code == 200
    assert refusal(colleague.patch(one(row), {"port": 23}, JSON)) == (403, "NOT_PERMITTED")
    assert refusal(colleague.delete(one(row))) == (403, "NOT_PERMITTED")
    row.refresh_from_db()
    assert row.port == 22


def test_for_a_stranger_no_server_exists(stranger: Client) -> None:
    row = servers.server("web1")
    assert stranger.get(ALL).json() == {"servers": [], "total": 0, "page": 1, "limit": 20}
    for call in (stranger.get, stranger.patch, stranger.delete):
        assert refusal(call(one(row))) == (404, "NOT_FOUND")
    assert Server.objects.exists()


@pytest.mark.parametrize("role", ["MANAGER", "NOC", "HELPDESK", "HR"])
def test_only_administrators_add_servers(role: str) -> None:
    answer = signed_in(user_with(role)).post(ALL, {"name": "web1", "hostname": "w"}, JSON)
    assert refusal(answer) == (403, "NOT_PERMITTED")
    assert "Only administrators" in answer.json()["message"]
    assert not Server.objects.exists()


def test_servers_are_filtered_searched_and_ordered(admin: Client) -> None:
    group = servers.group()
    servers.server("web1", environment="STAGING", groups=(group,), tags=["edge"])
    servers.server("db1", hostname="aaa.example", platform="WINDOWS", is_active=False, zone="dmz")
    assert names(admin) == ["db1", "web1"]
    assert names(admin, "?environment=STAGING") == ["web1"]
    assert names(admin, "?environment=STAGING,PRODUCTION&platform=WINDOWS") == ["db1"]
    assert names(admin, f"?groupId={group.pk}") == ["web1"]
    assert names(admin, "?isActive=true") == ["web1"]
    assert names(admin, "?zone=dmz") == ["db1"]
    assert names(admin, "?zone=") == ["web1"]
    assert names(admin, "?search=edge") == ["web1"]
    assert names(admin, "?search=AAA") == ["db1"]
    assert names(admin, "?ordering=-name") == ["web1", "db1"]
    assert names(admin, "?ordering=createdAt") == ["web1", "db1"]


@pytest.mark.parametrize(
    "query", ["?groupId=x", "?isActive=1", "?ordering=port", "?limit=1000", "?page=0"]
)
def test_a_question_that_can_not_be_read_is_refused(admin: Client, query: str) -> None:
    answer = admin.get(f"{ALL}{query}")
    assert refusal(answer) == (400, "VALIDATION")
    assert list(answer.json()["details"]) == [query[1:].partition("=")[0]]


def test_a_list_costs_the_same_however_long_it_is(
    admin: Client, django_assert_num_queries: Any
) -> None:
    groups = (servers.group("one"), servers.group("two"))

    def add(numbers: range) -> None:
        for number in numbers:
            credential = servers.password_credential(f"login{number}")
            servers.server(f"web{number}", credential=credential, groups=groups)

    add(range(2))
    with CaptureQueriesContext(connection) as few:
        assert len(names(admin)) == 2
    add(range(2, 10))
    with django_assert_num_queries(len(few)):
        assert len(names(admin)) == 10


@pytest.mark.parametrize("path", ["", "/groups", "/credentials", f"/{NOBODY}"])
def test_a_method_that_is_not_offered_is_405_in_the_one_form(admin: Client, path: str) -> None:
    assert refusal(admin.put(f"{ALL}{path}", {}, JSON)) == (405, "METHOD_NOT_ALLOWED")


def test_maintenance_ends_by_the_clock(admin: Client) -> None:
    row = servers.server("web1")
    where = f"{ALL}/{row.pk}"
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    body = {"inMaintenance": True, "maintenanceReason": "New disk", "maintenanceUntil": until}
    shown = admin.patch(where, body, JSON).json()["server"]
    assert (shown["inMaintenance"], shown["maintenanceReason"]) == (True, "New disk")
    Server.objects.update(maintenance_until=timezone.now())
    shown = admin.get(where).json()["server"]
    kept = ("inMaintenance", "maintenanceReason", "maintenanceUntil")
    assert [shown[name] for name in kept] == [False, "", None]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"aliases": ["web2"]}, "aliases"),
        ({"aliases": ["a b"]}, "aliases"),
        ({"inMaintenance": True, "maintenanceUntil": "2020-01-01T00:00:00Z"}, "maintenanceUntil"),
        ({"maintenanceReason": "x"}, "maintenanceReason"),
    ],
)
def test_what_cannot_be_is_refused_by_name(admin: Client, body: dict[str, Any], name: str) -> None:
    servers.server("web2")
    answer = admin.patch(f"{ALL}/{servers.server('web1').pk}", body, JSON)
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [name]
