"""What incidents do when an execution has ended."""

from typing import Any

from automation.models import Execution
from incidents.services import incidents


def note_execution(*, execution: Execution, **_: Any) -> None:
    """Write the end of an execution into the timeline of the incident it was for."""
    if execution.incident_id is not None:
        incidents.note_execution(execution)
