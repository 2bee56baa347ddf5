"""What the monitor of one execution shows, for its page and for the polls of its parts."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone

from automation.engine.results import Status
from automation.models import Execution
from automation.selectors import approvals, live, monitor, waiting
from automation.selectors import executions as selectors
from automation.services import deleting
from automation.web.decision_form import DecisionForm
from opsmanager.accounts import along, permissions, roles
from opsmanager.accounts.requests import user_of

_LIVE_SECONDS: Final = 2
_ASKED_SECONDS: Final = 10
"""Between two polls while a server is asked how an UNKNOWN execution ended."""


def polls_every(execution: Execution, *, seconds: int = _LIVE_SECONDS) -> int:
    """Return after how many seconds the page asks again; 0 for not any more."""
    if execution.is_live:
        return seconds
    return _ASKED_SECONDS if execution.may_still_change else 0


def is_seen(request: HttpRequest, *, with_waits: bool = False) -> bool:
    """Return whether a poll has seen the execution as it is now, and may be answered by nothing.

    It reads what the session's query found along; where that is nothing, the view has to look.
    """
    standing = live.standing_of(along.found_along(request))
    if standing is None or not permissions.may(request.user, roles.VIEW_EXECUTIONS):
        return False
    is_same = request.GET.get("revision") == str(standing.revision)
    # What it waits for changes with other executions, not with itself.
    waits_alike = not with_waits or request.GET.get("waits", "0") == str(standing.waits)
    return standing.may_change and is_same and waits_alike


def state(
    request: HttpRequest, execution: Execution, *, decision: DecisionForm | None = None
) -> dict[str, Any]:
    """Return all that stands on the monitor beside the log."""
    user = user_of(request)
    conditions = waiting.why(execution)
    execution.waiting_for = _first_reason(conditions)  # type: ignore[attr-defined]
    may_retry = permissions.may(user, roles.RETRY_EXECUTIONS)
    may_run = permissions.may(user, roles.EXECUTE_RUNBOOKS)
    is_real = not execution.is_dry_run
    return {
        "execution": execution,
        "sentence": monitor.sentence(execution),
        "steps": monitor.steps(execution),
        "assessments": {
            "before": execution.assessment_before,
            "after": execution.assessment_after,
        },
        "assessment_rows": monitor.assessment_rows(execution),
        "pace": monitor.pace(execution),
        "why": conditions,
        "waits": _waits(execution, conditions),
        "retry_seconds": _seconds_to(execution),
        "attempts": execution.max_retries + 1,
        "polls_every": polls_every(execution),
        "rollback_progress": _rollback_progress(execution),
        "last_change": monitor.last_change(execution) if execution.is_unknown else None,
        "approval": approvals.of_execution(user, execution) if is_real else None,
        "decision": decision or DecisionForm(),
        "may_cancel": execution.is_live and selectors.may_cancel(user, execution),
        "may_run": may_run,
        "may_retry": may_run and may_retry and not execution.is_unknown,
        "may_decide": may_run and may_retry and execution.is_unknown,
        "may_roll_back": _may_be_taken_back(execution)
        and permissions.may(user, roles.ROLL_BACK_EXECUTIONS),
        "may_delete": not execution.is_live and deleting.may_delete(user, execution),
        "edit_url": monitor.edit_url(execution),
        "retries": _linked(execution.retries.all()) if execution.is_final else [],
        "exact_runs": _linked(execution.exact_runs.all()) if not is_real else [],
    }


def _may_be_taken_back(execution: Execution) -> bool:
    """Whether to offer a rollback at all; its own page says why nothing can be taken back."""
    return (
        execution.is_final
        and execution.changes
        and not execution.is_dry_run
        and not execution.is_rolling_back
        and execution.status not in (Status.ROLLED_BACK, Status.UNKNOWN)
    )


def _rollback_progress(execution: Execution) -> int:
    """Return how far a rollback is, 0 to 100: it goes from the last step to the first."""
    if execution.rollback_status != Status.RUNNING or not execution.total_steps:
        return 0
    left = min(execution.current_step, execution.total_steps)
    return round(100 * (execution.total_steps - left) / execution.total_steps)


def _first_reason(conditions: list[waiting.Condition]) -> str:
    said = [each.message for each in conditions if not each.holds and each.name != "retryTime"]
    if said:
        return said[0]
    is_free = conditions and all(each.holds for each in conditions)
    return "Waits for a free worker." if is_free else ""


def _seconds_to(execution: Execution) -> float | None:
    """Return in how many seconds another attempt begins, ``None`` where none is to."""
    if execution.waiting_since is None or execution.not_before is None:
        return None
    left: timedelta = execution.not_before - timezone.now()
    return max(left.total_seconds(), 0.0)


def _waits(execution: Execution, conditions: list[waiting.Condition]) -> int:
    standing = live.standing(execution.pk) if conditions else None
    return standing.waits if standing else 0


def _linked(rows: Iterable[Execution]) -> list[Execution]:
    return sorted(rows, key=lambda row: row.queued_at)
