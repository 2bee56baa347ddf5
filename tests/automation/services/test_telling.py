from typing import Any

import pytest

from automation.engine.results import ActionStatus
from automation.models import Execution, Trigger
from automation.runner import finish
from automation.services import telling
from automation.signals import execution_finished
from opsmanager.notifications.models import Channel, Delivery
from servers.models import Environment
from tests.automation import makers
from tests.opsmanager.notifications import makers as channels
from tests.support.servers import group

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def channel() -> Channel:
    return channels.channel()


def told(**fields: Any) -> Delivery | None:
    telling.tell_of(makers.execution(**fields))
    return Delivery.objects.order_by("-created_at").first()


@pytest.mark.usefixtures("channel")
@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"status": "FAILED"}, "EXECUTION_FAILED"),
        ({"status": "TIMEOUT"}, "EXECUTION_FAILED"),
        ({"status": "UNKNOWN"}, "EXECUTION_UNKNOWN"),
        ({"status": "SUCCESS", "verdict": "NOT_FIXED"}, "EXECUTION_NOT_FIXED"),
        ({"status": "SUCCESS", "verdict": "MADE_WORSE"}, "EXECUTION_NOT_FIXED"),
        ({"status": "SUCCESS", "verdict": "FIXED"}, "EXECUTION_FIXED"),
        ({"status": "SUCCESS"}, None),
        ({"status": "CANCELLED"}, None),
        ({"status": "ROLLED_BACK", "verdict": "NOT_FIXED"}, None),
        ({"status": "FAILED", "is_dry_run": True}, None),
    ],
)
def test_each_end_that_somebody_must_know_is_told(
    fields: dict[str, Any], event: str | None
) -> None:
    row = told(**fields)

    assert (row.event if row else None) == event


@pytest.mark.usefixtures("channel")
def test_it_says_enough_to_decide() -> None:
    server = makers.server(name="db1", environment=Environment.PRODUCTION)
    execution = makers.execution(
        server=server,
        status="FAILED",
        error_message="The unit did not come back.",
        reason="Ticket 7",
        triggered_by=Trigger.SCHEDULED,
        trigger_name="nightly",
    )
    lines = "\n".join(f"line {number}" for number in range(50))
    makers.log_row(
        execution, 1, status=ActionStatus.FAILED, stderr=lines, exit_code=3, command="systemctl x"
    )

    telling.tell_of(execution)

    row = Delivery.objects.get()
    assert row.title == f"{execution.runbook.title} failed on db1"
    assert "on db1 (127.0.0.1, production), started by the schedule nightly." in row.body
    assert "Status FAILED." in row.body
    assert "The unit did not come back." in row.body
    assert "Reason given: Ticket 7" in row.body
    assert "The last that failed, exit code 3: systemctl x" in row.body
    assert "line 49" in row.body
    assert "line 30\n" in row.body
    assert "line 29" not in row.body
    assert row.body.endswith(f"/executions/{execution.pk}/")
    assert row.severity == "HIGH"


def test_the_groups_of_the_server_and_the_runbook_route_it() -> None:
    shop = group("shop")
    channels.channel("shop", group_ids=[shop.pk])
    channels.channel("elsewhere", group_ids=[group("lab").pk])
    channels.channel("mending", runbook_ids=["SAMPLE_MENDING"])
    server = makers.server()
    server.groups.add(shop)

    told(server=server, status="FAILED")

    assert set(Delivery.objects.values_list("channel__name", flat=True)) == {"shop", "mending"}


@pytest.mark.usefixtures("channel")
def test_the_end_of_an_execution_tells() -> None:
    execution = makers.execution(status="FAILED")

    finish.tell_listeners(execution)

    assert Delivery.objects.get().url.endswith(f"/executions/{execution.pk}/")


def test_others_hear_of_the_end_whatever_telling_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(execution: Execution) -> None:
        Execution.objects.filter(pk=execution.pk).update(reason="half done")
        raise RuntimeError

    heard = []
    monkeypatch.setattr(telling, "tell_of", fail)
    execution = makers.execution(status="FAILED")
    listen = lambda execution, **_: heard.append(execution)  # noqa: E731 - as short as it is
    execution_finished.connect(listen)

    finish.tell_listeners(execution)

    execution_finished.disconnect(listen)
    assert heard == [execution]
    execution.refresh_from_db()
    assert execution.reason == ""
