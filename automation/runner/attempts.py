"""What an attempt knows of earlier ones: the log it goes on with, the dry run it repeats."""

from collections.abc import Mapping, Sequence
from typing import Any

from automation.engine.dry_run import DryRun
from automation.engine.errors import EngineError, MaskedValues
from automation.engine.past import PastAction
from automation.engine.ports import Action
from automation.engine.results import (
    ActionStatus,
    CancelOutcome,
    ErrorCode,
    Outcome,
    Status,
    StepType,
)
from automation.models import Execution, ExecutionLog
from automation.runner.claim import Claim
from automation.runner.masking import is_masked
from automation.runner.transport import ServerTransport


def past_of(execution: Execution, claim: Claim) -> list[PastAction]:
    """Return the log of the attempt whose worker was lost, in order."""
    rows = ExecutionLog.objects.filter(
        execution=execution, queued_at=execution.queued_at, seq__gt=claim.begin_seq
    ).order_by("seq")
    return [_past(row) for row in rows]


def dry_run_of(execution: Execution) -> DryRun | None:
    """Return what the dry run showed that this execution is to repeat exactly, if it is to."""
    dry = execution.dry_run
    if dry is None:
        return None
    rows = ExecutionLog.objects.filter(
        execution=dry,
        queued_at=dry.queued_at,
        step_type__in=(StepType.SSH_COMMAND, StepType.API_CALL),
    )
    return DryRun(
        reads={row.command: row.stdout for row in rows if not row.changes},
        changes={row.command for row in rows if row.status == ActionStatus.PLANNED},
        once=known(dry.once),
    )


def known(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was stored without what held a secret, which nobody knows any more."""
    return {name: value for name, value in stored.items() if not is_masked(value)}


def check_nothing_is_masked(execution: Execution, claim: Claim) -> None:
    """Raise ``MaskedValues`` where going on needs a value that was masked when it was stored.

    A step, or an undo, that is handed ``***`` for it would do something with that.
    """
    if claim.is_rollback and is_masked([execution.context, execution.once]):
        raise MaskedValues(
            "What the steps kept for a rollback holds a secret, which OpsManager does not store. "
            "Take the change back by hand."
        )
    if execution.resumes and is_masked(execution.once):
        raise MaskedValues(
            "What the steps made up once holds a secret, which OpsManager does not store, so "
            "nobody can go on from there. Look at the server before you run it again."
        )


def stopped(
    execution: Execution, past: Sequence[PastAction], transport: ServerTransport
) -> Outcome:
    """End what a lost worker left running of an execution that was cancelled meanwhile."""
    outcome = CancelOutcome.STOPPED
    for action in (each.action for each in past if _is_open(each)):
        # Of a call of the web nobody can ask what became of it.
        is_call = action.type is StepType.API_CALL
        ended = CancelOutcome.UNREACHABLE if is_call else transport.stop(action.id)
        outcome = ended if ended is not CancelOutcome.STOPPED else outcome
    is_known = outcome is not CancelOutcome.UNREACHABLE
    return _kept(
        execution,
        status=Status.CANCELLED if is_known else Status.UNKNOWN,
        summary="Cancelled; its worker had been lost.",
        error_code=None if is_known else ErrorCode.WORKER_LOST,
        error_message=""
        if is_known
        else "It was cancelled, and its server can't be asked what became of its command.",
        cancel_outcome=outcome,
    )


def not_begun(execution: Execution, past: Sequence[PastAction], problem: EngineError) -> Outcome:
    """Return the end of an attempt whose runbook or parameters are not there any more."""
    is_open = any(_is_open(each) for each in past)
    return _kept(
        execution,
        status=Status.UNKNOWN if is_open else Status.FAILED,
        summary="It could not be gone on with." if past else "Nothing was sent.",
        error_code=ErrorCode.WORKER_LOST if is_open else ErrorCode(problem.code),
        error_message=str(problem),
    )


def _kept(execution: Execution, **ended: object) -> Outcome:
    return Outcome(
        data=execution.context,
        once=execution.once,
        steps_done=tuple(execution.steps_done),
        **ended,  # type: ignore[arg-type]
    )


def _is_open(past: PastAction) -> bool:
    return past.action.changes and past.counts and past.result is None


def _past(row: ExecutionLog) -> PastAction:
    return PastAction(
        action=Action(
            id=row.action_id,
            seq=row.seq,
            step_number=row.step_number,
            step_name=row.step_name,
            type=StepType(row.step_type),
            text=row.command,
            changes=row.changes,
        ),
        status=ActionStatus(row.status),
        stdout=row.stdout,
        stderr=row.stderr,
        exit_code=row.exit_code,
        is_masked=is_masked(row.stdout) or is_masked(row.stderr),
    )
