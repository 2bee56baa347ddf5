import pytest

from automation.models import CatalogEntry, Execution
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import Conflict
from servers.models import HostKeyState, Server, ServerGroup
from servers.services import servers as services
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return user_with("ADMIN", name="ann")


def last_event() -> AuditEvent:
    return AuditEvent.objects.order_by("-seq")[0]


def states(server: Server) -> list[str]:
    return sorted(server.host_keys.values_list("state", flat=True))


def test_a_new_server_is_told_with_all_that_was_given(admin) -> None:
    credential, group = servers.password_credential(), servers.group()
    row = services.save(
        actor=admin,
        name="web1",
        hostname="web1.example",
        port=2222,
        tags=["edge"],
        in_maintenance=True,
        credential=credential,
        groups=[group],
    )
    assert list(row.groups.all()) == [group]
    assert row.address == "web1.example:2222"
    event = last_event()
    assert (event.verb, event.actor_name, event.target_name) == ("SERVER_CREATED", "ann", "web1")
    assert event.details["changed"] == {
        "name": "web1",
        "hostname": "web1.example",
        "port": 2222,
        "tags": ["edge"],
        "in_maintenance": True,
        "credential": "root@web",
        "groups": ["web servers"],
    }


def test_a_change_tells_only_what_changed_and_leaves_the_groups(admin) -> None:
    group = servers.group()
    row = servers.server("web1", groups=(group,))
    services.save(actor=admin, server=row, name="web1", hostname="web1.example", is_active=False)
    event = last_event()
    assert event.verb == "SERVER_UPDATED"
    assert event.details == {"changed": {"is_active": False}}
    assert list(row.groups.all()) == [group]


def test_groups_are_replaced_when_they_are_given(admin) -> None:
    row = servers.server(groups=(servers.group("old"),))
    new = servers.group("new")
    services.save(actor=admin, server=row, groups=[new])
    assert list(row.groups.all()) == [new]
    services.save(actor=admin, server=row, groups=[])
    assert not row.groups.exists()


@pytest.mark.parametrize("move", [{"hostname": "elsewhere.example"}, {"port": 2222}])
def test_a_server_that_moves_is_another_machine_and_loses_its_keys(admin, move: dict) -> None:
    row = servers.server()
    for state in (HostKeyState.ACCEPTED, HostKeyState.OFFERED):
        servers.host_key(row, generate_key(), state)
    services.save(actor=admin, server=row, **move)
    assert states(row) == ["RETIRED", "RETIRED"]


def test_a_server_that_moves_was_not_checked_at_its_new_address(admin) -> None:
    row = servers.server(reachable=True, latency_ms=7, error_code="", error_message="")
    services.save(actor=admin, server=row, hostname="elsewhere.example")
    row.refresh_from_db()
    assert (row.reachable, row.latency_ms, row.checked_at) == (None, None, None)


def test_a_server_of_another_zone_keeps_its_key_and_was_not_checked_from_there(admin) -> None:
    row = servers.server("web1", reachable=True, latency_ms=7)
    servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    services.save(actor=admin, server=row, zone="dmz")
    row.refresh_from_db()
    assert (row.reachable, row.latency_ms) == (None, None)
    assert states(row) == ["ACCEPTED"]
    assert last_event().details["changed"] == {"zone": "dmz"}


def test_a_server_that_stays_keeps_its_key_and_what_was_found(admin) -> None:
    row = servers.server(reachable=True, latency_ms=7)
    servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    services.save(actor=admin, server=row, hostname=row.hostname, port=row.port, name="web9")
    assert states(row) == ["ACCEPTED"]
    row.refresh_from_db()
    assert (row.reachable, row.latency_ms) == (True, 7)


def test_a_server_on_which_nothing_ran_can_be_deleted(admin) -> None:
    services.delete(actor=admin, server=servers.server("web1"))
    assert not Server.objects.exists()
    assert (last_event().verb, last_event().target_name) == ("SERVER_DELETED", "web1")


def test_a_server_with_executions_stays_and_says_what_to_do_instead(admin) -> None:
    row = servers.server("web1")
    runbook = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
    Execution.objects.create(runbook=runbook, server=row, triggered_by="MANUAL")
    with pytest.raises(Conflict, match="Switch it off instead"):
        services.delete(actor=admin, server=row)
    assert Server.objects.filter(name="web1").exists()
    assert not AuditEvent.objects.filter(verb="SERVER_DELETED").exists()


def test_groups_are_made_changed_and_deleted_and_their_servers_stay(admin) -> None:
    group = services.save_group(actor=admin, name="web", description="Front")
    row = servers.server(groups=(group,))
    services.save_group(actor=admin, group=group, name="edge")
    assert ServerGroup.objects.get().name == "edge"
    services.delete_group(actor=admin, group=group)
    assert Server.objects.get() == row
    verbs = AuditEvent.objects.order_by("seq").values_list("verb", "target_name")
    assert list(verbs) == [
        ("SERVER_GROUP_CREATED", "web"),
        ("SERVER_GROUP_UPDATED", "edge"),
        ("SERVER_GROUP_DELETED", "edge"),
    ]


def test_only_production_wants_a_confirmation() -> None:
    assert servers.server("web1").is_production
    assert not servers.server("web2", environment="STAGING").is_production
