from typing import Any

import pytest

from automation.engine.results import Status
from automation.models import Batch, Execution, Priority
from automation.runner import batches as running
from automation.services.batches import BatchLaunch, cancel, launch
from opsmanager.common.problems import Invalid, InvalidState, KeyReused, NotPermitted
from servers.models import Environment, Server
from tests.automation import makers
from tests.support.broker import queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def servers(count: int = 3, **fields: Any) -> list[Server]:
    return [makers.server(**fields) for _ in range(count)]


def asked(**fields: Any) -> BatchLaunch:
    values: dict[str, Any] = {
        "actor": makers.admin(),
        "runbook": makers.entry(),
        "parameters": {"path": "/tmp/x"},
        **fields,
    }
    values.setdefault("servers", servers())
    return BatchLaunch(**values)


def members(batch: Batch) -> list[Execution]:
    return list(batch.executions.select_related("server").order_by("server__name"))


def test_each_server_gets_an_execution() -> None:
    wanted = asked(reason="Patch day.", priority=Priority.LOW, max_parallel=2)
    batch = launch(wanted)
    assert {row.server for row in members(batch)} == set(wanted.servers)
    assert {(row.priority, row.reason) for row in members(batch)} == {(3, "Patch day.")}
    assert (batch.refusals, batch.max_parallel) == ([], 2)
    assert batch.parameters == {"path": "/tmp/x"}
    event = makers.last_event("AUTOMATION_BATCH_STARTED")
    assert sorted(event.details["servers"]) == sorted(s.name for s in wanted.servers)


def test_workers_are_woken(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        batch = launch(asked())
    assert {str(row.pk) for row in members(batch)} <= set(queued("automation.normal"))


def test_where_it_is_refused_is_said_and_the_others_are_launched() -> None:
    well, cooling, off, ungranted = servers(4)
    makers.execution(server=cooling, status=Status.SUCCESS, age_minutes=1)
    Server.objects.filter(pk=off.pk).update(is_active=False)
    off.refresh_from_db()
    actor = makers.user("NOC", operates=well)
    for server in (cooling, off):
        makers.permissions.grant(actor, makers.roles.OPERATE_SERVERS, server)
    batch = launch(asked(actor=actor, servers=[well, cooling, off, ungranted]))
    assert [row.server for row in members(batch)] == [well]
    codes = {refusal["server_name"]: refusal["code"] for refusal in batch.refusals}
    assert codes == {
        cooling.name: "RATE_LIMIT_EXCEEDED",
        off.name: "SERVER_INACTIVE",
        ungranted.name: "NOT_PERMITTED",
    }
    assert all(refusal["message"] for refusal in batch.refusals)


def test_production_servers_are_refused_without_a_confirmation() -> None:
    (server,) = servers(1, environment=Environment.PRODUCTION)
    batch = launch(asked(servers=[server]))
    assert batch.refusals[0]["code"] == "CONFIRMATION_REQUIRED"
    assert launch(asked(servers=[server], is_confirmed=True)).refusals == []


def test_a_server_that_is_named_twice_gets_one() -> None:
    (server,) = servers(1)
    assert len(members(launch(asked(servers=[server, server])))) == 1


def test_wrong_parameters_concern_all() -> None:
    with pytest.raises(Invalid):
        launch(asked(parameters={}))
    assert not Batch.objects.exists()


def test_a_batch_needs_servers() -> None:
    with pytest.raises(Invalid, match="Choose 1 to 1000 servers; these are 0"):
        launch(asked(servers=[]))


def test_who_may_not_run_runbooks_starts_no_batch() -> None:
    with pytest.raises(NotPermitted):
        launch(asked(actor=makers.user("HELPDESK")))


def test_the_same_key_makes_one_batch() -> None:
    actor, where = makers.admin(), servers()
    first = launch(asked(actor=actor, servers=where, idempotency_key="k"))
    again = launch(asked(actor=actor, servers=list(reversed(where)), idempotency_key="k"))
    assert (first.pk, Batch.objects.count()) == (again.pk, 1)
    with pytest.raises(KeyReused):
        launch(asked(actor=actor, servers=where, idempotency_key="k", reason="Else."))


def end(execution: Execution, status: Status) -> None:
    Execution.objects.filter(pk=execution.pk).update(status=status, waiting_since=None)
    running.after_end_of(execution.pk)


def test_after_enough_failures_the_rest_is_not_begun() -> None:
    batch = launch(asked(servers=servers(5), stop_after_failures=2))
    first, second, third, running_one, last = members(batch)
    Execution.objects.filter(pk=running_one.pk).update(status=Status.RUNNING, waiting_since=None)
    end(first, Status.SUCCESS)
    end(second, Status.FAILED)
    batch.refresh_from_db()
    assert batch.stopped_at is None
    end(third, Status.TIMEOUT)
    batch.refresh_from_db()
    assert batch.stopped_at is not None
    assert batch.stop_reason == "2 executions failed, and it was to stop then."
    assert [row.status for row in members(batch)] == [
        Status.SUCCESS,
        Status.FAILED,
        Status.TIMEOUT,
        Status.RUNNING,
        Status.CANCELLED,
    ]
    last.refresh_from_db()
    assert last.result_summary == "Not begun: 2 executions failed, and it was to stop then."
    assert last.waiting_since is None
    assert makers.last_event("AUTOMATION_BATCH_STOPPED").details["leftOut"] == 1
    end(running_one, Status.FAILED)  # nothing is stopped twice
    assert makers.last_event("AUTOMATION_BATCH_STOPPED").details["leftOut"] == 1


def test_a_batch_without_a_limit_is_not_stopped() -> None:
    batch = launch(asked())
    for row in members(batch):
        end(row, Status.FAILED)
    batch.refresh_from_db()
    assert batch.stopped_at is None


def test_a_cancelled_batch_leaves_out_what_waits_and_stops_what_runs() -> None:
    actor = makers.admin(username="anna")
    batch = launch(asked(actor=actor))
    waiting, runs, ended = members(batch)
    Execution.objects.filter(pk=runs.pk).update(status=Status.RUNNING, waiting_since=None)
    Execution.objects.filter(pk=ended.pk).update(status=Status.SUCCESS, waiting_since=None)
    after = cancel(actor=actor, batch=batch)
    assert after.stop_reason == "anna cancelled the batch."
    for row in (waiting, runs, ended):
        row.refresh_from_db()
    assert (waiting.status, ended.status) == (Status.CANCELLED, Status.SUCCESS)
    assert (runs.status, runs.cancel_requested_by) == (Status.RUNNING, actor)


def test_what_has_ended_is_not_cancelled() -> None:
    batch = launch(asked())
    batch.executions.update(status=Status.SUCCESS, waiting_since=None)
    with pytest.raises(InvalidState):
        cancel(actor=makers.admin(), batch=batch)


def test_a_batch_of_another_is_not_cancelled() -> None:
    with pytest.raises(NotPermitted):
        cancel(actor=makers.user("NOC"), batch=launch(asked()))
