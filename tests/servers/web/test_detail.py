import pytest
from django.test import Client

from automation.models import CatalogEntry, Execution
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
