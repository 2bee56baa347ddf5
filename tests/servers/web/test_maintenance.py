from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from opsmanager.audit.models import AuditEvent
from servers.models import ServerGroup
from tests.support import servers
from tests.support.pages import page, said, text
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

GROUPS = "/servers/groups/"


def told() -> list[tuple[str, str, str]]:
    events = AuditEvent.objects.filter(verb__contains="MAINTENANCE").order_by("seq")
    return list(events.values_list("verb", "actor_name", "message"))


def test_maintenance_begins_and_ends_on_the_servers_page(admin: Client) -> None:
    row = servers.server("web1")
    where = page(row, "maintenance/")
    assert where in text(admin.get(page(row)))
    assert "Begin maintenance" in text(admin.get(where))
    answer = admin.post(where, {"on": "1", "reason": "New disk", "lasts": "60"})
    assert (answer["Location"], said(answer)) == (page(row), ["web1 is in maintenance now."])
    row.refresh_from_db()
    assert row.maintenance_until is not None
    left = row.maintenance_until - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(minutes=60)
    shown = text(admin.get(page(row)))
    assert "End maintenance" in shown
    assert "(New disk)" in shown
    assert "New disk" in text(admin.get(where))
    admin.post(where, {"on": "0"})
    row.refresh_from_db()
    assert not row.in_maintenance
    assert told() == [
        ("SERVER_MAINTENANCE_BEGUN", "ann", "New disk"),
        ("SERVER_MAINTENANCE_ENDED", "ann", ""),
    ]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"lasts": "at"}, "Say until when."),
        ({"lasts": "at", "until": "2020-01-01T00:00"}, "That is over already."),
        ({"lasts": "at", "until": "2099-01-01T00:00"}, "Choose a time within 30 days."),
        ({"lasts": "77"}, "Select a valid choice."),
        ({"lasts": "", "reason": "x" * 301}, "at most 300 characters"),
    ],
)
def test_an_end_that_cannot_be_is_said_beside_its_field(
    admin: Client, sent: dict[str, str], words: str
) -> None:
    row = servers.server("web1")
    answer = admin.post(page(row, "maintenance/"), {"on": "1", **sent})
    assert answer.status_code == 422
    assert words in text(answer)
    assert told() == []


def test_a_group_is_put_in_maintenance_with_its_servers(admin: Client) -> None:
    group = servers.group("shop")
    row = servers.server("web1", groups=(group,))
    where = f"{GROUPS}{group.pk}/maintenance/"
    assert where in text(admin.get(GROUPS))
    answer = admin.post(where, {"on": "1", "reason": "Move", "lasts": ""})
    assert (answer["Location"], said(answer)) == (GROUPS, ["shop is in maintenance now."])
    assert "until somebody ends it" in text(admin.get(GROUPS))
    assert "The group shop is in maintenance (Move)" in text(admin.get(page(row)))
    assert "Maintenance" in text(admin.get("/servers/", {"state": "maintenance"}))
    assert "web1" in text(admin.get("/servers/", {"state": "maintenance"}))
    admin.post(where, {"on": "0"})
    assert not ServerGroup.objects.get().is_tended
    assert [event[0] for event in told()] == [
        "SERVER_GROUP_MAINTENANCE_BEGUN",
        "SERVER_GROUP_MAINTENANCE_ENDED",
    ]


def test_an_empty_list_of_groups_says_so(admin: Client) -> None:
    assert "No server groups" in text(admin.get(GROUPS))


@pytest.mark.parametrize(("role", "status"), [("MANAGER", 403), ("NOC", 403), ("HR", 404)])
def test_it_is_the_administrators_business(role: str, status: int) -> None:
    group = servers.group("shop")
    row = servers.server("web1", groups=(group,))
    browser = signed_in(user_with(role))
    for where in (page(row, "maintenance/"), f"{GROUPS}{group.pk}/maintenance/"):
        assert browser.post(where, {"on": "1"}).status_code == status
        assert browser.get(where).status_code == status
    row.refresh_from_db()
    assert not row.in_maintenance
    assert told() == []
