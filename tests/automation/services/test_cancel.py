from typing import Any

import pytest

from automation.engine.results import Status
from automation.models import Execution
from automation.services.executions import cancel
from automation.signals import execution_finished
from opsmanager.accounts.models import User
from opsmanager.common.problems import InvalidState, NotPermitted
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def test_a_pending_execution_is_cancelled_at_once() -> None:
    actor = makers.user()
    execution = makers.execution(triggered_by_user=actor)

    cancelled = cancel(actor=actor, execution=execution)

    assert cancelled.status == Status.CANCELLED
    assert cancelled.finished_at is not None
    assert cancelled.revision == execution.revision + 1
    assert cancelled.result_summary == "Cancelled before it began; nothing was sent."
    assert cancelled.cancel_requested_by == actor
    assert makers.last_event("AUTOMATION_EXECUTION_CANCELLED").actor_name == actor.username


def test_of_a_running_execution_the_worker_is_asked_to_end_it() -> None:
    actor = makers.admin()
    execution = makers.execution(status=Status.RUNNING)

    asked = cancel(actor=actor, execution=execution)

    assert asked.status == Status.RUNNING
    assert asked.cancel_requested_at is not None
    assert asked.cancel_requested_by == actor
    assert makers.last_event("AUTOMATION_EXECUTION_CANCEL_REQUESTED").target_id == str(asked.pk)


@pytest.mark.parametrize("status", [s for s in Status if s.is_final])
def test_what_has_ended_cannot_be_cancelled(status: Status) -> None:
    execution = makers.execution(status=status)
    with pytest.raises(InvalidState, match=f"It has ended already \\({status}\\)"):
        cancel(actor=makers.admin(), execution=execution)
    execution.refresh_from_db()
    assert execution.cancel_requested_at is None


@pytest.mark.parametrize("role", ["NOC", "HELPDESK", "HR"])
def test_executions_of_others_are_not_everybodys_to_cancel(role: str) -> None:
    execution = makers.execution(triggered_by_user=makers.admin())
    with pytest.raises(NotPermitted, match="this one was started by another"):
        cancel(actor=makers.user(role), execution=execution)


@pytest.mark.parametrize("role", ["MANAGER", "ADMIN", "SUPER_ADMIN"])
def test_managers_and_administrators_cancel_executions_of_others(role: str) -> None:
    execution = makers.execution(triggered_by_user=makers.user())
    assert cancel(actor=makers.user(role), execution=execution).status == Status.CANCELLED


def test_who_lost_the_role_may_no_longer_cancel_what_he_started() -> None:
    actor = makers.user()
    execution = makers.execution(triggered_by_user=actor)
    actor.groups.clear()
    with pytest.raises(NotPermitted):
        cancel(actor=User.objects.get(pk=actor.pk), execution=execution)


def test_who_listens_hears_of_a_cancel_at_once() -> None:
    heard: list[str] = []

    def listen(*, execution: Execution, **_: Any) -> None:
        heard.append(execution.status)

    execution_finished.connect(listen)
    try:
        cancel(actor=makers.admin(), execution=makers.execution())
        cancel(actor=makers.admin(), execution=makers.execution(status=Status.RUNNING))
    finally:
        execution_finished.disconnect(listen)
    assert heard == [Status.CANCELLED]
