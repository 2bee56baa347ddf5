"""A log as text: what was done, where, by whom, and each command with all that it said."""

import re
from collections.abc import Iterator

from automation.engine.results import StepType
from automation.models import Execution, ExecutionLog
from automation.selectors import executions, monitor
from opsmanager.common.connections import give_back
from opsmanager.common.templatetags.times import duration, moment
from opsmanager.common.terminal_text import printed, visible

_AT_ONCE = 10
"""Rows that are read in one go, so that no log is ever in memory as a whole."""


def file_name(execution: Execution, part: str = "log") -> str:
    """Return a name for the file that tells runbook, server and execution."""
    words = (execution.runbook.runbook_id, execution.server.name, str(execution.pk)[:8], part)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(words)).strip("-").lower() + ".txt"


def chunks(execution: Execution) -> Iterator[bytes]:
    """Yield the text in pieces. No connection is held while a piece is sent."""
    yield _head(execution).encode(errors="replace")
    step: tuple[int, int, str] | None = None
    after, has_more = 0, True
    while has_more:
        rows = list(executions.logs(execution, after=after)[:_AT_ONCE])
        give_back()
        has_more = len(rows) == _AT_ONCE
        for row in rows:
            this = (row.attempt, row.step_number, row.step_name)
            title = "" if this == step else f"\n== {_step(execution, row)} ==\n"
            step, after = this, row.seq
            yield (title + _row(row)).encode(errors="replace")


def _head(execution: Execution) -> str:
    facts = [
        monitor.sentence(execution),
        f"Execution {execution.pk}",
        f"Queued {moment(execution.queued_at)}",
        execution.started_at and f"Started {moment(execution.started_at)}",
        execution.finished_at
        and f"Ended {moment(execution.finished_at)}, after {duration(execution.duration_ms)}",
        execution.reason and f"Reason: {execution.reason}",
        execution.result_summary and f"Result: {execution.result_summary}",
        execution.error_message
        and execution.error_message != execution.result_summary
        and f"Error: {execution.error_message}",
        "" if execution.is_final else "It has not ended yet: this is the log so far.",
    ]
    return "".join(f"{visible(fact)}\n" for fact in facts if fact)


def _step(execution: Execution, row: ExecutionLog) -> str:
    place = f"Step {row.step_number}"
    if row.step_number == 0:
        place = "Look before"
    elif row.step_number > execution.total_steps:
        place = "Look after"
    attempt = f"Attempt {row.attempt} · " if row.attempt > 1 else ""
    return attempt + " · ".join(filter(None, (place, visible(row.step_name))))


def _row(row: ExecutionLog) -> str:
    prompt = "$ " if row.step_type == StepType.SSH_COMMAND else ""
    end = [
        row.status,
        "changes" if row.changes else "",
        "" if row.exit_code is None else f"exit {row.exit_code}",
        duration(row.duration_ms),
    ]
    return (
        f"\n[{moment(row.started_at)}] {prompt}{visible(row.command)}\n"
        + _lines(printed(row.stdout))
        + ("stderr:\n" if row.stderr else "")
        + _lines(printed(row.stderr))
        + (f"{visible(row.error_message)}\n" if row.error_message else "")
        + f"({', '.join(filter(None, end))})\n"
    )


def _lines(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
