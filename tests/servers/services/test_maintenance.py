"""Maintenance of servers and groups, and when it is over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import Invalid
from servers.models import Server, ServerGroup
from servers.selectors import maintenance
from servers.services import servers as services
from tests.support import servers
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return user_with("ADMIN", name="ann")


def told() -> list[tuple[str, str, str]]:
    events = AuditEvent.objects.filter(verb__contains="MAINTENANCE").order_by("seq")
    return [(event.verb, event.message, event.details["until"]) for event in events]


def test_it_begins_changes_and_ends(ann: User) -> None:
    row, until = servers.server("web1"), timezone.now() + timedelta(hours=1)
    for _ in range(2):
        services.set_maintenance(actor=ann, place=row, on=True, reason="New disk", until=until)
    row = services.set_maintenance(actor=ann, place=row, on=True, reason="New disk")
    assert str(maintenance.of(row)) == "web1 is in maintenance (New disk)"
    for _ in range(2):
        row = services.set_maintenance(actor=ann, place=row, on=False)
    row.refresh_from_db()
    assert (row.in_maintenance, row.maintenance_reason) == (False, "")
    assert told() == [
        ("SERVER_MAINTENANCE_BEGUN", "New disk", until.isoformat()),
        ("SERVER_MAINTENANCE_CHANGED", "New disk", ""),
        ("SERVER_MAINTENANCE_ENDED", "", ""),
    ]


def test_that_of_a_group_is_that_of_its_servers(ann: User) -> None:
    group = servers.group("shop")
    row = servers.server("web1", groups=(group,))
    servers.server("free")
    services.set_maintenance(actor=ann, place=group, on=True, reason="Move")
    assert str(maintenance.of(row)) == "The group shop is in maintenance (Move)"
    assert maintenance.shown(row) == maintenance.of(row)
    marked = maintenance.marked(Server.objects.order_by("name"))
    assert [(each.name, each.is_group_tended) for each in marked] == [  # type: ignore[attr-defined]
        ("free", False),
        ("web1", True),
    ]
    assert told() == [("SERVER_GROUP_MAINTENANCE_BEGUN", "Move", "")]


def test_what_is_over_by_the_clock_is_over_and_begins_anew(ann: User) -> None:
    ago = timezone.now() - timedelta(seconds=1)
    group = ServerGroup.objects.create(name="g", in_maintenance=True, maintenance_until=ago)
    row = servers.server(
        "web1",
        groups=(group,),
        in_maintenance=True,
        maintenance_reason="Old",
        maintenance_until=ago,
    )
    assert not row.is_tended
    assert maintenance.of(row) is maintenance.shown(row) is None
    services.set_maintenance(actor=ann, place=row, on=False)
    assert told() == []
    saved = services.save(actor=ann, server=Server.objects.get(), in_maintenance=True)
    assert (saved.is_tended, saved.maintenance_reason) == (True, "")


@pytest.mark.parametrize("hours", [-1, 0, 24 * 30 + 1])
def test_its_end_is_to_come_within_thirty_days(ann: User, hours: int) -> None:
    row = servers.server("web1")
    until = timezone.now() + timedelta(hours=hours)
    with pytest.raises(Invalid) as refused:
        services.set_maintenance(actor=ann, place=row, on=True, until=until)
    assert list(refused.value.details) == ["maintenanceUntil"]
    assert told() == []


def test_a_reason_without_maintenance_is_refused(ann: User) -> None:
    with pytest.raises(Invalid) as refused:
        services.save(actor=ann, server=servers.server("web1"), maintenance_reason="Why not")
    assert list(refused.value.details) == ["maintenanceReason"]
