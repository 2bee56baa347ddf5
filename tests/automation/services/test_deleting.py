from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automation import tasks
from automation.engine.results import ErrorCode, Status
from automation.models import Batch, Execution, ExecutionLog, SecretParameters, SpentKey
from automation.services import deleting
from automation.services.batches import BatchLaunch
from automation.services.batches import launch as launch_batch
from automation.services.decisions import Decision, decide
from automation.services.executions import Launch, cancel, launch
from automation.services.retrying import retry
from automation.services.rollbacks import roll_back
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import (
    CoolingDown,
    InvalidState,
    KeyReused,
    NotFound,
    NotPermitted,
)
from tests.automation import makers
from tests.incidents.makers import incident

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

VERB = "AUTOMATION_EXECUTION_DELETED"


def ended(**fields: Any) -> Execution:
    return makers.execution(**{"status": Status.FAILED, "age_minutes": 60, **fields})


def manager(execution: Execution) -> User:
    return makers.user("MANAGER", operates=execution.server)


def delete(execution: Execution) -> None:
    deleting.delete(actor=makers.admin(), execution=execution)


def secretive(**changes: Any) -> Launch:
    values = {
        "actor": makers.admin(),
        "runbook": makers.entry("SAMPLE_SECRETIVE", cooldown_minutes=0),
        "server": makers.server(),
        "parameters": {"password": "hunter2 hunter2", "path": "/tmp/x"},
    }
    return Launch(**{**values, **changes})


def end(execution: Execution, status: Status = Status.SUCCESS) -> Execution:
    Execution.objects.filter(pk=execution.pk).update(status=status, waiting_since=None)
    return Execution.objects.get(pk=execution.pk)


def test_it_goes_with_its_log_and_nothing_else_goes() -> None:
    gone, other = ended(), ended()
    for execution in (gone, other):
        for seq in (1, 2):
            makers.log_row(execution, seq)
    deleting.delete(actor=manager(gone), execution=gone)
    assert list(Execution.objects.all()) == [other]
    assert set(ExecutionLog.objects.values_list("execution_id", flat=True)) == {other.pk}
    assert ExecutionLog.objects.count() == 2


def test_its_log_is_deleted_in_the_month_in_which_it_was_queued() -> None:
    execution = ended()
    makers.log_row(execution, 1)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        delete(execution)
    deletes = [each["sql"] for each in asked if 'FROM "automation_executionlog"' in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {deletes[0]}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.count("Delete on automation_executionlog_") == 1, plan


def test_the_trail_keeps_what_it_was_and_who_deleted_it() -> None:
    starter = makers.user()
    execution = ended(
        triggered_by_user=starter,
        verdict="NOT_FIXED",
        error_code="COMMAND_FAILED",
        error_message="It did not come up.",
        reason="alert 4711",
    )
    makers.log_row(execution, 1)
    actor = manager(execution)
    deleting.delete(actor=actor, execution=execution)
    event = makers.last_event(VERB)
    assert (event.actor_name, event.target_id) == (actor.username, str(execution.pk))
    assert event.message == "It did not come up."
    expected = {
        "runbook": "SAMPLE_MENDING",
        "server": execution.server.name,
        "startedBy": starter.username,
        "status": "FAILED",
        "verdict": "NOT_FIXED",
        "errorCode": "COMMAND_FAILED",
        "reason": "alert 4711",
        "parameters": {"path": "/tmp/x"},
        "queuedAt": execution.queued_at.isoformat(),
        "logRows": 1,
    }
    assert expected.items() <= event.details.items()


def test_what_referred_to_it_stays_without_it() -> None:
    first = ended(status=Status.SUCCESS, is_dry_run=True)
    again, exact = ended(retry_of=first), ended(dry_run=first)
    entry = incident(server=first.server).timeline.create(kind="EXECUTION", execution=first)
    delete(first)
    for row in (again, exact, entry):
        row.refresh_from_db()
    assert (again.retry_of, exact.dry_run, entry.execution) == (None, None, None)


@pytest.mark.parametrize("role", ["NOC", "HELPDESK"])
def test_who_may_not(role: str) -> None:
    execution = ended()
    with pytest.raises(NotPermitted, match="may not delete executions"):
        deleting.delete(actor=makers.user(role, operates=execution.server), execution=execution)


def test_a_manager_needs_the_server_too() -> None:
    with pytest.raises(NotPermitted, match="You may not delete what ran on"):
        deleting.delete(actor=makers.user("MANAGER"), execution=ended())


def test_it_is_deleted_also_when_its_runbook_is_no_longer_deployed() -> None:
    execution = ended()
    makers.entry(is_active=False, is_deployed=False)
    deleting.delete(actor=manager(execution), execution=execution)
    assert not Execution.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": Status.PENDING}, "has not ended"),
        ({"status": Status.RUNNING}, "has not ended"),
        ({"status": Status.SUCCESS, "rollback_status": Status.PENDING}, "is being taken back"),
        ({"status": Status.SUCCESS, "rollback_status": Status.RUNNING}, "is being taken back"),
        ({"status": Status.UNKNOWN}, "decide how it ended"),
        ({"status": Status.UNKNOWN, "ask_server_at": timezone.now()}, "decide how it ended"),
    ],
)
def test_what_lives_or_wants_a_decision_stays(fields: dict[str, Any], said: str) -> None:
    execution = ended(**fields)
    makers.log_row(execution, 1)
    with pytest.raises(InvalidState, match=said):
        delete(execution)
    assert ExecutionLog.objects.count() == 1
    assert not AuditEvent.objects.filter(verb=VERB).exists()


def test_once_somebody_has_decided_it_can_be_deleted() -> None:
    execution = ended(status=Status.UNKNOWN)
    actor = manager(execution)
    decide(actor=actor, execution=execution, outcome=Decision.FAILED, reason="I looked.")
    deleting.delete(actor=actor, execution=execution)
    assert makers.last_event(VERB).details["decision"] == "FAILED"


def test_a_dry_run_stays_while_it_is_repeated() -> None:
    dry = ended(status=Status.SUCCESS, is_dry_run=True)
    exact = ended(status=Status.RUNNING, dry_run=dry)
    with pytest.raises(InvalidState, match="repeats this dry run"):
        delete(dry)
    end(exact)
    delete(dry)


def test_a_cooldown_that_it_started_is_waited_for() -> None:
    execution = ended(age_minutes=4)
    with pytest.raises(InvalidState, match=r"may run again on .* in 5 min 59 s|in 6 min") as caught:
        delete(execution)
    assert 300 < caught.value.details["retryAfterSeconds"] <= 360
    asked = Launch(
        actor=makers.admin(),
        runbook=execution.runbook,
        server=execution.server,
        parameters={"path": "/tmp/x"},
    )
    with pytest.raises(CoolingDown):
        launch(asked)
    Execution.objects.update(queued_at=timezone.now() - timedelta(minutes=11))
    delete(execution)


@pytest.mark.parametrize(
    "fields",
    [
        {"is_dry_run": True},
        {"error_code": ErrorCode.VALIDATION},
        {"error_code": ErrorCode.CONNECTION},
        {"status": Status.CANCELLED},
    ],
)
def test_what_started_no_cooldown_goes_at_once(fields: dict[str, Any]) -> None:
    delete(ended(age_minutes=1, **fields))
    assert not Execution.objects.exists()


def test_a_runbook_without_a_cooldown_is_not_waited_for() -> None:
    delete(ended(runbook=makers.entry(cooldown_minutes=0), age_minutes=1))
    assert not Execution.objects.exists()


def test_a_repeated_request_does_not_run_again_what_was_deleted() -> None:
    asked = secretive(idempotency_key="alert-4711")
    delete(end(launch(asked)))
    with pytest.raises(KeyReused, match="was deleted"):
        launch(asked)
    with pytest.raises(KeyReused, match="was deleted"):
        launch(secretive(actor=asked.actor, idempotency_key="alert-4711"))
    assert not Execution.objects.exists()
    # The key is its user's own, and another key is another request.
    assert launch(secretive(idempotency_key="alert-4711")).pk
    assert launch(secretive(actor=asked.actor, idempotency_key="alert-4712")).pk


def test_its_secrets_go_with_the_last_that_has_them() -> None:
    first = end(launch(secretive()), Status.FAILED)
    again = end(retry(actor=makers.admin(), execution=first))
    assert again.secret_parameters == first.secret_parameters
    delete(first)
    assert SecretParameters.objects.count() == 1
    delete(again)
    assert not SecretParameters.objects.exists()


def batch_of(count: int) -> tuple[Batch, list[Execution]]:
    asked = secretive()
    batch = launch_batch(
        BatchLaunch(
            actor=asked.actor,
            runbook=asked.runbook,
            servers=[makers.server() for _ in range(count)],
            parameters=asked.parameters,
            idempotency_key="patch-day",
        )
    )
    return batch, list(batch.executions.all())


def test_none_of_a_batch_goes_while_that_still_counts_its_failures() -> None:
    _batch, (first, _second) = batch_of(2)
    failed = end(first, Status.FAILED)
    with pytest.raises(InvalidState, match="Its batch still runs"):
        delete(failed)


def test_a_batch_goes_with_its_last_execution() -> None:
    batch, (first, second) = batch_of(2)
    end(first), end(second)
    delete(first)
    assert Batch.objects.filter(pk=batch.pk).exists()
    delete(second)
    assert not Batch.objects.exists()
    assert not SecretParameters.objects.exists()
    event = makers.last_event("AUTOMATION_BATCH_DELETED")
    assert (event.target_id, event.details["runbook"]) == (str(batch.pk), "SAMPLE_SECRETIVE")
    with pytest.raises(KeyReused, match="was deleted"):
        launch_batch(
            BatchLaunch(
                actor=batch.started_by,
                runbook=batch.runbook,
                servers=[first.server, second.server],
                parameters={"password": "hunter2 hunter2", "path": "/tmp/x"},
                idempotency_key="patch-day",
            )
        )


@pytest.mark.parametrize("act", [retry, roll_back, cancel])
def test_what_was_deleted_a_moment_ago_is_not_found(act: Any) -> None:
    execution = ended(status=Status.SUCCESS, steps_done=[1])
    actor = makers.admin()
    delete(execution)
    with pytest.raises(NotFound):
        act(actor=actor, execution=execution)


def test_why_not_says_what_stands_in_the_way() -> None:
    assert deleting.why_not(ended()) == ""
    assert "decide how it ended" in deleting.why_not(ended(status=Status.UNKNOWN))


def test_housekeeping_deletes_secrets_that_nothing_has_and_keys_spent_long_ago() -> None:
    kept = launch(secretive()).secret_parameters
    SecretParameters.objects.create(runbook=makers.entry("SAMPLE_SECRETIVE"), sealed={"x": "y"})
    old, new = (
        SpentKey.objects.create(user=makers.user(), idempotency_key="a", spent_at=spent_at)
        for spent_at in (timezone.now() - timedelta(days=91), timezone.now() - timedelta(days=89))
    )
    tasks.prune_leftovers()
    assert list(SecretParameters.objects.all()) == [kept]
    assert list(SpentKey.objects.all()) == [new]
    assert old.pk != new.pk
