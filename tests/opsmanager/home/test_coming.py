from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from automation.models import CatalogEntry, Schedule, ScheduleSlot, SlotState
from opsmanager.accounts.models import User
from opsmanager.home import coming, now
from tests.automation import makers
from tests.support import servers
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def noc() -> User:
    return user_with("NOC", name="nora")


def schedule(name: str = "Hourly", **fields: Any) -> Schedule:
    own: dict[str, Any] = {"cron_expression": "0 * * * *", "timezone": "Europe/Berlin"}
    if "server" not in fields:
        fields["server"] = servers.server(f"on {name}")
    runbook = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
    return Schedule.objects.create(name=name, runbook=runbook, **{**own, **fields})


def slot(of: Schedule, state: SlotState, *, hours_ago: float = 1, **fields: Any) -> ScheduleSlot:
    due = timezone.now() - timedelta(hours=hours_ago)
    return ScheduleSlot.objects.create(schedule=of, due_at=due, state=state, **fields)


def page(user: User) -> str:
    return " ".join(signed_in(user).get("/").content.decode().split())


def test_what_runs_in_the_next_day_is_shown_once(noc: User) -> None:
    schedule()
    schedule("Off", is_active=False)
    schedule("Seldom", cron_expression="0 0 29 2 *")
    (row,) = coming.ahead(noc).rows
    assert (row.schedule.name, row.more >= 22) == ("Hourly", True)
    assert row.local.minute == 0
    shown = page(noc)
    assert "Next 24 hours" in shown
    assert "Hourly" in shown
    assert "more times" in shown
    assert "Seldom" not in shown


def test_who_may_not_see_schedules_sees_none(noc: User) -> None:
    schedule()
    assert "Next 24 hours" not in page(user_with("HELPDESK"))
    assert coming.ahead(user_with("HR")).rows == ()


def test_the_rest_is_counted(noc: User) -> None:
    for number in range(14):
        schedule(f"Number {number:02}")
    found = coming.ahead(noc)
    assert (len(found.rows), found.left_out, found.count) == (12, 2, 14)


def test_what_did_not_run_needs_somebody_until_it_ran(noc: User) -> None:
    row = schedule()
    slot(row, SlotState.MISSED, hours_ago=3)
    slot(row, SlotState.REFUSED, hours_ago=2, message="web is in maintenance.")
    slot(schedule("Long ago"), SlotState.MISSED, hours_ago=30)
    slot(schedule("Fine"), SlotState.STARTED)
    (item,) = coming.not_run(noc)
    assert item["url"] == f"/schedules/{row.pk}/"
    assert (item["badge"], item["detail"]) == ("REFUSED", "2 times. web is in maintenance.")
    assert "Schedule: Hourly" in page(noc)
    slot(row, SlotState.STARTED, hours_ago=1)
    assert coming.not_run(noc) == []


def test_a_new_slot_is_news(noc: User) -> None:
    client, row = signed_in(noc), schedule(server=makers.server())
    text = client.get("/").content.decode()
    path = text.split('hx-get="/now/')[1].split('"')[0]
    slot(row, SlotState.MISSED)
    assert client.get(f"/now/{path}").status_code == 200
    assert now.context(noc)["needs_you"]
