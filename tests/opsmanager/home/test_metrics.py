from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from automation.engine.results import Status, Verdict
from automation.models import Priority, ScheduleSlot, SlotState, WorkflowRun
from incidents.models import Delivery, Source
from opsmanager.common import origin, pulse, redis_client
from opsmanager.common.models import Pulse
from opsmanager.home import metrics
from opsmanager.notifications.models import Delivery as Message
from servers.models import Server
from tests.automation import makers
from tests.automation.conftest import library, rows
from tests.incidents import makers as incidents
from tests.opsmanager.notifications import makers as channels

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

__all__ = ["library", "rows"]
TOKEN = "prometheus-knows-this"
QUERIES = 15


@pytest.fixture(autouse=True)
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def asked(given: str | None = TOKEN, scheme: str = "Bearer") -> Any:
    headers = {"Authorization": f"{scheme} {given}"} if given is not None else {}
    return Client().get("/metrics", headers=headers)


def told() -> dict[str, float]:
    """Return each sample by its name and the values of its labels."""
    answer = asked()
    assert answer.status_code == 200
    return {
        " ".join([sample.name.removeprefix("opsmanager_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize("given", [None, "", "another", f"{TOKEN}x", "ü"])
def test_nothing_is_told_without_the_token(given: str | None) -> None:
    answer = asked(given)
    assert answer.status_code == 401
    assert b"opsmanager_" not in answer.content
    assert answer["WWW-Authenticate"] == "Bearer"


def test_the_token_counts_as_a_bearer_token_alone() -> None:
    assert asked(scheme="bearer").status_code == 200
    assert asked(scheme="Basic").status_code == 401


@pytest.mark.parametrize("given", [None, "", TOKEN])
def test_nothing_is_told_to_anybody_where_no_token_is_set(settings: Any, given: str | None) -> None:
    settings.METRICS_TOKEN = ""
    assert asked(given).status_code == 401


def test_it_is_in_prometheus_format() -> None:
    assert asked()["Content-Type"].startswith("text/plain; version=")


def test_without_the_database_it_says_so() -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("password=hunter2")

    with connection.execute_wrapper(refuse):
        answer = asked()
    assert answer.status_code == 503
    assert b"hunter2" not in answer.content


def test_an_empty_house_tells_noughts_and_not_nothing() -> None:
    found = told()
    assert found["queue_depth HIGH"] == found["queue_oldest_seconds HIGH"] == 0
    assert found["executions_ended_last_hour FAILED"] == 0
    assert found["incidents_open CRITICAL"] == 0
    assert found["workers"] == found["database_restored"] == 0
    assert found["redis_up"] == 1


def test_what_waits_is_counted_by_priority_with_the_age_of_the_oldest() -> None:
    makers.execution(priority=Priority.HIGH, age_minutes=2)
    makers.execution(priority=Priority.HIGH, age_minutes=1)
    makers.execution(priority=Priority.LOW)
    # Not yet due, and cancelled.
    makers.execution(priority=Priority.LOW, not_before=timezone.now() + timedelta(minutes=1))
    makers.execution(priority=Priority.LOW, cancel_requested_at=timezone.now())
    found = told()
    assert (found["queue_depth HIGH"], found["queue_depth LOW"]) == (2, 1)
    assert found["queue_depth NORMAL"] == 0
    assert 120 <= found["queue_oldest_seconds HIGH"] < 180
    assert found["queue_oldest_seconds LOW"] < 60


def test_what_runs_and_what_nobody_settles() -> None:
    for minutes in (1, -1, -2):
        makers.execution(
            status=Status.RUNNING,
            waiting_since=None,
            lease_until=timezone.now() + timedelta(minutes=minutes),
        )
    found = told()
    assert (found["executions_running"], found["executions_stuck"]) == (3, 1)


def test_how_executions_ended_within_the_hour_and_what_is_unknown() -> None:
    now = timezone.now()
    for status, ago, is_dry_run in (
        (Status.SUCCESS, 1, False),
        (Status.SUCCESS, 1, True),
        (Status.FAILED, 59, False),
        (Status.FAILED, 61, False),
        (Status.UNKNOWN, 1000, False),
    ):
        makers.execution(
            status=status, finished_at=now - timedelta(minutes=ago), is_dry_run=is_dry_run
        )
    found = told()
    assert found["executions_ended_last_hour SUCCESS"] == 1
    assert found["executions_ended_last_hour FAILED"] == 1
    assert found["executions_ended_last_hour UNKNOWN"] == 0
    assert found["executions_unknown"] == 1


def test_each_runbook_with_its_verdicts_and_how_long_they_took() -> None:
    now = timezone.now()
    for minutes, verdict in ((4, Verdict.FIXED), (2, Verdict.FIXED), (9, Verdict.NOT_FIXED)):
        makers.execution(
            status=Status.SUCCESS,
            verdict=verdict,
            started_at=now - timedelta(minutes=minutes),
            finished_at=now,
        )
    found = told()
    runbook = makers.entry().runbook_id
    assert found[f"runbook_ended_last_hour {runbook} SUCCESS FIXED"] == 2
    assert found[f"runbook_seconds_last_hour {runbook} SUCCESS FIXED"] == 360
    assert found[f"runbook_ended_last_hour {runbook} SUCCESS NOT_FIXED"] == 1


def test_each_process_with_its_age_and_no_name_of_an_anchor() -> None:
    pulse.note("worker", "host:1")
    pulse.note("beat", "beat")
    pulse.note("anchor", "ops@example.com")
    Pulse.objects.filter(kind="worker").update(seen_at=F("seen_at") - timedelta(seconds=100))
    pulse.note("worker", "host:2")
    found = told()
    assert 100 <= found["process_age_seconds worker host:1"] < 160
    assert found["process_age_seconds beat beat"] < 60
    assert found["workers"] == 1
    assert not any("example.com" in name for name in found)


def test_a_restored_database_and_a_redis_that_is_away(settings: Any) -> None:
    origin.doubt()
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    redis_client.client.cache_clear()
    found = told()
    redis_client.client.cache_clear()
    assert (found["database_restored"], found["redis_up"]) == (1, 0)


def test_what_waits_for_others() -> None:
    hour = timezone.now() - timedelta(hours=1)
    row = {"event": "X", "severity": "LOW", "title": "t", "body": "", "key": "k"}
    channel = channels.channel()
    Message.objects.create(channel=channel, created_at=hour, **row)
    Message.objects.create(channel=channel, state="SENT", **row)
    source = Source.objects.create(name="am", slug="am", kind="ALERTMANAGER")
    Delivery.objects.create(source=source, received_at=hour)
    makers.approval(makers.execution(waiting_since=None))
    WorkflowRun.objects.create(name="w", version=1, definition={})
    found = told()
    assert found["notifications_waiting"] == found["alerts_waiting"] == 1
    assert 3600 <= found["notifications_oldest_seconds"] < 3700
    assert 3600 <= found["alerts_oldest_seconds"] < 3700
    assert found["approvals_waiting"] == found["workflow_runs_running"] == 1


def test_what_is_broken() -> None:
    rule = incidents.rule()
    rule.breakers.create(server=makers.server(), message="x")
    incidents.incident(severity="CRITICAL")
    incidents.incident(severity="CRITICAL", status="RESOLVED")
    for fields in ({}, {"is_active": False}, {"in_maintenance": True}):
        server = makers.server()
        Server.objects.filter(pk=server.pk).update(reachable=False, **fields)
    schedule, now = makers.schedule(), timezone.now()
    for hours, state in ((1, "MISSED"), (2, "STARTED"), (25, "REFUSED")):
        ScheduleSlot.objects.create(
            schedule=schedule, due_at=now - timedelta(hours=hours), state=SlotState(state)
        )
    found = told()
    assert found["rules_stopped"] == 1
    assert found["incidents_open CRITICAL"] == 1
    assert found["servers_unreachable"] == 1
    assert found["schedule_times_missed_last_day"] == 1


def test_it_takes_as_many_queries_however_much_there_is(
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(QUERIES):
        metrics.text()
    for _ in range(5):
        makers.execution()
        incidents.incident()
        pulse.note("worker", makers.server().name)
    with django_assert_num_queries(QUERIES):
        metrics.text()


def test_workers_tell_of_themselves_while_they_live() -> None:
    pulse.note("worker", "one", running=3, leasesLost=1, journalSeconds=0.25, connections=7)
    pulse.note("worker", "of the release before")
    pulse.note("worker", "gone", running=9, leasesLost=0, journalSeconds=0.1, connections=2)
    Pulse.objects.filter(name="gone").update(seen_at=F("seen_at") - timedelta(minutes=2))
    said = told()
    assert said["worker_executions one"] == 3
    assert said["worker_leases_lost one"] == 1
    assert said["worker_journal_seconds one"] == 0.25
    assert said["worker_ssh_connections one"] == 7
    named = [name for name in said if name.startswith("worker_")]
    assert not any(name.endswith((" gone", " before")) for name in named)
