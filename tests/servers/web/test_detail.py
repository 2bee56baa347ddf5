import pytest
from django.contrib.auth.models import Group
from django.test import Client

from automation.models import CatalogEntry, Execution
from opsmanager.accounts import permissions
from opsmanager.audit import trail
from opsmanager.common import pulse
from servers.models import HostKeyState
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.pages import page, text
from tests.support.servers import SECRET
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


def test_a_servers_page_tells_what_is_known(admin: Client) -> None:
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


def test_a_stranger_is_told_that_the_server_is_not_there() -> None:
    answer = signed_in(user_with("HR")).get(page(servers.server()))
    assert answer.status_code == 404


def test_a_colleague_sees_the_server_without_what_only_administrators_do() -> None:
    row = servers.server("web1")
    runbook = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
    Execution.objects.create(runbook=runbook, server=row, triggered_by="MANUAL")
    colleague = signed_in(servers.grant(user_with("NOC", name="carl"), row))
    shown = text(colleague.get(page(row)))
    assert "Check now" in shown
    assert "look-at-key" not in shown
    stranger = signed_in(servers.grant(user_with(None, name="sam"), row))
    shown = text(stranger.get(page(row)))
    assert "Check now" not in shown
    assert runbook.title not in shown


@pytest.mark.parametrize(
    ("fields", "key", "sentence"),
    [
        ({"is_active": False}, "ACCEPTED", "It is switched off."),
        ({"credential": None}, "ACCEPTED", "Nobody can log in."),
        ({}, "OFFERED", "Its host key is not accepted yet."),
        ({}, "CHANGED", "It shows another host key than the accepted one."),
    ],
)
def test_a_servers_page_says_why_nothing_can_run_there(
    admin: Client, fields: dict[str, object], key: str, sentence: str
) -> None:
    row = servers.server("web1", **{"credential": servers.password_credential(), **fields})
    if key != "OFFERED":
        servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    if key != "ACCEPTED":
        servers.host_key(row, generate_key(), HostKeyState.OFFERED)
    shown = text(admin.get(page(row)))
    assert f"<strong>{sentence}</strong>" in shown
    assert shown.count("data-obstacle") == 1


def test_a_servers_page_says_that_no_worker_serves_its_zone(admin: Client) -> None:
    row = servers.server("web1", zone="dmz", credential=servers.password_credential())
    servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    pulse.note("worker", "outside", zones=[""])
    shown = text(admin.get(page(row)))
    assert "<strong>No worker of zone dmz is running.</strong>" in shown
    pulse.note("worker", "inside", zones=["dmz"])
    shown = text(admin.get(page(row)))
    assert "data-obstacle" not in shown
    assert '<span class="tag mono">dmz</span>' in shown


def test_nothing_is_in_the_way_on_a_server_that_is_well(admin: Client) -> None:
    row = servers.server("web1", credential=servers.password_credential())
    servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    assert "data-obstacle" not in text(admin.get(page(row)))


def test_it_says_since_when_the_server_can_not_be_reached_and_why(admin: Client) -> None:
    row = servers.server("web1")
    for day, reachable in ((1, False), (2, True), (3, False), (4, False)):
        row.probes.create(
            kind="CHECK",
            requested_at=f"2026-11-0{day}T03:00Z",
            finished_at=f"2026-11-0{day}T03:01Z",
            reachable=reachable,
            error_code="" if reachable else "AUTHENTICATION",
            message="It refused the login.",
        )
    shown = text(admin.get(page(row)))
    assert "It answers, and refuses the login" in shown
    assert "not reached since 2026-11-03 03:01:00 UTC" in shown


def test_who_may_see_the_trail_sees_what_was_done_to_the_server(admin: Client) -> None:
    row = servers.server("web1")
    event = trail.record("SERVER_UPDATED", actor=None, target=row, changed={"hostname": "web2"})
    other = trail.record("SERVER_UPDATED", actor=None, target=servers.server("web2"))
    shown = text(admin.get(page(row)))
    assert f'href="/audit/{event.seq}/"' in shown
    assert f'href="/audit/{other.seq}/"' not in shown
    assert "hostname" in shown
    assert f"/audit/?target={row.pk}" in shown
    assert "/audit/" not in text(signed_in(user_with("MANAGER")).get(page(row)))


def test_an_administrator_sees_who_may_run_runbooks_there_and_by_what(admin: Client) -> None:
    group = servers.group("fronts")
    row = servers.server("web1", groups=(group,))
    servers.grant(user_with("NOC", name="nora"), row)
    servers.grant(user_with("NOC", name="carl"), group)
    gone = servers.grant(user_with("NOC", name="gone"), row)
    gone.is_active = False
    gone.save()
    permissions.grant(Group.objects.get(name="MANAGER"), "servers.operate_server", row)
    found = admin.get(page(row)).context["operators"]
    assert [(one.by, one.users, one.roles) for one in found] == [
        ("their role, everywhere", (), ("ADMIN", "SUPER_ADMIN")),
        ("a grant of this server", ("nora",), ("MANAGER",)),
        ("a grant of the group fronts", ("carl",), ()),
    ]
    manager = signed_in(user_with("MANAGER"))
    assert "Who may run runbooks here" not in text(manager.get(page(row)))
