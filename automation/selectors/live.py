"""What is new of an execution, for who follows it: one indexed query while nothing is."""

from uuid import UUID

from automation.engine.results import ActionStatus
from automation.models import Execution, ExecutionLog


def revision(pk: UUID) -> int | None:
    """Return the revision of an execution; ``None`` when it is not there any more."""
    return Execution.objects.filter(pk=pk).values_list("revision", flat=True).first()


def may_change(execution: Execution, row: ExecutionLog) -> bool:
    """Whether a row of its log may still become another one.

    A change whose end nobody saw may be gone on with while the attempt that sent it is.
    """
    if not execution.is_live:
        return False
    if row.status == ActionStatus.UNKNOWN:
        return row.changes and row.seq > execution.begin_seq
    return row.status == ActionStatus.RUNNING
