"""What incidents do when something is launched for one, and when it has ended."""

from typing import Any
from uuid import UUID

from automation.models import Execution, WorkflowRun
from incidents.selectors import incidents as selectors
from incidents.services import endings, runs
from opsmanager.accounts.models import User
from opsmanager.audit import trail


def look_for_incident(*, actor: User, incident_id: UUID, **_: Any) -> None:
    """Refuse to launch something for an incident that is not there, or that they may not see."""
    selectors.get(actor, incident_id)


def note_launch(*, execution: Execution, actor: trail.Actor, **_: Any) -> None:
    """Write the launch of an execution into the timeline of the incident it is for."""
    runs.note_started(execution, actor=actor)


def note_execution(*, execution: Execution, **_: Any) -> None:
    """Write the end of an execution into the timeline of the incident it was for."""
    if execution.incident_id is not None:
        runs.note_execution(execution)


def take_end(*, execution: Execution, **_: Any) -> None:
    """Note what came of an execution that a rule started."""
    endings.take_end(execution)


def note_run_start(*, run: WorkflowRun, actor: trail.Actor, **_: Any) -> None:
    """Write the start of a workflow into the timeline of the incident it is for."""
    runs.note_run_started(run, actor=actor)


def take_run_end(*, run: WorkflowRun, **_: Any) -> None:
    """Write the end of a workflow into the timeline, and note what came of it for a rule."""
    if run.incident_id is not None:
        runs.note_run(run)
        endings.take_run_end(run)
