from typing import Any

import pytest

from automation.engine.results import Status
from automation.models import Execution, Priority, Trigger
from automation.selectors import executions, waiting
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
