from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from automation.engine.results import Status
from automation.models import Execution, Priority, Trigger
from automation.selectors import executions
from opsmanager.common.problems import NotFound
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def test_nobody_sees_nothing() -> None:
    execution = makers.execution()
    assert not executions.visible_to(AnonymousUser()).exists()
    with pytest.raises(NotFound):
        executions.get(AnonymousUser(), execution.pk)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_only_a_pending_execution_waits(status: Status) -> None:
    assert executions.waiting_for(makers.execution(status=status)) == ""


def test_what_waits_alone_waits_for_a_worker() -> None:
    server = makers.server()
    makers.execution("SAMPLE_LOOKING", server=server, status=Status.RUNNING)
    makers.execution(server=server, is_dry_run=True, status=Status.RUNNING)
    makers.execution(server=server, status=Status.SUCCESS)
    makers.execution(status=Status.RUNNING)
    assert executions.waiting_for(makers.execution(server=server)) == "Waits for a free worker."


def test_what_only_reads_waits_for_no_server() -> None:
    server = makers.server()
    makers.execution(server=server, status=Status.RUNNING)
    for waiting in (
        makers.execution("SAMPLE_LOOKING", server=server),
        makers.execution(server=server, is_dry_run=True),
    ):
        assert executions.waiting_for(waiting) == "Waits for a free worker."


def test_a_change_waits_behind_the_one_that_runs_and_says_whose() -> None:
    server, user = makers.server(), makers.user(username="anna")
    makers.execution(server=server, status=Status.RUNNING, triggered_by_user=user)
    makers.execution(server=server, priority=Priority.HIGH)
    waiting = makers.execution(server=server)
    assert executions.waiting_for(waiting) == (
        f"Waits for {server.name}: Mend a file (anna) runs, and one execution changes a server at "
        "a time."
    )


def test_a_change_waits_behind_those_of_higher_priority_and_those_before_it() -> None:
    server = makers.server()
    earlier = makers.execution(server=server, age_minutes=2)
    waiting = makers.execution(server=server, age_minutes=1)
    makers.execution(server=server)
    makers.execution(server=server, priority=Priority.LOW, age_minutes=9)
    assert "Mend a file (by hand) goes first" in executions.waiting_for(waiting)
    assert executions.waiting_for(earlier) == "Waits for a free worker."
    makers.execution(
        "SAMPLE_SCRIPTED",
        server=server,
        priority=Priority.HIGH,
        triggered_by=Trigger.INCIDENT,
    )
    assert "Run scripts (incident) goes first" in executions.waiting_for(earlier)


def test_an_execution_claimed_meanwhile_does_not_wait_for_itself() -> None:
    execution = makers.execution()
    Execution.objects.update(status=Status.RUNNING)
    assert executions.waiting_for(execution) == "Waits for a free worker."


def test_why_many_wait_is_found_with_one_query(django_assert_num_queries: Any) -> None:
    servers = [makers.server() for _ in range(3)]
    for server in servers:
        makers.execution(server=server, status=Status.RUNNING)
    pending = [makers.execution(server=server) for server in servers for _ in range(2)]
    alone, ended = makers.execution(), makers.execution(status=Status.SUCCESS)
    listed = list(executions.visible_to(makers.admin()).exclude(status=Status.RUNNING))
    with django_assert_num_queries(1):
        told = {row.pk: row.waiting_for for row in executions.with_waiting(listed)}
    assert all("Mend a file (by hand) runs" in told[row.pk] for row in pending)
    assert (told[alone.pk], told[ended.pk]) == ("Waits for a free worker.", "")
    with django_assert_num_queries(0):
        executions.with_waiting([ended])


def test_only_what_nothing_better_followed() -> None:
    server = makers.server()
    healed = makers.execution(server=server, status=Status.FAILED, age_minutes=5)
    good = makers.execution(server=server, status=Status.SUCCESS, age_minutes=4)
    again = makers.execution(server=server, status=Status.FAILED, age_minutes=3)
    elsewhere = makers.execution(status=Status.FAILED, age_minutes=9)
    failed = Execution.objects.filter(status=Status.FAILED)
    left = executions.without_later(failed, Execution.objects.filter(pk=good.pk))
    assert set(left) == {again, elsewhere}
    assert healed not in left


@pytest.mark.parametrize("priority", list(Priority))
def test_a_priority_is_named_as_the_api_does(priority: Priority) -> None:
    assert executions.priority_name(makers.execution(priority=priority)) == priority.name
