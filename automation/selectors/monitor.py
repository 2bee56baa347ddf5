"""What the monitor of an execution says beside the bare facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.urls import reverse
from django.utils import timezone

from automation.engine.results import ActionStatus, Status
from automation.models import STARTERS, Execution, ExecutionLog, Trigger
from automation.selectors import records

_WORTH_A_WORD_MS = 1000.0
_TAKE_BACK = "Take back: "
"""How the rows of a rollback begin their step's name; their number is that of the step itself."""
_ENDINGS = {
    Status.PENDING: "waits to run",
    Status.RUNNING: "runs now",
    Status.SUCCESS: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELLED: "was cancelled",
    Status.TIMEOUT: "ran out of time",
    Status.ROLLED_BACK: "was rolled back",
    Status.UNKNOWN: "ended, nobody knows how",
}
_VERDICTS = {
    "FIXED": "and fixed it",
    "NOT_FIXED": "and did not fix it",
    "MADE_WORSE": "and made it worse",
    "NOTHING_TO_FIX": "and there was nothing to fix",
}


def sentence(execution: Execution) -> str:
    """Say in one sentence what ran, where, by whom, and how it ended."""
    kind = "Dry run of " if execution.is_dry_run else ""
    user = execution.triggered_by_user
    who = f"started by {user.get_username() if user else _by_itself(execution)}"
    if execution.api_token_name:
        who += f" with the API token {execution.api_token_name}"
    if execution.incident_id:
        who += " for an incident"
    said = (
        f"{kind}{execution.runbook.title} on {execution.server.name}, {who}, "
        f"{_ENDINGS[Status(execution.status)]}"
    )
    if execution.status == Status.ROLLED_BACK:
        # Whatever it had achieved is gone.
        by = execution.rollback_by
        return f"{said} by {by.get_username()}." if by else f"{said}."
    verdict = _VERDICTS.get(execution.verdict)
    return f"{said} {verdict}." if verdict else f"{said}."


def _by_itself(execution: Execution) -> str:
    """Say what started it where no user did."""
    kind = STARTERS.get(Trigger(execution.triggered_by))
    return f"the {kind} {execution.trigger_name}" if kind and execution.trigger_name else "itself"


def steps(execution: Execution) -> list[dict[str, Any]]:
    """Return number, title, status and duration of each step.

    ``was_reached`` tells a step that was left out (SKIPPED) from one that it never came to;
    ``taken_back`` is RUNNING or SUCCESS where a rollback is at it, or was.
    """
    return steps_of([execution])[execution.pk]


def steps_of(listed: Sequence[Execution]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the steps of several executions, by execution, with one look at their logs."""
    times = _times(listed)
    return {execution.pk: _steps(execution, times[execution.pk]) for execution in listed}


def assessment_rows(execution: Execution) -> list[dict[str, Any]]:
    """Return what both assessments found, side by side: name, before, after, changed."""
    before = (execution.assessment_before or {}).get("values", {})
    after = (execution.assessment_after or {}).get("values", {})
    return [
        {
            "name": name.replace("_", " "),
            "before": before.get(name),
            "after": after.get(name),
            "changed": bool(after) and before.get(name) != after.get(name),
        }
        for name in dict.fromkeys([*before, *after])
    ]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long it has taken so far, or took, against how long it usually takes; milliseconds."""

    elapsed: float
    usual: float

    @property
    def longer(self) -> float:
        """By how much it is, or was, longer than usual; 0 where it is not."""
        over = self.elapsed - self.usual
        return over if over >= _WORTH_A_WORD_MS else 0.0

    @property
    def most(self) -> float:
        """Where the bar ends; the mark of the usual stands at two thirds of it."""
        return self.usual * 1.5


def pace(execution: Execution) -> Pace | None:
    """Return elapsed against usual; ``None`` before it runs, and where nothing is usual yet."""
    if execution.started_at is None or execution.status == Status.PENDING:
        return None
    usual = records.estimated_seconds(execution.runbook) * 1000
    if not usual or (execution.is_final and execution.is_dry_run):
        return None
    end = execution.finished_at or timezone.now()
    elapsed = (end - execution.started_at).total_seconds() * 1000
    return Pace(elapsed=max(elapsed, 0.0), usual=usual)


def last_change(execution: Execution) -> ExecutionLog | None:
    """Return the changing command of an UNKNOWN execution whose end nobody saw, else its last."""
    rows = ExecutionLog.objects.filter(
        execution=execution, queued_at=execution.queued_at, changes=True
    )
    unseen = rows.filter(status__in=[ActionStatus.UNKNOWN, ActionStatus.RUNNING])
    return unseen.order_by("-seq").first() or rows.order_by("-seq").first()


def edit_url(execution: Execution) -> str:
    """Return the address of the runbook's page with this execution's values filled in."""
    values: dict[str, Any] = {"server": execution.server_id}
    for name, value in execution.parameters.items():
        if value is not None:  # which a form says by an empty field
            values[name] = "\n".join(map(str, value)) if isinstance(value, list) else value
    if execution.incident_id:
        values["incident"] = execution.incident_id
    page = reverse("automation:runbook_detail", args=[execution.runbook.runbook_id])
    return f"{page}?{urlencode(values)}"


_Times = dict[int, Mapping[str, Any]]


def _times(listed: Sequence[Execution]) -> dict[UUID, _Times]:
    """Return, by execution and step, what the log says of times and failures."""
    times: dict[UUID, _Times] = {execution.pk: {} for execution in listed}
    if not listed:
        return times
    queued = [execution.queued_at for execution in listed]
    rows = ExecutionLog.objects.filter(
        execution__in=times, queued_at__gte=min(queued), queued_at__lte=max(queued)
    )
    of_rollback = Q(step_name__startswith=_TAKE_BACK)
    wrong = ~of_rollback & Q(
        status__in=[
            ActionStatus.FAILED,
            ActionStatus.TIMEOUT,
            ActionStatus.CANCELLED,
            ActionStatus.UNKNOWN,
        ]
    )
    counted = (
        rows.order_by("execution_id", "step_number")
        .values("execution_id", "step_number")
        .annotate(
            first=Min("started_at", filter=~of_rollback),
            last=Max("finished_at", filter=~of_rollback),
            held_back=Count("seq", filter=Q(status=ActionStatus.PLANNED, changes=True)),
            skipped=Count("seq", filter=Q(status=ActionStatus.SKIPPED)),
            wrong=Max("seq", filter=wrong),
            back=Count("seq", filter=of_rollback),
        )
    )
    for row in counted:
        times[row["execution_id"]][row["step_number"]] = row
    return times


def _steps(execution: Execution, times: _Times) -> list[dict[str, Any]]:
    failed = _failed_step(execution, times)
    last = max((n for n, row in times.items() if row["first"]), default=0)
    return [
        {
            "number": number,
            "title": title,
            "status": _as_logged(_step_status(execution, number, failed), times.get(number)),
            "was_reached": number <= last,
            "taken_back": _taken_back(execution, number, times.get(number)),
            "duration_ms": _duration(times.get(number)),
        }
        for number, title in enumerate(execution.step_titles, start=1)
    ]


def _taken_back(execution: Execution, number: int, row: Mapping[str, Any] | None) -> str:
    """Return how far the rollback is with a step: RUNNING, SUCCESS, or empty."""
    if execution.rollback_status == Status.RUNNING and number == execution.current_step:
        return str(Status.RUNNING)
    is_past = execution.status == Status.ROLLED_BACK or (
        execution.is_rolling_back and number > execution.current_step
    )
    return str(Status.SUCCESS) if is_past and row and row["back"] else ""


def _failed_step(execution: Execution, times: _Times) -> int | None:
    """Return the step in which a final execution stopped, if it did not succeed."""
    if not execution.is_final or _succeeded(execution):
        return None
    wrong = max(
        (row for row in times.values() if row["wrong"]), key=lambda row: row["wrong"], default=None
    )
    number = wrong["step_number"] if wrong else 0
    return number if 1 <= number <= execution.total_steps else execution.current_step or None


def _succeeded(execution: Execution) -> bool:
    """Whether it did, also when it was taken back later."""
    taken_back = execution.status == Status.ROLLED_BACK and not execution.error_code
    return taken_back or execution.status == Status.SUCCESS


def _step_status(execution: Execution, number: int, failed: int | None) -> str:
    if _succeeded(execution):
        return "SUCCESS"
    if execution.is_final:
        if failed is None or number > failed:
            return "SKIPPED"
        if number < failed:
            return "SUCCESS"
        # How it ended before it was taken back is no longer known but from its error.
        return "FAILED" if execution.status == Status.ROLLED_BACK else str(execution.status)
    if number < execution.current_step:
        return "SUCCESS"
    is_now = number == execution.current_step and execution.status == Status.RUNNING
    return "RUNNING" if is_now else "PENDING"


def _as_logged(status: str, row: Mapping[str, Any] | None) -> str:
    """Return the step's status; of one that was left out or only shown, that."""
    if status != "SUCCESS" or row is None:
        return status
    if row["skipped"]:
        return "SKIPPED"
    return "PLANNED" if row["held_back"] else status


def _duration(times: Mapping[str, Any] | None) -> int | None:
    if times is None or times["first"] is None or times["last"] is None:
        return None
    took: timedelta = times["last"] - times["first"]
    return round(took.total_seconds() * 1000)
