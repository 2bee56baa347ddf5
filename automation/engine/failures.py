"""Turns what went wrong in a step into a status, a code and a sentence."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from automation.engine.context import Context
from automation.engine.errors import (
    CommandTimedOut,
    ConnectionLost,
    EngineError,
    ExecutionStopped,
    LeaseLost,
    WebUnreachable,
)
from automation.engine.results import CancelOutcome, ErrorCode, Status

logger = logging.getLogger(__name__)

_WORST_FIRST = (LeaseLost, ExecutionStopped, ConnectionLost, CommandTimedOut, EngineError)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an execution ended before its last step did."""

    status: Status
    message: str
    """For people: what went wrong and what to do next."""
    error_code: ErrorCode | None = None
    cancel_outcome: CancelOutcome | None = None


def failure_of(error: Exception, *, context: Context, runbook_id: str, doing: str) -> Failure:
    """Return what an error means for the execution; ``doing`` names the step it came from.

    Of several errors (a parallel step's) the worst decides, and all are told. ``LeaseLost`` is
    raised again: nothing more may be written. An error that is none of the engine's is a fault in
    the program; its traceback goes to the log alone.
    """
    leaves = list(_leaves(error))
    worst = min(leaves, key=_rank)
    if isinstance(worst, LeaseLost):
        raise worst
    if not isinstance(worst, EngineError):
        logger.error("%s has a fault (%s).", runbook_id, doing, exc_info=error)
        told = _fault(worst, runbook_id=runbook_id, doing=doing)
        return _unseen(context, ErrorCode.INTERNAL, told) or Failure(
            status=Status.FAILED, error_code=ErrorCode.INTERNAL, message=told
        )
    told = " ".join(dict.fromkeys(_sentence(leaf) for leaf in leaves))
    stopped = isinstance(worst, ExecutionStopped)
    unseen = _unseen(context, ErrorCode.CONNECTION_LOST if stopped else worst.code, told)
    if unseen:
        return unseen
    if isinstance(worst, ExecutionStopped):
        return _stopped(worst, doing=doing)
    status = Status.TIMEOUT if isinstance(worst, CommandTimedOut) else Status.FAILED
    code = worst.code
    says_nothing_was_done = code is ErrorCode.VALIDATION or isinstance(worst, WebUnreachable)
    if says_nothing_was_done and context.changed:
        # These codes start no cooldown, and CONNECTION would say that the server can't be asked.
        code = ErrorCode.COMMAND_FAILED
    return Failure(
        status=status,
        error_code=code,
        message=told,
        cancel_outcome=getattr(worst, "cancel_outcome", None),
    )


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error


def _rank(error: Exception) -> int:
    """Return how much an error decides: a smaller number outranks a larger one."""
    places = [place for place, kind in enumerate(_WORST_FIRST) if isinstance(error, kind)]
    return min(places, default=len(_WORST_FIRST))


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, EngineError) else f"{type(error).__name__}."


def _unseen(context: Context, code: ErrorCode, told: str) -> Failure | None:
    """Return the honest end where nobody saw that of a changing command."""
    if not context.lost_command:
        return None
    return Failure(
        status=Status.UNKNOWN,
        error_code=code,
        message=f"{told} Nobody saw the end of `{context.lost_command}`: it may have run or not. "
        "Look at the server before you run it again.",
    )


def _fault(error: Exception, *, runbook_id: str, doing: str) -> str:
    return (
        f"OpsManager or its runbook {runbook_id} has a fault ({type(error).__name__}, {doing}). "
        "Neither the server nor your input is to blame: tell your administrator; the worker's "
        "log has the details."
    )


def _stopped(error: ExecutionStopped, *, doing: str) -> Failure:
    if error.reason == "TIMEOUT":
        message = f"The time for this execution ran out {doing}. Give it more, or see why it hung."
        return Failure(
            status=Status.TIMEOUT,
            error_code=ErrorCode.TIMEOUT,
            message=message,
            cancel_outcome=error.cancel_outcome,
        )
    return Failure(
        status=Status.CANCELLED,
        message=f"Cancelled {doing}.",
        cancel_outcome=error.cancel_outcome,
    )
