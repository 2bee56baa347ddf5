import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import Batch, CatalogEntry, Execution
from incidents.models import Incident
from opsmanager.accounts.models import User
from opsmanager.home import now
from servers.models import Server
from tests.automation import makers
from tests.support import servers
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def noc() -> User:
    return user_with("NOC", name="nora")


@pytest.fixture
def web1() -> Server:
    return servers.server("web1")


def ran(
    server: Server,
    status: Status = Status.SUCCESS,
    verdict: Verdict | str = "",
    *,
    minutes_ago: int = 10,
    runbook: str = "SERVICE_RESTART",
    **fields: Any,
) -> Execution:
    when = timezone.now() - timedelta(minutes=minutes_ago)
    is_over = status not in (Status.PENDING, Status.RUNNING)
    return Execution.objects.create(
        runbook=CatalogEntry.objects.get(runbook_id=runbook),
        server=server,
        status=status,
        verdict=verdict,
        triggered_by="MANUAL",
        queued_at=when,
        started_at=None if status == Status.PENDING else when,
        finished_at=when if is_over else None,
        **(makers.place_in_queue(status=status, queued_at=when) | fields),
    )


def incident(title: str, severity: str = "HIGH", **fields: Any) -> Incident:
    values = {"source": "manual", "fingerprint": title, "title": title, "severity": severity}
    return Incident.objects.create(**values, **fields)


def needs(user: User) -> list[tuple[str, str]]:
    return [(item["title"], item["badge"]) for item in now.context(user)["needs_you"]]


def health(user: User) -> dict[str, tuple[bool, str]]:
    return {part.name: (part.ok, part.detail) for part in now.context(user)["health"]}


def test_open_incidents_need_somebody_the_worst_first(noc: User, web1: Server) -> None:
    incident("Slow", "LOW")
    incident("Down", "CRITICAL", server=web1)
    incident("Seen", "MEDIUM", status="ACKNOWLEDGED")
    incident("Over", "CRITICAL", status="RESOLVED")
    assert needs(noc) == [("Down", "CRITICAL"), ("Seen", "MEDIUM"), ("Slow", "LOW")]


def test_an_incident_that_a_runbook_fixed_needs_nobody(noc: User, web1: Server) -> None:
    down = incident("Down", server=web1)
    ran(web1, verdict=Verdict.FIXED, incident_id=down.pk)
    assert needs(noc) == []


@pytest.mark.parametrize(
    ("status", "verdict", "badge"),
    [
        (Status.FAILED, "", "FAILED"),
        (Status.TIMEOUT, "", "TIMEOUT"),
        (Status.UNKNOWN, "", "UNKNOWN"),
        (Status.SUCCESS, Verdict.NOT_FIXED, "NOT_FIXED"),
        (Status.SUCCESS, Verdict.MADE_WORSE, "MADE_WORSE"),
    ],
)
def test_a_run_that_did_not_help_needs_somebody(
    noc: User, web1: Server, status: Status, verdict: str, badge: str
) -> None:
    execution = ran(web1, status, verdict, error_message="It did not come up.")
    assert needs(noc) == [(execution.runbook.title, badge)]
    page = signed_in(noc).get("/").content.decode()
    assert "It did not come up." in page
    assert f"/executions/{execution.pk}/" in page


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (Status.SUCCESS, ""),
        (Status.SUCCESS, Verdict.FIXED),
        (Status.SUCCESS, Verdict.NOTHING_TO_FIX),
        (Status.CANCELLED, ""),
        (Status.ROLLED_BACK, ""),
    ],
)
def test_a_run_that_ended_well_or_as_somebody_wished_needs_nobody(
    noc: User, web1: Server, status: Status, verdict: str
) -> None:
    ran(web1, status, verdict)
    assert needs(noc) == []


def test_a_failure_is_over_once_the_same_runbook_helped_there(noc: User, web1: Server) -> None:
    ran(web1, Status.FAILED, minutes_ago=30)
    ran(servers.server("web2"), minutes_ago=5)
    ran(web1, runbook="HEALTH_CHECK", minutes_ago=5)
    ran(web1, verdict=Verdict.NOT_FIXED, minutes_ago=20, is_dry_run=True)
    assert len(needs(noc)) == 1
    ran(web1, verdict=Verdict.FIXED, minutes_ago=5)
    assert needs(noc) == []


def test_a_failure_after_a_success_needs_somebody(noc: User, web1: Server) -> None:
    ran(web1, minutes_ago=30)
    ran(web1, Status.FAILED, minutes_ago=5)
    assert len(needs(noc)) == 1


def test_dry_runs_and_what_is_long_past_need_nobody(noc: User, web1: Server) -> None:
    ran(web1, Status.FAILED, is_dry_run=True)
    ran(web1, Status.FAILED, minutes_ago=25 * 60)
    assert needs(noc) == []


@pytest.mark.parametrize(
    ("status", "hours_ago", "is_shown"),
    [
        (Status.FAILED, 1, True),
        (Status.UNKNOWN, 1, True),
        (Status.FAILED, 25, False),
        (Status.SUCCESS, 1, False),
        (Status.CANCELLED, 1, False),
    ],
)
def test_a_rollback_that_did_not_succeed_needs_somebody(
    noc: User, web1: Server, status: Status, hours_ago: int, is_shown: bool
) -> None:
    ran(
        web1,
        rollback_status=status,
        rollback_at=timezone.now() - timedelta(hours=hours_ago),
        rollback_message="`rm x` ended with exit code 1.",
    )
    page = signed_in(noc).get("/").content.decode()
    assert ("Rollback: Restart a service" in page) is is_shown
    assert ("`rm x` ended with exit code 1." in page) is is_shown


def test_what_runs_and_what_is_held_is_shown_with_the_reason(noc: User, web1: Server) -> None:
    running = ran(web1, Status.RUNNING, triggered_by_user=noc)
    waiting = ran(web1, Status.PENDING, minutes_ago=1)
    found = now.context(noc)
    assert list(found["happening"]) == [running]
    assert found["held"] == [waiting]
    page = signed_in(noc).get("/").content.decode()
    assert "one execution changes a server at a time" in page


def test_what_is_unknown_stays_however_old_and_leads_to_the_decision(
    noc: User, web1: Server
) -> None:
    unknown = ran(web1, Status.UNKNOWN, minutes_ago=3 * 24 * 60)
    (item,) = now.context(noc)["needs_you"]
    assert item["url"] == f"/executions/{unknown.pk}/#decision"
    page = signed_in(noc).get("/").content.decode()
    assert f"/executions/{unknown.pk}/#decision" in page
    assert "Decide" in page


def test_what_did_not_help_in_one_batch_stands_together(noc: User, web1: Server) -> None:
    batch = Batch.objects.create(runbook=CatalogEntry.objects.get(runbook_id="SERVICE_RESTART"))
    ran(web1, Status.FAILED, batch=batch)
    (single,) = now.context(noc)["needs_you"]
    assert single["kind"] == "execution"
    ran(servers.server("web2"), Status.TIMEOUT, batch=batch)
    unknown = ran(servers.server("web3"), Status.UNKNOWN, batch=batch, minutes_ago=20)
    item, alone = now.context(noc)["needs_you"]
    assert alone["url"] == f"/executions/{unknown.pk}/#decision"
    assert item["url"] == f"/batches/{batch.pk}/"
    assert item["detail"] == "It did not help on 2 servers: web1, web2."
    assert f"/batches/{batch.pk}/" in signed_in(noc).get("/").content.decode()


def test_a_large_batch_names_some_of_its_servers_and_hides_nothing_else(
    noc: User, web1: Server
) -> None:
    batch = Batch.objects.create(runbook=CatalogEntry.objects.get(runbook_id="SERVICE_RESTART"))
    for number in range(25):
        ran(servers.server(f"node{number:02}"), Status.FAILED, batch=batch)
    alone = ran(web1, Status.FAILED, minutes_ago=60)
    large, single = now.context(noc)["needs_you"]
    assert large["detail"].startswith("It did not help on 25 servers: node00, node01,")
    assert large["detail"].endswith("node07, …")
    assert single["url"] == f"/executions/{alone.pk}/"


def test_a_rollback_that_waits_is_held_and_one_that_runs_happens(noc: User, web1: Server) -> None:
    ran(
        web1,
        rollback_status=Status.RUNNING,
        lease_until=timezone.now() + timedelta(minutes=1),
        holds_server=True,
    )
    ran(web1, rollback_status=Status.PENDING, waiting_since=timezone.now())
    page = " ".join(signed_in(noc).get("/").content.decode().split())
    assert "Rollback of Restart a service" in page
    assert 'data-state="ROLLING_BACK"' in page


def test_the_last_day_is_counted_without_dry_runs(noc: User, web1: Server) -> None:
    ran(web1, verdict=Verdict.FIXED)
    ran(web1, Status.FAILED)
    ran(web1, is_dry_run=True)
    ran(web1, minutes_ago=25 * 60)
    servers.server("web2", is_active=False)
    assert now.context(noc)["counts"] == {
        "executions": 2,
        "succeeded": 1,
        "fixed": 1,
        "servers": 1,
    }


def test_the_health_names_servers_that_do_not_answer(noc: User) -> None:
    assert health(noc)["servers"] == (True, "None was checked yet.")
    servers.server("web1", reachable=True)
    assert health(noc)["servers"] == (True, "All that were checked answer.")
    servers.server("web2", reachable=False)
    servers.server("web3", reachable=False, is_active=False)
    assert health(noc)["servers"] == (False, "Not reachable: web2.")


def test_a_stranger_is_told_nothing_of_others_servers(web1: Server) -> None:
    incident("Down", server=web1)
    ran(web1, Status.FAILED)
    ran(web1, Status.RUNNING)
    Server.objects.update(reachable=False)
    stranger = user_with("HR")
    found = now.context(stranger)
    assert (found["needs_you"], list(found["happening"]), found["held"]) == ([], [], [])
    assert found["counts"] == {"executions": 0, "succeeded": 0, "fixed": 0, "servers": 0}
    assert health(stranger)["servers"] == (True, "None was checked yet.")
    assert "web1" not in signed_in(stranger).get("/").content.decode()


def test_the_page_polls_the_part_that_it_includes(noc: User) -> None:
    browser = signed_in(noc)
    page = browser.get("/").content.decode()
    part = browser.get("/now/", headers={"hx-request": "true"}).content.decode()
    assert "Nothing needs you" in page
    assert "<html" not in part
    (region,) = re.findall(r'<div id="now".*?>', page, re.DOTALL)
    assert region in part
    assert 'hx-get="/now/"' in region


def test_the_page_costs_the_same_however_much_has_happened(
    noc: User, django_assert_max_num_queries: Any
) -> None:
    def happen(numbers: range) -> None:
        for number in numbers:
            server = servers.server(f"web{number}")
            incident(f"Down {number}", server=server)
            ran(server, Status.FAILED, triggered_by_user=noc)
            ran(server, Status.RUNNING, triggered_by_user=noc)

    browser = signed_in(noc)
    happen(range(2))
    with CaptureQueriesContext(connection) as few:
        browser.get("/")
    happen(range(2, 10))
    with django_assert_max_num_queries(len(few)):
        browser.get("/")


def test_the_runbooks_used_last_are_one_press_away_for_who_may_run_them() -> None:
    makers.execution("HEALTH_CHECK", age_minutes=9)
    makers.execution("PROCESS_KILL", age_minutes=5)
    makers.execution("FILE_BACKUP", age_minutes=1, is_dry_run=True)
    makers.entry("LOG_ROTATION", is_active=False)
    ids = [entry.runbook_id for entry in now.shortcuts(makers.user("NOC"))]
    assert ids[:2] == ["PROCESS_KILL", "HEALTH_CHECK"]
    assert ids[2:] == ["SERVICE_RESTART", "FILE_BACKUP", "DISK_CLEANUP"], "for emergencies first"
    assert now.shortcuts(makers.user("HELPDESK")) == []
