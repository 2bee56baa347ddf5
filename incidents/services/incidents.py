"""Opening, acknowledging and resolving incidents, and what executions did for them."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from automation.models import Execution
from incidents.models import Incident, IncidentStatus, TimelineEntry
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import InvalidState
from servers.models import Server

_MAY_NOT = "Your role may not manage incidents. A manager or an administrator can give you one."


@transaction.atomic
def open_incident(
    *,
    title: str,
    severity: str,
    source: str,
    fingerprint: str,
    server: Server | None,
    labels: dict[str, Any],
    description: str = "",
) -> Incident:
    """Open an incident, or return the open one with the same fingerprint."""
    incident, made = Incident.objects.exclude(status=IncidentStatus.RESOLVED).get_or_create(
        fingerprint=fingerprint,
        defaults={
            "title": secrets_in_use.masked(title),
            "severity": severity,
            "source": source,
            "server": server,
            "labels": secrets_in_use.redactor().value(labels),
            "description": secrets_in_use.masked(description),
        },
    )
    if made:
        incident.refresh_from_db()
        _write(incident, "OPENED", f"Opened by {source}.")
    return incident


@transaction.atomic
def acknowledge(*, actor: User, incident: Incident) -> None:
    """Say that somebody looks at it. Raises :class:`InvalidState` when it isn't open."""
    permissions.require(actor, roles.MANAGE_INCIDENTS, _MAY_NOT)
    changed = Incident.objects.filter(pk=incident.pk, status=IncidentStatus.OPEN).update(
        status=IncidentStatus.ACKNOWLEDGED, acknowledged_at=Now(), acknowledged_by=actor
    )
    if not changed:
        raise InvalidState("Only an open incident can be acknowledged; this one is not open.")
    _write(incident, "ACKNOWLEDGED", "Acknowledged.", actor=actor)
    trail.record("INCIDENT_ACKNOWLEDGED", actor=actor, target=incident)


@transaction.atomic
def resolve(*, actor: User, incident: Incident) -> None:
    """Say that it is over. Raises :class:`InvalidState` when it was said already."""
    permissions.require(actor, roles.MANAGE_INCIDENTS, _MAY_NOT)
    close(incident, "Resolved.", actor=actor)


@transaction.atomic
def close(incident: Incident, why: str, *, actor: User | None = None) -> None:
    """Resolve an incident for a reason; without an actor, because its source said so."""
    changed = (
        Incident.objects.filter(pk=incident.pk)
        .exclude(status=IncidentStatus.RESOLVED)
        .update(status=IncidentStatus.RESOLVED, resolved_at=Now())
    )
    if not changed:
        raise InvalidState("This incident is resolved already.")
    _write(incident, "RESOLVED", why, actor=actor)
    trail.record("INCIDENT_RESOLVED", actor=actor or f"source:{incident.source}", target=incident)


def note_started(execution: Execution, *, actor: User) -> None:
    """Write into the timeline that somebody started a runbook for the incident."""
    kind = "Dry run" if execution.is_dry_run else "Run"
    _write_for(execution, f"{kind} of {execution.runbook.title} started.", actor=actor)


def note_execution(execution: Execution) -> None:
    """Write the end of an execution into the timeline of its incident."""
    said = execution.result_summary or execution.error_message
    verdict = f" ({execution.verdict.replace('_', ' ')})" if execution.verdict else ""
    kind = "Dry run" if execution.is_dry_run else "Run"
    text = f"{kind} of {execution.runbook.title} ended {execution.status}{verdict}. {said}"
    _write_for(execution, text.strip())


def _write_for(execution: Execution, text: str, *, actor: User | None = None) -> None:
    if execution.incident_id is None:
        return
    incident = Incident.objects.filter(pk=execution.incident_id).first()
    if incident is not None:
        _write(incident, "EXECUTION", text, actor=actor, execution=execution)


def _write(
    incident: Incident,
    kind: str,
    text: str,
    *,
    actor: User | None = None,
    execution: Execution | None = None,
) -> None:
    TimelineEntry.objects.create(
        incident=incident,
        kind=kind,
        text=text,
        actor=actor.get_username() if actor else "",
        execution=execution,
    )
