"""Automatic retries: of what may pass by itself, and where they can do no harm."""

import pytest
from django.db import connection
from django.utils import timezone

from automation.engine.results import ErrorCode, Outcome, Status
from automation.models import CatalogEntry, Execution
from automation.runner import retries
from automation.runner.claim import Claim, claim
from automation.runner.finish import try_again
from automation.runner.process import WorkerProcess
from automation.runner.sweep import wake
from automation.selectors import waiting
from servers.models import Server
from servers.ssh.testing import SshServer
from tests.automation import makers
from tests.support.broker import queued

pytestmark = pytest.mark.usefixtures("committed")


def claimed(attempt: int) -> Claim:
    return Claim(
        execution_id=makers.uuid4(),
        fence=1,
        attempt=attempt,
        queued_at=timezone.now(),
        last_seq=0,
    )


@pytest.mark.parametrize(
    ("runbook", "attempt", "changed", "status", "code", "worth"),
    [
        ("SAMPLE_MENDING", 1, False, Status.FAILED, ErrorCode.CONNECTION, True),
        ("SAMPLE_MENDING", 3, False, Status.FAILED, ErrorCode.CONNECTION_LOST, True),
        ("SAMPLE_MENDING", 4, False, Status.FAILED, ErrorCode.CONNECTION, False),
        ("SAMPLE_MENDING", 1, True, Status.FAILED, ErrorCode.CONNECTION_LOST, False),
        ("SAMPLE_REPEATABLE", 1, True, Status.FAILED, ErrorCode.CONNECTION_LOST, True),
        ("SAMPLE_REPEATABLE", 1, True, Status.UNKNOWN, ErrorCode.CONNECTION_LOST, False),
        ("SAMPLE_REPEATABLE", 1, False, Status.CANCELLED, None, False),
        ("SAMPLE_MENDING", 1, False, Status.FAILED, ErrorCode.HOST_KEY, False),
        ("SAMPLE_MENDING", 1, False, Status.FAILED, ErrorCode.COMMAND_FAILED, False),
    ],
)
def test_what_is_worth_another_attempt(
    runbook: str, attempt: int, changed: bool, status: Status, code: ErrorCode | None, worth: bool
) -> None:
    execution = makers.execution(runbook, max_retries=3)
    outcome = Outcome(status=status, summary="", error_code=code, changed=changed)
    assert retries.is_worth_it(execution, claimed(attempt), outcome) is worth


def test_what_is_no_longer_deployed_is_not_tried_again() -> None:
    execution = makers.execution(max_retries=3)
    CatalogEntry.objects.filter(pk=execution.runbook_id).update(runbook_id="GONE")
    execution = Execution.objects.select_related("runbook").get(pk=execution.pk)
    outcome = Outcome(status=Status.FAILED, summary="", error_code=ErrorCode.CONNECTION)
    assert not retries.is_worth_it(execution, claimed(1), outcome)


def test_pauses_grow_to_five_minutes() -> None:
    pauses = [retries.pause_after(attempt) for attempt in range(1, 12)]
    assert 4 <= pauses[0] <= 6
    assert 12 <= pauses[1] <= 18
    assert all(pause <= 360 for pause in pauses)
    assert pauses[-1] >= 240


def passed(execution: Execution) -> None:
    """Let the pause be over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE automation_execution SET not_before = clock_timestamp() - interval '1 s'"
            " WHERE id = %s",
            [execution.pk],
        )


def test_a_server_that_is_away_is_tried_again_until_it_is_back(
    worker: WorkerProcess, server: Server, ssh_server: SshServer
) -> None:
    execution = makers.execution("SAMPLE_LOOKING", server=server, max_retries=3)
    ssh_server.go_away()
    worker.run(execution.pk)

    execution.refresh_from_db()
    assert (execution.status, execution.attempt) == (Status.PENDING, 1)
    assert execution.not_before is not None
    assert execution.waiting_since == execution.queued_at
    assert not execution.holds_server
    assert "Is tried again in" in waiting.waiting_for(execution)
    assert "(attempt 2 of 4)" in waiting.waiting_for(execution)
    assert execution.error_message in waiting.waiting_for(execution)
    assert claim(execution.pk, worker="early") is None
    assert makers.last_event("AUTOMATION_EXECUTION_TRIED_AGAIN").details["attempt"] == 1
    assert wake() == 0

    ssh_server.start()
    passed(execution)
    assert wake() == 1
    assert str(execution.pk) in queued("automation.normal")
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert (execution.status, execution.attempt) == (Status.SUCCESS, 2)
    assert (execution.error_code, execution.error_message) == ("", "")


def test_after_the_last_one_it_fails(
    worker: WorkerProcess, server: Server, ssh_server: SshServer
) -> None:
    execution = makers.execution("SAMPLE_LOOKING", server=server, max_retries=1)
    ssh_server.go_away()
    worker.run(execution.pk)
    passed(execution)
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert (execution.status, execution.error_code) == (Status.FAILED, "CONNECTION")
    assert execution.attempt == 2


def test_one_that_waits_to_be_tried_again_lets_others_change_the_server() -> None:
    execution = makers.execution(not_before="2100-01-01T00:00:00Z", priority=1)
    assert claim(makers.execution(server=execution.server).pk, worker="one")


def test_a_lost_lease_writes_no_retry(worker: WorkerProcess) -> None:
    execution = makers.execution()
    found = claim(execution.pk, worker="one")
    assert found is not None
    Execution.objects.filter(pk=execution.pk).update(fence=10**6)
    outcome = Outcome(status=Status.FAILED, summary="", error_code=ErrorCode.CONNECTION)
    assert not try_again(found, outcome, seconds=1, worker="one")
    execution.refresh_from_db()
    assert execution.status == Status.RUNNING
