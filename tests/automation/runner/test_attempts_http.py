"""What an attempt takes over of the web calls that earlier ones made."""

from typing import Any
from uuid import uuid4

import pytest

from automation.engine.past import PastAction
from automation.engine.ports import Action
from automation.engine.results import ActionStatus, CancelOutcome, ErrorCode, Status, StepType
from automation.runner import attempts
from automation.runner.lease import Lease
from automation.runner.transport import ServerTransport
from servers.ssh.pool import Pool
from tests.automation import makers
from tests.automation.runner.conftest import claimed, reloaded

pytestmark = pytest.mark.usefixtures("committed")


def call(*, changes: bool) -> PastAction:
    action = Action(
        id=uuid4(),
        seq=1,
        step_number=1,
        step_name="Call",
        type=StepType.API_CALL,
        text="POST https://api.example.com/",
        changes=changes,
    )
    return PastAction(action=action, status=ActionStatus.RUNNING)


@pytest.mark.parametrize(
    ("changes", "status", "outcome"),
    [
        (True, Status.UNKNOWN, CancelOutcome.UNREACHABLE),
        (False, Status.CANCELLED, CancelOutcome.STOPPED),
    ],
)
def test_nobody_says_of_a_call_in_flight_that_it_was_stopped(
    status: Status, outcome: CancelOutcome, *, changes: bool
) -> None:
    claim = claimed()
    execution = reloaded(claim)
    pool = Pool()
    transport = ServerTransport(
        server=execution.server,
        keys=(),
        pool=pool,
        lease=Lease(claim, timeout=60),
        recorded=True,
        learn=list,
    )
    ended = attempts.stopped(execution, [call(changes=changes)], transport)
    pool.close()
    assert (ended.status, ended.cancel_outcome) == (status, outcome)
    assert ended.error_code == (ErrorCode.WORKER_LOST if changes else None)


def test_the_calls_of_a_dry_run_are_compared_as_its_commands_are() -> None:
    dry = makers.execution(is_dry_run=True)
    planned: dict[str, Any] = {"status": ActionStatus.PLANNED, "changes": True, "exit_code": None}
    makers.log_row(dry, 1, command="df", stdout="7")
    makers.log_row(dry, 2, step_type=StepType.API_CALL, command="GET https://a/", stdout="{}")
    makers.log_row(dry, 3, step_type=StepType.VALIDATION, command="It holds")
    makers.log_row(dry, 4, command="touch x", **planned)
    makers.log_row(dry, 5, step_type=StepType.API_CALL, command="POST https://a/", **planned)
    found = attempts.dry_run_of(makers.execution(dry_run=dry))
    assert found is not None
    assert found.reads == {"df": "7", "GET https://a/": "{}"}
    assert found.changes == {"touch x", "POST https://a/"}
