"""Starting what a schedule runs: at its times for its owner, or now for somebody."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from automation.models import (
    Batch,
    CatalogEntry,
    Execution,
    Priority,
    Schedule,
    SecretParameters,
    Trigger,
    Workflow,
    WorkflowRun,
)
from automation.selectors import access
from automation.services import batches, executions, workflow_checks, workflow_runs
from automation.services.batches import BatchLaunch
from automation.services.executions import Launch
from automation.services.workflow_runs import WorkflowLaunch
from opsmanager.accounts.models import User
from opsmanager.common.problems import Invalid
from servers.models import Server, ServerGroup
from servers.selectors import groups

Started = Execution | Batch | WorkflowRun


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which runbook a schedule runs, and where, its template included."""

    runbook: CatalogEntry
    parameters: dict[str, Any]
    secrets: SecretParameters | None
    server: Server | None
    group: ServerGroup | None

    @property
    def place(self) -> str:
        """Such as "web-1" or "the group shop"."""
        if self.server is not None:
            return self.server.name
        return f"the group {self.group}" if self.group else "no server"


@dataclass(frozen=True, kw_only=True)
class Named:
    """What a schedule runs, for those who are told of it."""

    title: str
    """Such as "Restart a service on web-1", within a sentence."""
    runs: str
    """The runbook's id, or the workflow's name."""
    on: str
    runbook_id: str = ""
    group_ids: tuple[UUID, ...] = ()


def wanted(schedule: Schedule) -> Wanted:
    """Return what the schedule runs, unless that is a workflow."""
    template = schedule.template
    runbook = template.runbook if template else schedule.runbook
    if runbook is None:  # the database has one of them
        raise Invalid("It names no runbook.", details={"runbookId": ["Name a runbook."]})
    has_place = schedule.server is not None or schedule.server_group is not None
    placed: Any = schedule if has_place or template is None else template
    return Wanted(
        runbook=runbook,
        parameters={**(template.parameters if template else {}), **schedule.parameters},
        secrets=schedule.secret_parameters or (template.secret_parameters if template else None),
        server=placed.server,
        group=placed.server_group,
    )


def named(schedule: Schedule) -> Named:
    """Return what the schedule runs, in words."""
    if schedule.workflow is not None:
        name = schedule.workflow.name
        return Named(title=f"the workflow {name}", runs=name, on="where the workflow says")
    what = wanted(schedule)
    return Named(
        title=f"{what.runbook.title} on {what.place}",
        runs=what.runbook.runbook_id,
        on=what.place,
        runbook_id=what.runbook.runbook_id,
        group_ids=(what.group.pk,) if what.group is not None else groups.keys_of(what.server),
    )


def start(schedule: Schedule, *, actor: User, trigger: Trigger, reason: str = "") -> Started:
    """Launch it. Raises the :class:`Problem` that holds it back."""
    access.require_running(actor)
    asked: dict[str, Any] = {
        "actor": actor,
        "is_dry_run": schedule.is_dry_run,
        "priority": Priority(schedule.priority),
        "is_confirmed": schedule.is_confirmed,
        "reason": reason,
        "trigger": trigger,
        "trigger_name": "" if trigger is Trigger.MANUAL else schedule.name,
        "schedule_id": schedule.pk,
    }
    if schedule.workflow is not None:
        return _start_workflow(schedule.workflow, schedule, asked)
    what = wanted(schedule)
    asked |= {
        "runbook": what.runbook,
        "parameters": what.parameters,
        "saved_secrets": what.secrets,
        "template_id": schedule.template_id,
    }
    if what.server is not None:
        return executions.launch(Launch(**asked, server=what.server))
    if what.group is None:
        raise Invalid(
            f"{schedule.name} names no server and no group, and its template neither. Choose one.",
            details={"serverId": ["Choose a server or a group."]},
        )
    members = list(groups.members(actor, what.group))
    if not members:
        raise Invalid(
            f"The group {what.group.name} has no server that is switched on and that "
            f"{actor.get_username()} may see. Put one into it, or choose another place."
        )
    return batches.launch(BatchLaunch(**asked, servers=members, max_parallel=schedule.max_parallel))


def _start_workflow(workflow: Workflow, schedule: Schedule, asked: dict[str, Any]) -> WorkflowRun:
    try:
        return workflow_runs.start(
            WorkflowLaunch(**asked, workflow=workflow, inputs=schedule.parameters)
        )
    except Invalid as problem:
        raise workflow_checks.said_whole(problem) from None
