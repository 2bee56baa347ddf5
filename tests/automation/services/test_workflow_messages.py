from typing import Any

import pytest

from automation.engine.results import Status
from opsmanager.notifications import outbox
from opsmanager.notifications.models import Channel, Delivery
from servers.models import Server
from tests.automation import makers
from tests.automation.services.workflow_story import Story, look, started, workflow
from tests.opsmanager.notifications import makers as channels
from tests.support.servers import group

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def channel() -> Channel:
    return channels.channel(events=["WORKFLOW_FAILED"])


@pytest.fixture
def server() -> Server:
    return makers.server()


def ended(server: Server, status: Status = Status.FAILED, **fields: Any) -> Story:
    story = started(workflow({"a": look(server)}, name="Nightly"), **fields)
    return story.end("a", status, error_message="No room: password=hunter2hunter2")


def test_what_failed_is_told_with_where_and_why(channel: Channel, server: Server) -> None:
    story = ended(server, reason="Ticket 7")
    row = Delivery.objects.get()
    assert (row.event, row.severity, row.title) == ("WORKFLOW_FAILED", "HIGH", "Nightly failed")
    assert "It ended because a failed." in row.body
    assert "a: No room:" in row.body
    assert "Reason given: Ticket 7" in row.body
    assert "hunter2" not in row.body
    assert row.url.endswith(f"/workflow-runs/{story.run.pk}/")


@pytest.mark.usefixtures("channel")
def test_of_each_server_that_failed_one_line_is_told() -> None:
    names = [makers.server().name for _ in range(2)]
    spread = {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": {"servers": names}}
    story = started(workflow({"all": spread}))
    story.end("all", Status.FAILED, item=names[0], error_message="No room.")
    story.end("all", Status.FAILED, item=names[1], error_message="No route.")
    body = Delivery.objects.get().body
    assert f"all on {names[0]}: No room." in body
    assert f"all on {names[1]}: No route." in body


@pytest.mark.usefixtures("channel")
@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (Status.SUCCESS, {}),
        (Status.CANCELLED, {}),
        (Status.FAILED, {"is_dry_run": True}),
    ],
)
def test_of_success_cancelling_and_dry_runs_nothing_is_told(
    server: Server, status: Status, fields: dict[str, Any]
) -> None:
    ended(server, status, **fields)
    assert not Delivery.objects.exists()


def test_a_channel_for_some_groups_hears_of_what_failed_there(server: Server) -> None:
    web, shop = group("web"), group("shop")
    server.groups.add(web)
    near, far = (
        channels.channel(name, events=["WORKFLOW_FAILED"], group_ids=[each.pk])
        for name, each in (("near", web), ("far", shop))
    )
    ended(server)
    assert near.deliveries.count() == 1
    assert far.deliveries.count() == 0


@pytest.mark.usefixtures("channel")
def test_a_fault_in_telling_does_not_keep_a_run_from_its_end(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_message: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(outbox, "tell", broken)
    assert ended(server).run.status == "FAILED"
    assert "nobody told" in caplog.text
