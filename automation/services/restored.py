"""After a restore: what a backup holds as waiting or running is not begun, but put before people.

What became of it after the backup was made, the database can't know: it may have run to its end.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import BigIntegerField, F, Func, Value
from django.db.models.functions import Now

from automation.engine.results import ActionStatus, ErrorCode, Status
from automation.models import Approval, Execution, ExecutionLog, Schedule, WorkflowRun
from automation.runner import finish, high_water
from automation.runner.approvals import withdraw
from automation.services import slots
from opsmanager.audit import trail
from opsmanager.common.clock import database_now

ACTOR: Final = "COMMAND:after_restore"
# Nobody who held it before, or after the backup was made, can write to it.
_NEXT_FENCE: Final = Func(
    Value("automation_fence_seq"), function="nextval", output_field=BigIntegerField()
)
_LIVE: Final = (Status.PENDING, Status.RUNNING)
_RESTORED: Final = "The database was restored from a backup"
_WAITED: Final = (
    f"{_RESTORED}, in which this waited. It may have run after the backup was made: nobody knows. "
    "Look at the server, then decide."
)
_RAN: Final = (
    f"{_RESTORED}, in which this ran. How it went on after the backup was made nobody knows. Look "
    "at the server, then decide."
)
_ONLY_READ: Final = (
    f"{_RESTORED}, in which this had not ended. It only reads: run it again, if you like."
)
_TAKEN_BACK: Final = (
    f"{_RESTORED}, in which the rollback had not ended. How far it came nobody knows. Look at the "
    "server."
)
_SLOT: Final = f"{_RESTORED}, and whether this time was run before that nobody knows."


@dataclass(frozen=True, kw_only=True)
class Settled:
    """How many rows of each kind were settled."""

    unknown: int
    """Executions that may have changed their server, which people decide on now."""
    cancelled: int
    """Dry runs, and what only reads."""
    rollbacks: int
    workflow_runs: int
    """Runs of workflows that begin nothing more."""
    times: int
    """Times of schedules that were due since the backup, and were not run by this database."""


@transaction.atomic
def settle() -> Settled:
    """Settle all that waits or runs, with nothing begun; web, workers and beat are stopped."""
    high_water.go_ahead()
    runs = _stop_workflows()
    Execution.objects.filter(ask_server_at__isnull=False).update(
        ask_server_at=None, revision=F("revision") + 1
    )
    rollbacks = _settle_rollbacks()
    unknown, cancelled = _settle_executions()
    return Settled(
        unknown=unknown,
        cancelled=cancelled,
        rollbacks=rollbacks,
        workflow_runs=runs,
        times=_leave_out_slots(),
    )


def _settle_executions() -> tuple[int, int]:
    unknown = cancelled = 0
    live = Execution.objects.filter(status__in=_LIVE).order_by("queued_at")
    for execution in live.select_for_update(of=("self",)).select_related("runbook", "server"):
        withdraw(Approval.objects.filter(execution=execution), actor=ACTOR, why=f"{_RESTORED}.")
        if execution.changes and not execution.is_dry_run:
            unknown += 1
            _end_unknown(execution)
        else:
            cancelled += 1
            _let_go(execution, status=Status.CANCELLED, result_summary=_ONLY_READ)
            _tell(execution, "AUTOMATION_EXECUTION_CANCELLED", _ONLY_READ)
    return unknown, cancelled


def _end_unknown(execution: Execution) -> None:
    message = _RAN if execution.status == Status.RUNNING else _WAITED
    command = _last_command(execution)
    if command:
        message = f"{message} The last command that the backup knows of: {command}"
    _let_go(
        execution,
        status=Status.UNKNOWN,
        error_code=ErrorCode.WORKER_LOST,
        error_message=message,
    )
    _tell(execution, "AUTOMATION_EXECUTION_UNKNOWN", message)


def _last_command(execution: Execution) -> str:
    rows = ExecutionLog.objects.filter(
        execution=execution, queued_at=execution.queued_at, changes=True
    ).exclude(status=ActionStatus.PLANNED)
    newest = rows.order_by("-seq").first()
    return newest.command if newest else ""


def _settle_rollbacks() -> int:
    waiting = Execution.objects.filter(rollback_status__in=_LIVE).order_by("queued_at")
    rows = list(waiting.select_for_update(of=("self",)).select_related("runbook", "server"))
    for execution in rows:
        _let_go(execution, rollback_status=Status.UNKNOWN, rollback_message=_TAKEN_BACK)
        trail.record(
            "AUTOMATION_EXECUTION_ROLLBACK_FAILED",
            actor=ACTOR,
            target=execution,
            outcome="FAILED",
            message=_TAKEN_BACK,
        )
    return len(rows)


def _let_go(execution: Execution, **changed: Any) -> None:
    """Take it from the queue and from its worker, and write what became of it."""
    if "status" in changed:
        changed["finished_at"] = Now()
    Execution.objects.filter(pk=execution.pk).update(
        **changed,
        waiting_since=None,
        not_before=None,
        woken_at=None,
        lease_until=None,
        worker="",
        resumes=False,
        holds_server=False,
        fence=_NEXT_FENCE,
        revision=F("revision") + 1,
    )
    ExecutionLog.objects.filter(
        execution=execution, queued_at=execution.queued_at, status=ActionStatus.RUNNING
    ).update(status=ActionStatus.UNKNOWN)


def _tell(execution: Execution, verb: str, message: str) -> None:
    row = Execution.objects.select_related("runbook", "server").get(pk=execution.pk)
    trail.record(verb, actor=ACTOR, target=row, outcome="FAILED", message=message)
    finish.tell_listeners(row)


def _stop_workflows() -> int:
    """Have each run begin nothing more; it ends when people have decided what ran in it."""
    running = WorkflowRun.objects.filter(status=Status.RUNNING, cancel_requested_at=None)
    rows = list(running.select_for_update(of=("self",)).order_by("pk"))
    for run in rows:
        trail.record(
            "AUTOMATION_WORKFLOW_CANCEL_REQUESTED",
            actor=ACTOR,
            target=run,
            message=f"{_RESTORED}, in which this had not ended.",
        )
    return WorkflowRun.objects.filter(pk__in=[run.pk for run in rows]).update(
        cancel_requested_at=Now(), revision=F("revision") + 1
    )


def _leave_out_slots() -> int:
    now = database_now()
    rows = Schedule.objects.filter(is_active=True).select_for_update(of=("self",)).order_by("pk")
    known = rows.select_related(
        "runbook", "template__runbook", "workflow", "server", "server_group", "owner"
    )
    return sum(slots.leave_out(schedule, now=now, why=_SLOT) for schedule in known)
