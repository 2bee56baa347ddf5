import pytest
from django.test import Client

from opsmanager.audit.models import AuditEvent
from tests.support import servers
from tests.support.pages import page, said, text
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str]]:
    events = AuditEvent.objects.filter(verb__startswith="SERVER_MAINTENANCE").order_by("seq")
    return list(events.values_list("verb", "actor_name"))


def test_maintenance_begins_and_ends_on_the_servers_page(admin: Client) -> None:
    row = servers.server("web1")
    assert "Begin maintenance" in text(admin.get(page(row)))
    answer = admin.post(page(row, "maintenance/"), {"on": "1"})
    assert (answer["Location"], said(answer)) == (page(row), ["web1 is in maintenance now."])
    # A second press changes and tells nothing.
    admin.post(page(row, "maintenance/"), {"on": "1"})
    row.refresh_from_db()
    assert row.in_maintenance
    assert "End maintenance" in text(admin.get(page(row)))
    admin.post(page(row, "maintenance/"), {"on": "0"})
    row.refresh_from_db()
    assert not row.in_maintenance
    assert told() == [("SERVER_MAINTENANCE_BEGUN", "ann"), ("SERVER_MAINTENANCE_ENDED", "ann")]


@pytest.mark.parametrize(("role", "status"), [("MANAGER", 403), ("NOC", 403), ("HR", 404)])
def test_it_is_the_administrators_business(role: str, status: int) -> None:
    row = servers.server("web1")
    browser = signed_in(user_with(role))
    assert browser.post(page(row, "maintenance/"), {"on": "1"}).status_code == status
    row.refresh_from_db()
    assert not row.in_maintenance
    assert told() == []
