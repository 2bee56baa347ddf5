"""Schedules looked for, with what they ran last, and what became of the times of one."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from automation.models import (
    Batch,
    CatalogEntry,
    Execution,
    Schedule,
    ScheduleSlot,
    WorkflowRun,
)
from automation.selectors import executions, workflow_runs
from opsmanager.accounts import permissions


def of(schedule: Schedule) -> QuerySet[ScheduleSlot]:
    """Return the slots of a schedule, newest first, with what each started."""
    rows = ScheduleSlot.objects.filter(schedule=schedule)
    return rows.select_related("execution__server", "batch", "workflow_run").order_by("-due_at")


def runs_of(user: permissions.Actor, schedule: Schedule) -> QuerySet[Execution]:
    """Return the executions of a schedule that the user may see, newest first."""
    return executions.visible_to(user).filter(schedule_id=schedule.pk)


def workflow_runs_of(user: permissions.Actor, schedule: Schedule) -> QuerySet[WorkflowRun]:
    """Return the runs of workflows of a schedule that the user may see, newest first."""
    return workflow_runs.visible_to(user).filter(schedule_id=schedule.pk)


def with_started(user: permissions.Actor, rows: Iterable[Schedule]) -> list[Schedule]:
    """Return the rows, each with what its newest slot started.

    That is one of ``last_execution``, ``last_batch`` and ``last_workflow_run``, or none.
    """
    found = list(rows)
    kinds: dict[str, QuerySet[Any]] = {
        "last_execution": executions.visible_to(user),
        "last_batch": Batch.objects.all(),
        "last_workflow_run": workflow_runs.visible_to(user),
    }
    for name, there in kinds.items():
        ids = [pk for row in found if (pk := getattr(row, f"{name}_id", None))]
        started = there.in_bulk(ids) if ids else {}
        for row in found:
            setattr(row, name, started.get(getattr(row, f"{name}_id", None)))
    return found


def search(rows: QuerySet[Schedule], text: str) -> QuerySet[Schedule]:
    """Return the schedules with the text in name, description, place or what they run."""
    text = text.strip()
    if not text:
        return rows
    return rows.filter(
        Q(name__icontains=text)
        | Q(description__icontains=text)
        | Q(runbook__runbook_id__icontains=text)
        | Q(runbook__title__icontains=text)
        | Q(template__name__icontains=text)
        | Q(workflow__name__icontains=text)
        | Q(template__runbook__runbook_id__icontains=text)
        | Q(template__runbook__title__icontains=text)
        | Q(server__name__icontains=text)
        | Q(server_group__name__icontains=text)
    )


def of_runbook(rows: QuerySet[Schedule], runbook: CatalogEntry) -> QuerySet[Schedule]:
    """Return the schedules that run the runbook, by themselves or by a template."""
    return rows.filter(Q(runbook=runbook) | Q(template__runbook=runbook))
