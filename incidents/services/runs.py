"""What is run for an incident does to it: its timeline, and where it stands."""

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from automation.engine.results import Status
from automation.models import Execution, Trigger, WorkflowRun
from automation.selectors import executions
from incidents.models import Incident, IncidentStatus, TimelineEntry
from incidents.selectors import access
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import InvalidState, NotFound

_AT_REST = (IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED)


def note_started(execution: Execution, *, actor: trail.Actor) -> None:
    """Write into the timeline that a runbook was launched for the incident, in that transaction."""
    kind = "Dry run" if execution.is_dry_run else "Run"
    _write_for(execution, f"{kind} of {execution.runbook.title} started.", actor=actor)


def note_execution(execution: Execution) -> None:
    """Write the end of an execution into the timeline of its incident, in that transaction."""
    said = execution.result_summary or execution.error_message
    verdict = f" ({execution.verdict.replace('_', ' ')})" if execution.verdict else ""
    kind = "Dry run" if execution.is_dry_run else "Run"
    text = f"{kind} of {execution.runbook.title} ended {execution.status}{verdict}. {said}"
    _write_for(execution, text.strip())


def note_run_started(run: WorkflowRun, *, actor: trail.Actor) -> None:
    """Write into the timeline that a workflow was started, or goes on, in that transaction."""
    begins = "goes on" if run.retries else "was started"
    _write_of(run, f"{_kind_of(run)} {run.name} {begins}.", actor=actor)


def note_run(run: WorkflowRun) -> None:
    """Write the end of a run of a workflow into the timeline, in that transaction."""
    _write_of(run, f"{_kind_of(run)} {run.name} ended {run.status}. {run.message}".strip())


def settle(incident_id: UUID) -> None:
    """Say REMEDIATING while a workflow runs for it, or something that changes, else not.

    In the transaction in which one began or ended. The incident is held first: of one that begins
    while another ends, the later one sees both.
    """
    row = Incident.objects.select_for_update(of=("self",)).filter(pk=incident_id).first()
    if row is None or not row.is_open:
        return
    live = {
        "incident_id": incident_id,
        "status__in": [Status.PENDING, Status.RUNNING],
        "is_dry_run": False,
    }
    is_mending = (
        Execution.objects.filter(**live, changes=True).exists()
        or WorkflowRun.objects.filter(**live).exists()
    )
    if is_mending and row.status in _AT_REST:
        status = IncidentStatus.REMEDIATING
    elif not is_mending and row.status == IncidentStatus.REMEDIATING:
        is_known = row.acknowledged_at is not None
        status = IncidentStatus.ACKNOWLEDGED if is_known else IncidentStatus.OPEN
    else:
        return
    Incident.objects.filter(pk=row.pk).update(status=status, updated_at=Now())


@transaction.atomic
def link(*, actor: User, incident: Incident, execution: Execution) -> None:
    """Say that an execution was for this incident; said already, it is left as it is.

    Raises :class:`InvalidState` when it is for another one.
    """
    access.require_managing(actor)
    held = executions.hold(execution.pk)
    if held.incident_id == incident.pk:
        return
    if held.incident_id is not None and Incident.objects.filter(pk=held.incident_id).exists():
        raise InvalidState("It is linked to another incident. Take it off there first.")
    _relate(held, incident.pk)
    kind = "Dry run" if execution.is_dry_run else "Run"
    text = f"{kind} of {execution.runbook.title} on {execution.server.name} was for this."
    write(incident, "EXECUTION", text, actor=actor, execution=execution)
    _told("INCIDENT_EXECUTION_LINKED", actor, incident, execution)


@transaction.atomic
def unlink(*, actor: User, incident: Incident, execution: Execution) -> None:
    """Say that an execution was not for this incident.

    Raises :class:`NotFound` when it is not linked, :class:`InvalidState` for a rule's.
    """
    access.require_managing(actor)
    held = executions.hold(execution.pk)
    if held.incident_id != incident.pk:
        raise NotFound("This execution is not linked to this incident.")
    if held.triggered_by == Trigger.INCIDENT and held.triggered_by_user_id is None:
        raise InvalidState("A rule started it for this incident, so it stays with it.")
    _relate(held, None)
    text = f"The run of {execution.runbook.title} on {execution.server.name} was not for this."
    write(incident, "EXECUTION", text, actor=actor, execution=execution)
    _told("INCIDENT_EXECUTION_UNLINKED", actor, incident, execution)


def write(
    incident: Incident,
    kind: str,
    text: str,
    *,
    actor: trail.Actor = None,
    execution: Execution | None = None,
    workflow_run: WorkflowRun | None = None,
) -> TimelineEntry:
    """Write a line into the timeline, as ``incidents.services.incidents.write`` does."""
    if isinstance(actor, User):
        name = actor.get_username()
    else:
        name = actor.replace(":", " ", 1) if isinstance(actor, str) else ""
    return TimelineEntry.objects.create(
        incident=incident,
        kind=kind,
        text=secrets_in_use.masked(text),
        actor=name[:200],
        execution=execution,
        workflow_run=workflow_run,
    )


def _kind_of(run: WorkflowRun) -> str:
    return "A dry run of the workflow" if run.is_dry_run else "The workflow"


def _write_of(run: WorkflowRun, text: str, *, actor: trail.Actor = None) -> None:
    incident = Incident.objects.filter(pk=run.incident_id).first() if run.incident_id else None
    if incident is not None:
        write(incident, "EXECUTION", text, actor=actor, workflow_run=run)
        settle(incident.pk)


def _write_for(execution: Execution, text: str, *, actor: trail.Actor = None) -> None:
    if execution.incident_id is None:
        return
    incident = Incident.objects.filter(pk=execution.incident_id).first()
    if incident is not None:
        write(incident, "EXECUTION", text, actor=actor, execution=execution)
        settle(incident.pk)


def _relate(execution: Execution, incident_id: UUID | None) -> None:
    earlier = execution.incident_id
    Execution.objects.filter(pk=execution.pk).update(
        incident_id=incident_id, revision=F("revision") + 1
    )
    for pk in (earlier, incident_id):
        if pk is not None:
            settle(pk)


def _told(verb: str, actor: User, incident: Incident, execution: Execution) -> None:
    trail.record(
        verb,
        actor=actor,
        target=incident,
        execution=str(execution.pk),
        runbook=execution.runbook.runbook_id,
        server=execution.server.name,
    )
