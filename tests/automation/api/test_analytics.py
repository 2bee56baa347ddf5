"""Analytics over the API: their shape, what is asked for, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import Trigger
from servers.models import Server
from tests.automation import makers
from tests.automation.api.conftest import API

pytestmark = pytest.mark.django_db

As = Callable[[str], Client]
WAYS = ("success-rate", "execution-time", "most-used", "summary")
SPRING = {"startDate": "2026-03-28", "endDate": "2026-03-31", "timezone": "Europe/Berlin"}


def asked(client: Client, way: str, **query: str) -> dict[str, Any]:
    answer = client.get(f"{API}/analytics/{way}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def ran(at: str, seconds: float | None = 2, runbook: str = "SAMPLE_MENDING", **fields: Any) -> None:
    queued_at = datetime.fromisoformat(at)
    started_at = queued_at + timedelta(seconds=1)
    took = {} if seconds is None else {"finished_at": started_at + timedelta(seconds=seconds)}
    values = {"status": Status.SUCCESS, "started_at": started_at, **took, **fields}
    makers.execution(runbook, queued_at=queued_at, **values)


@pytest.fixture
def spring(server: Server) -> None:
    """Five runs about the night in which Berlin's clocks go forward, and one that is dry."""
    ran("2026-03-28T23:00:00+00:00", server=server, verdict=Verdict.FIXED)
    ran("2026-03-29T21:59:59+00:00", seconds=4, server=server, verdict=Verdict.NOT_FIXED)
    ran("2026-03-29T22:00:00+00:00", status=Status.FAILED, triggered_by=Trigger.INCIDENT)
    ran("2026-03-29T22:00:00+00:00", status=Status.CANCELLED, runbook="SAMPLE_LOOKING")
    ran("2026-03-30T08:00:00+00:00", seconds=None, status=Status.RUNNING, server=server)
    ran("2026-03-30T09:00:00+00:00", is_dry_run=True)


def test_the_success_rate(as_: As, spring: None) -> None:
    assert asked(as_("helpdesk"), "success-rate", **SPRING) == {
        "startDate": "2026-03-27T23:00:00Z",
        "endDate": "2026-03-30T22:00:00Z",
        "timezone": "Europe/Berlin",
        "groupBy": "day",
        "successRate": 2 / 3,
        "totalExecutions": 5,
        "successfulExecutions": 2,
        "failedExecutions": 1,
        "cancelledExecutions": 1,
        "unfinishedExecutions": 1,
        "timeline": [
            _day("2026-03-28", None, 0, 0, 0, 0, 0),
            _day("2026-03-29", 1.0, 2, 2, 0, 0, 0),
            _day("2026-03-30", 0.0, 3, 0, 1, 1, 1),
        ],
    }


def _day(date: str, rate: float | None, *counts: int, **more: Any) -> dict[str, Any]:
    names = ("total", "successful", "failed", "cancelled", "unfinished")
    return {"date": date, "successRate": rate, **dict(zip(names, counts, strict=True)), **more}


def test_the_execution_time(as_: As, spring: None) -> None:
    found = asked(as_("helpdesk"), "execution-time", **SPRING, groupBy="month")
    took = {
        "averageMs": 3000,
        "medianMs": 3000,
        "p95Ms": 3900,
        "minimumMs": 2000,
        "maximumMs": 4000,
    }
    assert found == {
        "startDate": "2026-03-27T23:00:00Z",
        "endDate": "2026-03-30T22:00:00Z",
        "timezone": "Europe/Berlin",
        "groupBy": "month",
        **took,
        "measuredExecutions": 2,
        "timeline": [{"date": "2026-03-01", **took, "measured": 2}],
    }


def test_the_most_used(as_: As, spring: None, server: Server) -> None:
    found = asked(as_("helpdesk"), "most-used", **SPRING, groupBy="day")
    entry = makers.entry()
    assert found["runbooks"][0] == {
        "runbookUuid": str(entry.pk),
        "runbookId": "SAMPLE_MENDING",
        "runbookTitle": "Mend a file",
        "totalExecutions": 4,
        "successRate": 2 / 3,
        "fixRate": 0.5,
        "medianMs": 3000,
        "p95Ms": 3900,
        "lastRunAt": "2026-03-30T08:00:00Z",
    }
    assert [use["runbookId"] for use in found["runbooks"]] == ["SAMPLE_MENDING", "SAMPLE_LOOKING"]
    assert found["servers"][0] == {
        "serverId": str(server.pk),
        "serverName": server.name,
        "totalExecutions": 3,
        "successRate": 1.0,
        "fixRate": 0.5,
        "medianMs": 3000,
        "p95Ms": 3900,
        "lastRunAt": "2026-03-30T08:00:00Z",
    }
    assert found["timeline"] == [
        {"date": "2026-03-28", "runbookId": None, "runbookTitle": None, "total": 0},
        {
            "date": "2026-03-29",
            "runbookId": "SAMPLE_MENDING",
            "runbookTitle": "Mend a file",
            "total": 2,
        },
        {
            "date": "2026-03-30",
            "runbookId": "SAMPLE_MENDING",
            "runbookTitle": "Mend a file",
            "total": 2,
        },
    ]


def test_the_most_used_has_a_timeline_only_when_it_is_asked_for(as_: As, spring: None) -> None:
    assert asked(as_("helpdesk"), "most-used", **SPRING)["timeline"] == []


def test_the_limit_of_the_most_used(as_: As, spring: None) -> None:
    found = asked(as_("helpdesk"), "most-used", **SPRING, limit="1")
    assert (len(found["runbooks"]), len(found["servers"])) == (1, 1)


def test_the_summary(as_: As, spring: None, server: Server) -> None:
    ran("2026-03-25T12:00:00+00:00", seconds=9, server=server, verdict=Verdict.NOT_FIXED)
    found = asked(as_("helpdesk"), "summary", **SPRING)
    assert found == {
        "startDate": "2026-03-27T23:00:00Z",
        "endDate": "2026-03-30T22:00:00Z",
        "timezone": "Europe/Berlin",
        "groupBy": "day",
        "successRate": 2 / 3,
        "fixRate": 0.5,
        "totalExecutions": 5,
        "successfulExecutions": 2,
        "failedExecutions": 1,
        "cancelledExecutions": 1,
        "unfinishedExecutions": 1,
        "medianMs": 3000,
        "p95Ms": 3900,
        "byStatus": {
            "pending": 0,
            "running": 1,
            "success": 2,
            "failed": 1,
            "cancelled": 1,
            "timeout": 0,
            "rolledBack": 0,
            "unknown": 0,
        },
        "byVerdict": {"fixed": 1, "notFixed": 1, "madeWorse": 0, "nothingToFix": 0},
        "byTriggeredBy": {"incident": 1, "manual": 4, "scheduled": 0, "workflow": 0},
        "before": {
            "startDate": "2026-03-25T00:00:00Z",
            "endDate": "2026-03-27T23:00:00Z",
            "timezone": "Europe/Berlin",
            "successRate": 1.0,
            "fixRate": 0.0,
            "totalExecutions": 1,
            "successfulExecutions": 1,
            "failedExecutions": 0,
            "cancelledExecutions": 0,
            "unfinishedExecutions": 0,
            "medianMs": 9000,
            "p95Ms": 9000,
        },
        "change": {
            "totalExecutions": 4,
            "successRate": 2 / 3 - 1,
            "fixRate": 0.5,
            "medianMs": -6000,
            "p95Ms": -5100,
        },
        "timeline": [
            _day("2026-03-28", None, 0, 0, 0, 0, 0, fixRate=None),
            _day("2026-03-29", 1.0, 2, 2, 0, 0, 0, fixRate=0.5),
            _day("2026-03-30", 0.0, 3, 0, 1, 1, 1, fixRate=None),
        ],
    }


def test_with_nothing_to_count_there_are_zeros_and_nulls(as_: As) -> None:
    client = as_("helpdesk")
    rates = asked(client, "success-rate")
    assert (rates["successRate"], rates["totalExecutions"], len(rates["timeline"])) == (None, 0, 30)
    times = asked(client, "execution-time")
    assert (times["medianMs"], times["measuredExecutions"], len(times["timeline"])) == (None, 0, 30)
    used = asked(client, "most-used", groupBy="week")
    assert (used["runbooks"], used["servers"]) == ([], [])
    assert {use["runbookId"] for use in used["timeline"]} == {None}
    summed = asked(client, "summary")
    assert set(summed["byStatus"].values()) == {0}
    assert summed["change"] == {
        "totalExecutions": 0,
        "successRate": None,
        "fixRate": None,
        "medianMs": None,
        "p95Ms": None,
    }


def test_without_dates_it_is_until_now(as_: As, server: Server) -> None:
    now = timezone.now()
    makers.execution(status=Status.SUCCESS)
    found = asked(as_("helpdesk"), "success-rate")
    assert (found["timezone"], found["groupBy"], found["totalExecutions"]) == ("UTC", "day", 1)
    days = [datetime.fromisoformat(day["date"]).date() for day in found["timeline"]]
    assert days[-1] - days[0] == timedelta(days=29)
    assert datetime.fromisoformat(found["endDate"]) >= now
    assert found["startDate"] == f"{days[0]}T00:00:00Z"


@pytest.mark.parametrize("way", WAYS)
def test_the_filters(as_: As, spring: None, server: Server, way: str) -> None:
    def total(**query: str) -> int:
        found = asked(as_("helpdesk"), way, **SPRING, **query)
        if way == "execution-time":
            return found["measuredExecutions"]
        if way == "most-used":
            return sum(use["totalExecutions"] for use in found["runbooks"])
        return found["totalExecutions"]

    of_all = {"execution-time": 2}.get(way, 5)
    assert total() == of_all
    of_runbook = {"execution-time": 2}.get(way, 4)
    assert total(runbookId="SAMPLE_MENDING") == of_runbook
    assert total(runbookId=str(makers.entry().pk)) == of_runbook
    assert total(serverId=str(server.pk)) == {"execution-time": 2}.get(way, 3)
    assert total(serverId=str(makers.server().pk)) == 0


@pytest.mark.parametrize(
    ("start", "end", "counted"),
    [
        # Included and not included, to the moment.
        ("2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", 1),
        ("2026-03-28T23:00:00.000001Z", "2026-03-29T21:59:59.000001Z", 1),
        ("2026-03-29 00:00:00 01:00", "2026-03-30T00:00:00+02:00", 2),
        # Without an offset: as Berlin's clocks say.
        ("2026-03-29T00:00:00", "2026-03-30T00:00:00", 2),
        ("2026-03-29", "2026-03-30", 2),
    ],
)
def test_the_start_is_included_and_the_end_is_not(
    as_: As, spring: None, start: str, end: str, counted: int
) -> None:
    query = {"startDate": start, "endDate": end, "timezone": "Europe/Berlin"}
    assert asked(as_("helpdesk"), "success-rate", **query)["totalExecutions"] == counted


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("query", "field", "hint"),
    [
        ({"timezone": "Europe/Atlantis"}, "timezone", "IANA"),
        ({"timezone": "../../etc/passwd"}, "timezone", "IANA"),
        ({"startDate": "yesterday"}, "startDate", "ISO 8601"),
        ({"endDate": "2026-02-30"}, "endDate", "ISO 8601"),
        ({"startDate": "2026-03-02", "endDate": "2026-03-02"}, "startDate", "before endDate"),
        ({"startDate": "2150-01-01"}, "startDate", "before endDate"),
        ({"startDate": "0001-01-01"}, "startDate", "1970"),
        ({"groupBy": "hour"}, "groupBy", "day, week, month"),
        ({"startDate": "2001-01-01", "endDate": "2004-01-01"}, "groupBy", "groupBy=week"),
        ({"serverId": "web1"}, "serverId", "UUID"),
    ],
)
def test_what_can_not_be_read_is_refused(
    as_: As, way: str, query: dict[str, str], field: str, hint: str
) -> None:
    answer = as_("helpdesk").get(f"{API}/analytics/{way}", query)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION")
    assert hint in answer.json()["details"][field][0]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5"])
def test_a_limit_out_of_range_is_refused(as_: As, limit: str) -> None:
    answer = as_("helpdesk").get(f"{API}/analytics/most-used", {"limit": limit})
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["limit"])


@pytest.mark.parametrize("way", WAYS)
def test_a_runbook_that_is_not_there_is_not_found(as_: As, way: str) -> None:
    answer = as_("helpdesk").get(f"{API}/analytics/{way}", {"runbookId": "NONE"})
    assert answer.status_code == 404


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("who", "status"), [("stranger", 200), ("hr", 403), ("anonymous", 401)])
def test_who_may_see_executions_may_see_what_they_add_up_to(
    as_: As, way: str, who: str, status: int
) -> None:
    assert as_(who).get(f"{API}/analytics/{way}").status_code == status


@pytest.mark.parametrize("way", WAYS)
def test_more_rows_and_periods_cost_no_more_queries(as_: As, way: str, server: Server) -> None:
    client = as_("helpdesk")
    query = {"startDate": "2026-01-01", "endDate": "2026-06-01", "groupBy": "day"}
    ran("2026-03-01T00:00:00+00:00", server=server)
    asked(client, way, **query)
    with CaptureQueriesContext(connection) as few:
        asked(client, way, **query)
    for day in range(10, 20):
        ran(f"2026-03-{day}T00:00:00+00:00", runbook="SAMPLE_LOOKING")
    with CaptureQueriesContext(connection) as many:
        asked(client, way, **query)
    assert len(many) == len(few)


def test_utc_is_how_times_are_told(as_: As) -> None:
    found = asked(as_("helpdesk"), "success-rate", timezone="Asia/Tokyo", startDate="2026-11-01")
    assert datetime.fromisoformat(found["startDate"]) == datetime(2026, 10, 31, 15, tzinfo=UTC)
