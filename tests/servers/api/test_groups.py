from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from servers.models import Server, ServerGroup
from tests.support import servers
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

ALL = "/api/v1/servers/groups"
JSON = "application/json"


@pytest.fixture
def admin() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_group_is_made_shown_changed_and_deleted(admin: Client) -> None:
    answer = admin.post(ALL, {"name": "web", "description": "Front"}, JSON)
    assert answer.status_code == 201
    made = answer.json()["group"]
    maintenance = {"inMaintenance", "maintenanceReason", "maintenanceUntil"}
    assert set(made) == {"id", "name", "description", "createdAt", "updatedAt", *maintenance}
    where = f"{ALL}/{made['id']}"
    assert admin.get(where).json() == {"group": made}
    changed = admin.patch(where, {"name": "edge"}, JSON)
    assert changed.status_code == 200
    assert changed.json()["group"] | {"updatedAt": ""} == made | {"name": "edge", "updatedAt": ""}
    assert admin.delete(where).status_code == 204
    assert not ServerGroup.objects.exists()


def test_deleting_a_group_leaves_its_servers(admin: Client) -> None:
    group = servers.group()
    servers.server("web1", groups=(group,))
    assert admin.delete(f"{ALL}/{group.pk}").status_code == 204
    assert Server.objects.filter(name="web1").exists()


def test_groups_are_listed_by_name_in_pages(admin: Client) -> None:
    for name in ("web", "db", "mail"):
        servers.group(name)
    found = admin.get(f"{ALL}?limit=2").json()
    assert [row["name"] for row in found["groups"]] == ["db", "mail"]
    assert (found["total"], found["page"], found["limit"]) == (3, 1, 2)
    found = admin.get(f"{ALL}?ordering=-name").json()
    assert [row["name"] for row in found["groups"]] == ["web", "mail", "db"]


@pytest.mark.parametrize("asked", [{}, {"name": ""}, {"name": "x" * 101}])
def test_a_group_needs_a_name(admin: Client, asked: dict[str, str]) -> None:
    answer = admin.post(ALL, asked, JSON)
    assert refusal(answer) == (400, "VALIDATION")
    assert list(answer.json()["details"]) == ["name"]


def test_a_name_that_is_taken_is_a_conflict(admin: Client) -> None:
    servers.group("taken")
    answer = admin.post(ALL, {"name": "taken"}, JSON)
    assert refusal(answer) == (409, "CONFLICT")
    assert list(answer.json()["details"]) == ["name"]


def test_a_group_that_is_not_there_is_404(admin: Client) -> None:
    where = f"{ALL}/{uuid4()}"
    for call in (admin.get, admin.delete):
        assert refusal(call(where)) == (404, "NOT_FOUND")
    assert refusal(admin.patch(where, {"name": "x"}, JSON)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("role", "sees"), [("MANAGER", True), ("NOC", True), ("HELPDESK", True), ("HR", False)]
)
def test_who_sees_servers_sees_groups_and_only_administrators_change_them(
    role: str, sees: bool
) -> None:
    group = servers.group()
    user = signed_in(user_with(role))
    where = f"{ALL}/{group.pk}"
    assert user.get(ALL).json()["total"] == int(sees)
    assert user.get(where).status_code == (200 if sees else 404)
    assert refusal(user.post(ALL, {"name": "x"}, JSON)) == (403, "NOT_PERMITTED")
    assert user.patch(where, {"name": "x"}, JSON).status_code in (403, 404)
    assert user.delete(where).status_code in (403, 404)
    assert ServerGroup.objects.get().name == group.name
