"""Runs of workflows on the command line: run, watch, cancel, retry."""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError

from automation import workflows
from automation.engine.results import Status
from automation.models import Priority, Workflow, WorkflowRun, WorkflowStep
from automation.selectors import workflow_runs as selectors
from automation.selectors import workflow_steps
from automation.services import workflow_runs
from automation.services.workflow_runs import WorkflowLaunch
from automation.workflows import Phase
from opsmanager.accounts.models import User
from opsmanager.common.uuids import as_uuid

_POLL_SECONDS: Final = 0.3
_REFUSED: Final = 2
_EXIT_CODES: Final = {Status.SUCCESS: 0, Status.FAILED: 1, Status.CANCELLED: 3}

Say = Callable[[str], None]


def add_verbs(verbs: Any) -> None:
    """Add what the verbs of this module take to those of a command."""
    run = verbs.add_parser("run", help="start one, and follow it to its end")
    run.add_argument("name")
    run.add_argument("inputs", nargs="*", metavar="name=value", help="what it wants to know")
    run.add_argument("--dry-run", action="store_true", help="show what it would do")
    run.add_argument("--priority", choices=[p.name for p in Priority], default="NORMAL")
    _add_common(run, "who runs it")
    watch = verbs.add_parser("watch", help="follow a run to its end")
    watch.add_argument("run", help="its id")
    _add_user(watch, "who looks")
    cancel = verbs.add_parser("cancel", help="begin nothing more of a run, and end what runs")
    cancel.add_argument("run", help="its id")
    _add_user(cancel, "who cancels it")
    retry = verbs.add_parser("retry", help="have a run go on from what failed, and follow it")
    retry.add_argument("run", help="its id")
    retry.add_argument("--node", help="from this node on, instead of all that failed")
    _add_common(retry, "who has it go on")


def run(user: User, workflow: Workflow, say: Say, **options: Any) -> None:
    """Start a workflow, and follow it. Raises the :class:`Problem` that holds it back."""
    definition = workflows.parsed(workflow.definition)
    started = workflow_runs.start(
        WorkflowLaunch(
            actor=user,
            workflow=workflow,
            inputs=workflows.typed(definition, _given(options["inputs"])),
            is_dry_run=options["dry_run"] or settings.AUTOMATION_DRY_RUN_DEFAULT,
            is_confirmed=options["confirm"],
            reason=options["reason"],
            priority=Priority[options["priority"]],
        )
    )
    watch(user, str(started.pk), say)


def cancel(user: User, key: str, say: Say) -> None:
    """Cancel a run. Raises the :class:`Problem` that holds it back."""
    found = workflow_runs.cancel(actor=user, run=_run(user, key))
    say(f"{found.name} begins nothing more, and ends what runs.")


def retry(user: User, key: str, say: Say, **options: Any) -> None:
    """Have a run go on, and follow it. Raises the :class:`Problem` that holds it back."""
    workflow_runs.retry(
        actor=user,
        run=_run(user, key),
        node=options["node"],
        reason=options["reason"],
        is_confirmed=options["confirm"],
    )
    watch(user, key, say)


def watch(user: User, key: str, say: Say) -> None:
    """Write a line for each change of a node, until the run has ended; the exit code says how."""
    row = _run(user, key)
    dry = " (dry run)" if row.is_dry_run else ""
    say(f"{row.pk}  {row.name}, version {row.version}{dry}")
    told: dict[str, str] = {}
    seen: int | None = None
    while True:
        row = _run(user, key)
        # What runs may change by itself, without a change of the run.
        if row.revision != seen or told:
            seen = row.revision
            for step in workflow_steps.shown(row):
                line = _line(step)
                if told.get(str(step), "") != line:
                    say(line)
                    told[str(step)] = line
        if row.is_final:
            break
        time.sleep(_POLL_SECONDS)
    say(f"\n{row.name}: {row.status}. {row.message}")
    code = _EXIT_CODES[Status(row.status)]
    if code:
        raise CommandError(row.status, returncode=code)


def _line(step: WorkflowStep) -> str:
    """Say where a node stands; empty while it has not come to that."""
    if step.phase in (Phase.WAITING, Phase.READY):
        return ""
    said = step.reason or (step.result or {}).get("summary", "")
    if step.phase == Phase.RUNNING:
        said = _running(step)
    return f"{step}: {step.phase}{f'. {said}' if said else ''}"


def _running(step: WorkflowStep) -> str:
    approval = step.approval_id  # type: ignore[attr-defined] # of the query
    if step.execution is not None and step.execution.is_unknown:
        return f"Nobody knows how execution {step.execution_id} ended. Decide that."
    if step.execution is not None:
        return f"Execution {step.execution_id}"
    if step.due_at is not None:
        return f"It waits until {step.due_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"It waits for approval {approval}" if approval else ""


def _given(pairs: list[str]) -> dict[str, str]:
    """Return name=value pairs by their names."""
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CommandError(f"{pair} must look like name=value.", returncode=_REFUSED)
        if name in given:
            raise CommandError(f"{name} is given twice, and takes one value.", returncode=_REFUSED)
        given[name] = value
    return given


def _run(user: User, key: str) -> WorkflowRun:
    uuid = as_uuid(key)
    if uuid is None:
        raise CommandError(f"{key} is no id of a run.", returncode=_REFUSED)
    return selectors.get(user, uuid)


def _add_common(parser: ArgumentParser, who: str) -> None:
    parser.add_argument("--confirm", action="store_true", help="yes, dangerous or production")
    parser.add_argument("--reason", default="", help="why; kept in the audit trail")
    _add_user(parser, who)


def _add_user(parser: ArgumentParser, who: str) -> None:
    parser.add_argument("--as", dest="user", default="admin", help=f"{who} (default: admin)")
