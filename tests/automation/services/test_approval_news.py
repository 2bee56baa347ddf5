from typing import Any

import pytest

from automation.models import Approval
from automation.services import approval_news, approvals
from automation.services.executions import Launch, launch
from opsmanager.notifications import outbox
from opsmanager.notifications.models import Delivery
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.services.test_approvals import REASON, of_step
from tests.opsmanager.notifications import makers as channels
from tests.support.servers import group

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def asked(server: Server | None = None, **fields: Any) -> Approval:
    execution = launch(
        Launch(
            actor=makers.admin(username="alice"),
            runbook=makers.entry(),
            server=server or makers.server(approvals=1),
            parameters={"path": "/tmp/x"},
            is_confirmed=True,
            **fields,
        )
    )
    return Approval.objects.get(execution=execution)


def test_what_waits_is_told_with_all_that_it_takes_to_decide() -> None:
    channels.channel()
    server = makers.server(name="db1", environment=Environment.PRODUCTION, approvals=2)
    row = asked(server, reason="Ticket 7")
    told = Delivery.objects.get()
    assert (told.event, told.severity) == ("APPROVAL_REQUESTED", "HIGH")
    assert told.title == "Mend a file on db1 waits for 2 approvals"
    assert "SAMPLE_MENDING) on db1 (127.0.0.1, production) with path /tmp/x." in told.body
    assert "Asked for by alice." in told.body
    assert "Reason given: Ticket 7" in told.body
    assert f"2 other people, until {row.expires_at:%Y-%m-%d %H:%M} UTC." in told.body
    assert told.url.endswith(f"/approvals/{row.pk}/")


def test_that_somebody_went_on_without_is_told_as_serious() -> None:
    channels.channel(events=["APPROVAL_BYPASSED"])
    row = asked()
    assert not Delivery.objects.exists()
    noc = makers.user(username="nora")
    approvals.bypass(actor=noc, approval=row, reason=REASON)
    told = Delivery.objects.get()
    assert (told.event, told.severity) == ("APPROVAL_BYPASSED", "HIGH")
    assert told.title.startswith("nora went on without approval: Mend a file on ")
    assert f"Reason given: {REASON}" in told.body
    assert told.url.endswith(f"/approvals/{row.pk}/")


def test_the_groups_of_the_server_and_the_runbook_route_it() -> None:
    shop = group("shop")
    channels.channel("shop", group_ids=[shop.pk])
    channels.channel("elsewhere", group_ids=[group("lab").pk])
    channels.channel("mending", runbook_ids=["SAMPLE_MENDING"])
    server = makers.server(approvals=1)
    server.groups.add(shop)
    asked(server)
    assert set(Delivery.objects.values_list("channel__name", flat=True)) == {"shop", "mending"}


def test_of_a_workflow_it_names_run_and_node() -> None:
    channels.channel()
    of_step(makers.admin())
    told = Delivery.objects.get()
    assert told.severity == "MEDIUM"
    assert told.title == "Night work: go on? waits for approval"
    assert "The workflow Night work waits at approve_it." in told.body
    assert "Reason given: The disk is full." in told.body


def test_what_can_not_be_told_is_asked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    channels.channel()

    def fail(_message: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(outbox, "tell", fail)
    row = asked()
    approval_news.tell_requested(row)
    assert row.is_pending
