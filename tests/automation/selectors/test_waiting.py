from typing import Any

import pytest

from automation.engine.results import Status
from automation.models import Execution, Priority, Trigger
from automation.selectors import executions, live, waiting
from opsmanager.common import origin, pulse
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_only_a_pending_execution_waits(status: Status) -> None:
    assert waiting.waiting_for(makers.execution(status=status)) == ""


def test_what_waits_alone_waits_for_a_worker() -> None:
    server = makers.server()
    makers.execution("SAMPLE_LOOKING", server=server, status=Status.RUNNING)
    makers.execution(server=server, is_dry_run=True, status=Status.RUNNING)
    makers.execution(server=server, status=Status.SUCCESS)
    makers.execution(status=Status.RUNNING)
    assert waiting.waiting_for(makers.execution(server=server)) == "Waits for a free worker."


def test_what_only_reads_waits_for_no_server() -> None:
    server = makers.server()
    makers.execution(server=server, status=Status.RUNNING)
    for execution in (
        makers.execution("SAMPLE_LOOKING", server=server),
        makers.execution(server=server, is_dry_run=True),
    ):
        assert waiting.waiting_for(execution) == "Waits for a free worker."


def test_a_change_waits_behind_the_one_that_runs_and_says_whose() -> None:
    server, user = makers.server(), makers.user(username="anna")
    makers.execution(server=server, status=Status.RUNNING, triggered_by_user=user)
    makers.execution(server=server, priority=Priority.HIGH)
    execution = makers.execution(server=server)
    assert waiting.waiting_for(execution) == (
        f"Waits for {server.name}: Mend a file (anna) runs, and one execution changes a server at "
        "a time."
    )


def test_a_change_waits_behind_those_of_higher_priority_and_those_before_it() -> None:
    server = makers.server()
    earlier = makers.execution(server=server, age_minutes=2)
    execution = makers.execution(server=server, age_minutes=1)
    makers.execution(server=server)
    makers.execution(server=server, priority=Priority.LOW, age_minutes=9)
    assert "Mend a file (somebody) goes first" in waiting.waiting_for(execution)
    assert waiting.waiting_for(earlier) == "Waits for a free worker."
    makers.execution(
        "SAMPLE_SCRIPTED",
        server=server,
        priority=Priority.HIGH,
        triggered_by=Trigger.INCIDENT,
    )
    assert "Run scripts (incident) goes first" in waiting.waiting_for(earlier)


def test_an_execution_claimed_meanwhile_does_not_wait_for_itself() -> None:
    execution = makers.execution()
    Execution.objects.update(status=Status.RUNNING)
    assert waiting.waiting_for(execution) == "Waits for a free worker."


def test_why_many_wait_is_found_with_one_query(django_assert_num_queries: Any) -> None:
    servers = [makers.server() for _ in range(3)]
    for server in servers:
        makers.execution(server=server, status=Status.RUNNING)
    pending = [makers.execution(server=server) for server in servers for _ in range(2)]
    alone, ended = makers.execution(), makers.execution(status=Status.SUCCESS)
    listed = list(executions.visible_to(makers.admin()).exclude(status=Status.RUNNING))
    with django_assert_num_queries(1):
        told = {row.pk: row.waiting_for for row in waiting.with_waiting(listed)}
    assert all("Mend a file (somebody) runs" in told[row.pk] for row in pending)
    assert (told[alone.pk], told[ended.pk]) == ("Waits for a free worker.", "")
    with django_assert_num_queries(0):
        waiting.with_waiting([ended])


def test_what_waits_for_people_says_how_many_and_until_when() -> None:
    anna = makers.user(username="anna")
    execution = makers.execution(triggered_by_user=anna, waiting_since=None)
    row = makers.approval(execution, needed=2)
    row.votes.create(user=makers.admin(), approves=True)
    said = "Waits for approval: 1 of 2, by somebody other than anna; expires "
    assert waiting.waiting_for(execution) == f"{said}{row.expires_at:%Y-%m-%d %H:%M} UTC."
    (approved, *_) = waiting.why(execution)
    assert (approved.name, approved.holds, approved.value) == ("approved", False, "1 of 2")


def test_what_waits_for_people_keeps_no_other_from_its_server() -> None:
    server = makers.server()
    makers.approval(makers.execution(server=server, waiting_since=None, age_minutes=5))
    assert waiting.waiting_for(makers.execution(server=server)) == "Waits for a free worker."


def test_in_a_restored_database_it_waits_for_people_and_says_so() -> None:
    execution, looking = makers.execution(), makers.execution("SAMPLE_LOOKING")
    assert waiting.waiting_for(execution) == "Waits for a free worker."
    origin.doubt()
    assert waiting.waiting_for(looking) == waiting.waiting_for(execution)
    said = waiting.waiting_for(execution)
    assert said.startswith(
        "Waits until somebody says what becomes of a restored or copied database"
    )
    assert "manage.py after_restore" in said
    first = waiting.why(execution)[0]
    assert (first.name, first.holds, first.message) == ("databaseSettled", False, said)
    origin.accept()
    assert waiting.waiting_for(execution) == "Waits for a free worker."


LONE = "No worker of zone dmz is running. Start one there, or look at its log."


def test_in_a_zone_it_waits_for_a_worker_of_the_zone_and_says_so() -> None:
    pulse.note("worker", "outside", zones=[""])
    execution = makers.execution(server=makers.server(zone="dmz"))
    assert waiting.waiting_for(execution) == LONE
    assert waiting.waiting_for(makers.execution()) == "Waits for a free worker."
    pulse.note("worker", "inside", zones=["plant", "dmz"])
    assert waiting.waiting_for(execution) == "Waits for a free worker."


def test_that_no_worker_is_there_is_said_before_what_else_it_waits_for() -> None:
    server = makers.server(zone="dmz")
    makers.execution(server=server, age_minutes=2)
    behind = makers.execution(server=server)
    assert waiting.waiting_for(behind) == LONE
    worker, free = waiting.why(behind)
    assert (worker.name, worker.holds, worker.message) == ("workerAlive", False, LONE)
    assert worker.value == "0 worker processes of zone dmz seen lately"
    assert (free.name, free.holds) == ("serverFree", False)
    pulse.note("worker", "inside", zones=["dmz"])
    free, worker = waiting.why(behind)
    assert (worker.holds, worker.value) == (True, "1 worker process of zone dmz seen lately")
    assert waiting.waiting_for(behind) == free.message


def test_a_worker_of_a_zone_is_none_for_the_servers_without_one() -> None:
    execution = makers.execution()
    pulse.note("worker", "inside", zones=["dmz"])
    assert waiting.why(execution)[-1].holds is False
    pulse.note("worker", "of the release before")
    assert waiting.why(execution)[-1].holds is True


def test_what_waits_for_people_in_a_zone_says_that_first() -> None:
    server = makers.server(zone="dmz")
    execution = makers.execution(server=server, waiting_since=None)
    makers.approval(execution)
    assert waiting.waiting_for(execution).startswith("Waits for approval")
    assert waiting.why(execution)[0].name == "approved"


def test_the_monitor_notices_when_a_worker_of_its_zone_comes() -> None:
    execution = makers.execution(server=makers.server(zone="dmz"))
    waits = []
    for name, zones in (("outside", [""]), ("inside", ["dmz"]), ("second", ["dmz"])):
        pulse.note("worker", name, zones=zones)
        standing = live.standing(execution.pk)
        assert standing is not None
        waits.append(standing.waits)
    assert waits[0] != waits[1] == waits[2]


def test_why_many_in_zones_wait_is_found_with_one_query_more(
    django_assert_num_queries: Any,
) -> None:
    for zone in ("dmz", "plant", ""):
        for _ in range(2):
            makers.execution(server=makers.server(zone=zone))
    listed = list(executions.visible_to(makers.admin()))
    with django_assert_num_queries(2):
        told = {row.server.zone: row.waiting_for for row in waiting.with_waiting(listed)}
    assert told["dmz"] == LONE
    assert told[""] == "Waits for a free worker."
