"""Tells the channels how executions ended: enough that nobody must log in to decide."""

from typing import Final

from automation.engine.results import ActionStatus, Status, Verdict
from automation.models import STARTERS, Execution, ExecutionLog, Trigger
from opsmanager.common.terminal_text import visible
from opsmanager.notifications import outbox
from opsmanager.notifications.message import Event, Message
from servers.models import Environment
from servers.selectors import groups

_LINES: Final = 20
_CHARACTERS: Final = 2000
_WORSE: Final = {"LOW": "MEDIUM", "MEDIUM": "HIGH", "HIGH": "CRITICAL"}
_SAID: Final = {
    Event.EXECUTION_FAILED: "failed",
    Event.EXECUTION_UNKNOWN: "may have ended, nobody knows how",
    Event.EXECUTION_NOT_FIXED: "fixed nothing",
    Event.EXECUTION_FIXED: "fixed it",
}


def tell_of(execution: Execution) -> None:
    """Tell of the end of an execution those channels that want to hear of it.

    In the transaction of the end. Of a dry run, and of what was cancelled, nothing is told.
    """
    event = event_of(execution)
    if event is None or not outbox.is_heard(event):
        return
    server, runbook = execution.server, execution.runbook
    outbox.tell(
        Message(
            event=event,
            severity=_severity(execution, event),
            title=f"{runbook.title} {_said(execution, event)} on {server.name}",
            body=_body(execution),
            path=f"/executions/{execution.pk}/",
            key=f"execution:{runbook.runbook_id}:{server.pk}:{event}",
            runbook_id=runbook.runbook_id,
            group_ids=groups.keys_of(server),
        )
    )


def event_of(execution: Execution) -> Event | None:
    """Return what its end is for those who are told; ``None`` when it is nothing to tell."""
    if execution.is_dry_run:
        return None
    if execution.status == Status.UNKNOWN:
        return Event.EXECUTION_UNKNOWN
    if execution.status in (Status.FAILED, Status.TIMEOUT):
        return Event.EXECUTION_FAILED
    if execution.status != Status.SUCCESS:
        return None
    if execution.verdict in (Verdict.NOT_FIXED, Verdict.MADE_WORSE):
        return Event.EXECUTION_NOT_FIXED
    return Event.EXECUTION_FIXED if execution.verdict == Verdict.FIXED else None


def _severity(execution: Execution, event: Event) -> str:
    """Return how bad it is: worse where people depend on the server, or nobody knows."""
    if event is Event.EXECUTION_FIXED:
        return "LOW"
    is_production = execution.server.environment == Environment.PRODUCTION
    severity = "HIGH" if is_production else "MEDIUM"
    is_worse = event is Event.EXECUTION_UNKNOWN or execution.verdict == Verdict.MADE_WORSE
    return _WORSE[severity] if is_worse else severity


def _said(execution: Execution, event: Event) -> str:
    if execution.status == Status.TIMEOUT:
        return "ran out of time"
    return "made it worse" if execution.verdict == Verdict.MADE_WORSE else _SAID[event]


def _body(execution: Execution) -> str:
    runbook, server = execution.runbook, execution.server
    ended = f"Status {execution.status}"
    if execution.verdict:
        ended += f", verdict {execution.verdict}"
    place = f"{server.name} ({server.hostname}, {server.get_environment_display().lower()})"
    lines = [
        f"{runbook.title} ({runbook.runbook_id}) on {place}, {_by(execution)}.",
        f"{ended}.",
        execution.error_message,
        execution.result_summary,
        f"Reason given: {execution.reason}" if execution.reason else "",
    ]
    text = "\n".join(visible(line) for line in lines if line)
    output = _last_lines(execution)
    return f"{text}\n\n{output}" if output else text


def _by(execution: Execution) -> str:
    if execution.trigger_name:
        kind = STARTERS[Trigger(execution.triggered_by)]
        return f"started by the {kind} {execution.trigger_name}"
    user = execution.triggered_by_user
    return f"started by {user.get_username()}" if user else "started by itself"


def _last_lines(execution: Execution) -> str:
    """Return the end of what the last failed command wrote, with the command; masked already."""
    wrong = (ActionStatus.FAILED, ActionStatus.TIMEOUT, ActionStatus.UNKNOWN)
    row = (
        ExecutionLog.objects.filter(
            execution_id=execution.pk, queued_at=execution.queued_at, status__in=wrong
        )
        .order_by("-seq")
        .first()
    )
    if row is None:
        return ""
    output = (row.stderr if row.stderr.strip() else row.stdout).rstrip()
    last = "\n".join(visible(line) for line in output.splitlines()[-_LINES:])[-_CHARACTERS:]
    command = visible(row.command)[:200]
    code = "" if row.exit_code is None else f", exit code {row.exit_code}"
    said = f"The last that failed{code}: {command}" if command else ""
    return "\n".join(part for part in (said, last) if part)
