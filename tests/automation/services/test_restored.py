from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from automation.engine.results import ActionStatus, Status
from automation.models import (
    Approval,
    ApprovalState,
    Execution,
    ExecutionLog,
    ScheduleSlot,
    SlotState,
    WorkflowRun,
)
from automation.runner.claim import claim
from automation.services import restored, slots
from opsmanager.audit.models import AuditEvent
from opsmanager.common import origin
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def again(row: Execution) -> Execution:
    return Execution.objects.get(pk=row.pk)


def running(**fields: object) -> Execution:
    return makers.execution(
        status=Status.RUNNING,
        waiting_since=None,
        holds_server=True,
        worker="gone",
        fence=3,
        lease_until=timezone.now(),
        **fields,
    )


def test_nothing_is_claimed_in_a_foreign_database() -> None:
    row = makers.execution()
    origin.doubt()
    assert claim(row.pk, worker="one") is None
    origin.accept()
    assert claim(row.pk, worker="one") is not None


def test_what_waited_or_ran_and_may_change_is_unknown_and_out_of_the_queue() -> None:
    waited, ran = makers.execution(), running()
    settled = restored.settle()
    assert (settled.unknown, settled.cancelled) == (2, 0)
    for row, word in ((again(waited), "waited"), (again(ran), "ran")):
        assert row.status == Status.UNKNOWN
        assert f"in which this {word}" in row.error_message
        assert row.finished_at is not None
        assert (row.waiting_since, row.lease_until, row.ask_server_at) == (None, None, None)
        assert not row.holds_server
        assert claim(row.pk, worker="one") is None
    assert AuditEvent.objects.filter(verb="AUTOMATION_EXECUTION_UNKNOWN").count() == 2


def test_the_last_command_that_the_backup_knows_of_is_named() -> None:
    row = running()
    makers.log_row(
        row, 1, command="systemctl restart nginx", changes=True, status=ActionStatus.RUNNING
    )
    restored.settle()
    assert again(row).error_message.endswith("systemctl restart nginx")
    assert ExecutionLog.objects.get(execution=row).status == ActionStatus.UNKNOWN


def test_what_only_reads_is_cancelled() -> None:
    dry, reads = makers.execution(is_dry_run=True), makers.execution("SAMPLE_LOOKING")
    settled = restored.settle()
    assert (settled.unknown, settled.cancelled) == (0, 2)
    assert {again(row).status for row in (dry, reads)} == {Status.CANCELLED}


def test_what_has_ended_stays_and_no_server_is_asked_any_more() -> None:
    ended = makers.execution(status=Status.SUCCESS)
    unknown = makers.execution(status=Status.UNKNOWN, ask_server_at=timezone.now())
    settled = restored.settle()
    assert settled.unknown == 0
    assert again(ended).status == Status.SUCCESS
    assert (again(unknown).status, again(unknown).ask_server_at) == (Status.UNKNOWN, None)


def test_a_rollback_that_waited_is_unknown() -> None:
    row = makers.execution(
        status=Status.FAILED, rollback_status=Status.PENDING, waiting_since=timezone.now()
    )
    assert restored.settle().rollbacks == 1
    assert (again(row).status, again(row).rollback_status) == (Status.FAILED, Status.UNKNOWN)
    assert again(row).waiting_since is None


def test_what_waited_for_people_can_not_be_approved_any_more() -> None:
    row = makers.execution(waiting_since=None)
    approval = Approval.objects.create(
        execution=row, title="x", needed=1, expires_at=timezone.now() + timedelta(hours=1)
    )
    restored.settle()
    approval.refresh_from_db()
    assert (approval.state, again(row).status) == (ApprovalState.WITHDRAWN, Status.UNKNOWN)


def test_a_workflow_that_ran_begins_nothing_more() -> None:
    run = WorkflowRun.objects.create(name="w", version=1, definition={}, inputs={})
    assert restored.settle().workflow_runs == 1
    run.refresh_from_db()
    assert run.cancel_requested_at is not None


def test_times_that_were_due_since_the_backup_are_missed_and_never_run_late() -> None:
    schedule = makers.schedule(seen_until=timezone.now() - timedelta(minutes=5))
    assert restored.settle().times in (5, 6)
    slots.handle_all()
    found = ScheduleSlot.objects.filter(schedule=schedule)
    assert {slot.state for slot in found} == {SlotState.MISSED}
    assert all("restored from a backup" in slot.message for slot in found)
    assert not Execution.objects.exists()


def test_no_schedule_starts_anything_in_a_foreign_database() -> None:
    schedule = makers.schedule(seen_until=timezone.now() - timedelta(minutes=5))
    origin.doubt()
    slots.handle_all()
    slots.handle(schedule.pk)
    assert not ScheduleSlot.objects.exists()


def test_numbers_of_claims_are_ahead_of_all_that_were_ever_taken() -> None:
    row = makers.execution()
    Execution.objects.update(fence=F("fence"))
    restored.settle()
    assert again(row).fence > 1_000_000
