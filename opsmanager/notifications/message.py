"""What is told: one message, whoever reads it and wherever."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class Event(StrEnum):
    """What happened; channels choose among these."""

    EXECUTION_FAILED = "EXECUTION_FAILED"
    """FAILED or TIMEOUT."""
    EXECUTION_UNKNOWN = "EXECUTION_UNKNOWN"
    EXECUTION_NOT_FIXED = "EXECUTION_NOT_FIXED"
    """NOT_FIXED or MADE_WORSE."""
    EXECUTION_FIXED = "EXECUTION_FIXED"
    SCHEDULE_MISSED = "SCHEDULE_MISSED"
    SCHEDULE_REFUSED = "SCHEDULE_REFUSED"
    WORKFLOW_FAILED = "WORKFLOW_FAILED"
    INCIDENT_OPENED = "INCIDENT_OPENED"
    INCIDENT_RESOLVED = "INCIDENT_RESOLVED"
    REMEDIATION_STARTED = "REMEDIATION_STARTED"
    REMEDIATION_HELD = "REMEDIATION_HELD"
    """A rule fits an incident and a guard holds it back."""
    BREAKER_OPENED = "BREAKER_OPENED"
    APPROVAL_REQUESTED = "APPROVAL_REQUESTED"
    APPROVAL_BYPASSED = "APPROVAL_BYPASSED"
    """Somebody went on without the approval that was asked for."""
    CHANNEL_TEST = "CHANNEL_TEST"
    """Somebody tries a channel; it goes to that one alone."""


SENTENCES: Final[dict[Event, str]] = {
    Event.EXECUTION_FAILED: "An execution failed or ran out of time.",
    Event.EXECUTION_UNKNOWN: "Nobody knows how an execution ended: a person must look.",
    Event.EXECUTION_NOT_FIXED: "An execution succeeded and fixed nothing, or made it worse.",
    Event.EXECUTION_FIXED: "An execution fixed what was broken.",
    Event.SCHEDULE_MISSED: "A schedule did not run at its time.",
    Event.SCHEDULE_REFUSED: "A schedule wanted to run and was refused.",
    Event.WORKFLOW_FAILED: "A workflow failed.",
    Event.INCIDENT_OPENED: "An incident was opened.",
    Event.INCIDENT_RESOLVED: "An incident was resolved.",
    Event.REMEDIATION_STARTED: "A rule started a runbook for an incident.",
    Event.REMEDIATION_HELD: "A rule fits an incident, and a guard holds it back.",
    Event.BREAKER_OPENED: "A rule stopped on a server, because its runs fixed nothing.",
    Event.APPROVAL_REQUESTED: "Something waits for the approval of other people.",
    Event.APPROVAL_BYPASSED: "Somebody went on without an approval: another must review that.",
    Event.CHANNEL_TEST: "Somebody tried a channel.",
}
"""What happened, in a sentence."""
EVENTS: Final = tuple(event for event in Event if event is not Event.CHANNEL_TEST)
"""Those that channels choose among."""
CHOSEN: Final = tuple(event.value for event in EVENTS)
ALL: Final = tuple(event.value for event in Event)
SEVERITIES: Final = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
"""The worst first."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message: what, where, verdict, reason, last lines, link."""

    event: Event
    severity: str
    """CRITICAL, HIGH, MEDIUM or LOW, as of incidents."""
    title: str
    body: str
    """Plain text; secrets in it are masked when it is told."""
    path: str
    """Of the page that shows it, such as ``/executions/…/``; the public URL is put before it."""
    key: str
    """The same for the same trouble, so that its repeats can be kept quiet."""
    runbook_id: str = ""
    group_ids: tuple[UUID, ...] = ()
    """The groups of the server that it is about."""
