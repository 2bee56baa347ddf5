"""Tells the channels that a workflow failed, with what failed in it."""

from typing import Final

import structlog
from django.db import OperationalError, transaction

from automation.engine.results import Status
from automation.models import WorkflowRun
from automation.workflows import Phase
from opsmanager.common.terminal_text import visible
from opsmanager.notifications import outbox
from opsmanager.notifications.message import Event, Message
from servers.models import ServerGroup

log = structlog.get_logger(__name__)

_MOST: Final = 20


def tell_of(run: WorkflowRun) -> None:
    """Tell of the end of a run, in its transaction, where it failed and was no dry run."""
    if run.status != Status.FAILED or run.is_dry_run or not outbox.is_heard(Event.WORKFLOW_FAILED):
        return
    try:
        with transaction.atomic():
            outbox.tell(_message(run))
    except OperationalError:
        # The database's own trouble passes; the next one to look tries again.
        raise
    except Exception:
        # Whoever should have heard of it can still read it; the run has ended.
        log.exception("nobody told", run=str(run.pk))


def _message(run: WorkflowRun) -> Message:
    failed = run.steps.filter(phase=Phase.FAILED)
    lines = [
        run.message,
        *(f"{row}: {row.reason}" for row in failed.filter(is_spread=False)[:_MOST]),
    ]
    if run.reason:
        lines.append(f"Reason given: {run.reason}")
    # A channel for some groups of servers hears of what failed on these.
    there = ServerGroup.objects.filter(servers__in=failed.values("server"))
    return Message(
        event=Event.WORKFLOW_FAILED,
        severity="HIGH",
        title=f"{run.name} failed",
        body="\n".join(visible(line) for line in lines if line),
        path=f"/workflow-runs/{run.pk}/",
        key=f"workflow:{run.workflow_id or run.pk}",
        group_ids=tuple(there.order_by("pk").distinct().values_list("pk", flat=True)),
    )
