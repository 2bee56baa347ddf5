from collections.abc import Iterator
from typing import Any

import pytest

from automation.engine.results import Assessment, ErrorCode, Outcome, Status, Verdict
from automation.models import Batch, Execution, Priority
from automation.runner import finish as finishing
from automation.runner.finish import finish
from automation.signals import execution_finished
from opsmanager.audit.models import AuditEvent
from tests.automation import makers
from tests.automation.runner.conftest import claimed, reloaded
from tests.support.broker import queued

pytestmark = pytest.mark.usefixtures("committed")

DONE = Outcome(
    status=Status.SUCCESS,
    summary="It was mended.",
    result={"path": "/x"},
    data={"seen": 1},
    before=Assessment(healthy=False, values={"exists": False}, summary="It was missing."),
    after=Assessment(healthy=True, values={"exists": True}),
    verdict=Verdict.FIXED,
    steps_done=(1, 2),
)


@pytest.fixture
def heard() -> Iterator[list[Execution]]:
    """The executions whose end was told."""
    executions: list[Execution] = []

    def listen(*, execution: Execution, **_: Any) -> None:
        executions.append(execution)

    execution_finished.connect(listen)
    yield executions
    execution_finished.disconnect(listen)


def test_the_whole_outcome_is_written(heard: list[Execution]) -> None:
    claim = claimed()

    assert finish(claim, DONE, worker="one")

    execution = reloaded(claim)
    assert (execution.status, execution.verdict, execution.success) == ("SUCCESS", "FIXED", True)
    assert execution.result_summary == "It was mended."
    assert execution.result_data == {"path": "/x"}
    assert execution.context == {"seen": 1}
    assert execution.assessment_before == {
        "healthy": False,
        "values": {"exists": False},
        "summary": "It was missing.",
    }
    assert execution.assessment_after["healthy"] is True
    assert (execution.steps_done, execution.error_code, execution.lease_until) == ([1, 2], "", None)
    assert execution.finished_at >= execution.started_at
    assert execution.progress == 100
    assert [each.pk for each in heard] == [execution.pk]
    assert heard[0].is_final


@pytest.mark.parametrize(
    ("status", "verb", "outcome"),
    [
        (Status.SUCCESS, "AUTOMATION_EXECUTION_COMPLETED", "OK"),
        (Status.FAILED, "AUTOMATION_EXECUTION_FAILED", "FAILED"),
        (Status.CANCELLED, "AUTOMATION_EXECUTION_CANCELLED", "FAILED"),
        (Status.TIMEOUT, "AUTOMATION_EXECUTION_TIMEOUT", "FAILED"),
        (Status.UNKNOWN, "AUTOMATION_EXECUTION_UNKNOWN", "FAILED"),
        (Status.ROLLED_BACK, "AUTOMATION_EXECUTION_ROLLED_BACK", "FAILED"),
    ],
)
def test_each_way_to_end_is_audited(status: Status, verb: str, outcome: str) -> None:
    claim = claimed()
    ended = Outcome(
        status=status, summary="", error_message="Why.", error_code=ErrorCode.COMMAND_FAILED
    )
    finish(claim, ended, worker="one")
    event = makers.last_event(verb)
    assert event.target_id == str(claim.execution_id)
    assert (event.actor_type, event.actor_name, event.outcome) == ("WORKER", "one", outcome)
    assert event.message == "Why."
    assert event.details == {
        "status": status,
        "verdict": "",
        "errorCode": "COMMAND_FAILED",
        "isDryRun": False,
    }


def test_the_trail_names_the_command_whose_end_nobody_saw() -> None:
    claim = claimed()
    ended = Outcome(
        status=Status.UNKNOWN,
        summary="Ended unknown in step 1 of 1.",
        error_message="Nobody saw the end of `systemctl restart nginx`.",
        error_code=ErrorCode.CONNECTION_LOST,
    )
    finish(claim, ended, worker="one")
    event = makers.last_event("AUTOMATION_EXECUTION_UNKNOWN")
    assert event.message == "Nobody saw the end of `systemctl restart nginx`."


def test_a_refusal_of_the_guard_is_audited_beside_the_end() -> None:
    claim = claimed()
    ended = Outcome(
        status=Status.FAILED,
        summary="",
        error_message="It was refused.",
        error_code=ErrorCode.DANGEROUS_COMMAND,
    )
    finish(claim, ended, worker="one")
    event = makers.last_event("AUTOMATION_DANGEROUS_COMMAND_BLOCKED")
    assert event.target_id == str(claim.execution_id)
    assert (event.outcome, event.message) == ("FAILED", "It was refused.")


def test_an_end_is_written_once(heard: list[Execution]) -> None:
    claim = claimed()
    assert finish(claim, DONE, worker="one")
    assert not finish(claim, Outcome(status=Status.FAILED, summary="No."), worker="one")
    assert reloaded(claim).status == Status.SUCCESS
    assert len(heard) == 1
    assert AuditEvent.objects.filter(target_id=str(claim.execution_id)).count() == 1


def test_a_zombie_cannot_end_what_is_no_longer_its_own(heard: list[Execution]) -> None:
    claim = claimed()
    Execution.objects.update(fence=claim.fence + 1)
    assert not finish(claim, DONE, worker="one")
    execution = reloaded(claim)
    assert (execution.status, execution.result_summary) == (Status.RUNNING, "")
    assert heard == []


@pytest.mark.parametrize("fault", [RuntimeError("no"), "database"])
def test_a_listener_that_fails_does_not_undo_the_end(fault: Exception | str) -> None:
    def listen(*, execution: Execution, **_: Any) -> None:
        if isinstance(fault, Exception):
            raise fault
        # Breaks the transaction that it is called in.
        Execution.objects.filter(pk=execution.pk).update(status="NO SUCH STATUS")

    claim = claimed()
    execution_finished.connect(listen)
    try:
        assert finish(claim, DONE, worker="one")
    finally:
        execution_finished.disconnect(listen)
    assert reloaded(claim).status == Status.SUCCESS
    assert makers.last_event("AUTOMATION_EXECUTION_COMPLETED").target_id == str(claim.execution_id)


def test_the_next_one_for_the_server_is_woken_by_priority() -> None:
    server = makers.server()
    claim = claimed(server=server)
    looking = makers.execution("SAMPLE_LOOKING", server=server, priority=Priority.HIGH)
    normal = makers.execution(server=server)
    high = makers.execution(server=server, priority=Priority.HIGH)
    elsewhere = makers.execution(priority=Priority.HIGH)

    finish(claim, DONE, worker="one")

    woken = queued("automation.high")
    assert str(high.pk) in woken
    assert str(looking.pk) not in woken
    assert str(elsewhere.pk) not in woken
    assert str(normal.pk) not in queued("automation.normal")


@pytest.mark.parametrize(("most", "woken"), [(1, True), (None, False)])
def test_the_next_of_a_batch_is_woken_where_only_so_many_may_run(
    most: int | None, *, woken: bool
) -> None:
    batch = Batch.objects.create(runbook=makers.entry(), max_parallel=most)
    claim = claimed(batch=batch)
    waiting = makers.execution(batch=batch, priority=Priority.HIGH)

    finish(claim, DONE, worker="one")

    assert (str(waiting.pk) in queued("automation.high")) is woken


def test_no_assessment_is_kept_as_none() -> None:
    assert finishing._kept(None) is None
