"""What people do about incidents, and how one is opened and closed: audited, in the timeline."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from automation.models import Execution, WorkflowRun
from incidents.models import Incident, IncidentStatus, Severity, TimelineEntry
from incidents.selectors import access
from incidents.services import checked, runs, telling
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import Conflict, Invalid, InvalidState
from servers.models import Server
from servers.selectors import maintenance

MANUAL: Final = "manual"
"""The source of what a person opened."""


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
    actor: User | None = None,
    **more: Any,
) -> Incident:
    """Open an incident, or return the open one with the same fingerprint; ``more`` are fields."""
    return _opened(
        title=title,
        severity=severity,
        source=source,
        fingerprint=fingerprint,
        server=server,
        labels=labels,
        description=description,
        actor=actor,
        **more,
    )[0]


@transaction.atomic
def open_by_hand(
    *,
    actor: User,
    title: str,
    severity: str,
    description: str = "",
    server: Server | None = None,
    labels: Mapping[str, str] | None = None,
    key: str = "",
) -> Incident:
    """Open an incident that a person has noticed; rules are asked about it like about an alert's.

    The same ``key`` opens it once, however often a form is sent. Raises :class:`Invalid`.
    """
    access.require_managing(actor)
    incident, made = _opened(
        title=checked.title(title),
        severity=checked.severity(severity),
        source=MANUAL,
        fingerprint=f"{MANUAL}:{key[:100] or uuid4()}",
        server=server,
        labels=checked.labels(labels or {}),
        description=description,
        actor=actor,
        server_found_by=f"{actor.get_username()} chose it." if server else "",
        in_maintenance=server is not None and maintenance.of(server) is not None,
        look_again_at=Now(),
    )
    if made:
        trail.record(
            "INCIDENT_OPENED",
            actor=actor,
            target=incident,
            severity=severity,
            server=server.name if server else "",
        )
        telling.opened(incident, actor.get_username())
    return incident


@transaction.atomic
def acknowledge(*, actor: User, incident: Incident) -> None:
    """Say that somebody looks at it. Raises :class:`InvalidState` when it isn't open."""
    access.require_managing(actor)
    changed = Incident.objects.filter(pk=incident.pk, status=IncidentStatus.OPEN).update(
        status=IncidentStatus.ACKNOWLEDGED, acknowledged_at=Now(), acknowledged_by=actor
    )
    if not changed:
        raise InvalidState("Only an open incident can be acknowledged; this one is not open.")
    write(incident, "ACKNOWLEDGED", "Acknowledged.", actor=actor)
    trail.record("INCIDENT_ACKNOWLEDGED", actor=actor, target=incident)


@transaction.atomic
def resolve(*, actor: User, incident: Incident, reason: str = "") -> None:
    """Say that it is over. Raises :class:`InvalidState` when it was said already."""
    access.require_managing(actor)
    reason = checked.text(reason, "reason", least=0)
    why = f"Resolved: {reason}" if reason else "Resolved."
    close(incident, why, actor=actor)
    telling.resolved(incident, why)


@transaction.atomic
def close(
    incident: Incident, why: str, *, actor: trail.Actor = None, by_source: bool = False
) -> None:
    """Resolve an incident for a reason; without an actor, because its source said so.

    ``by_source`` remembers that the source said it. Whoever calls tells of it. Raises
    :class:`InvalidState` when it is resolved already.
    """
    changed = (
        Incident.objects.filter(pk=incident.pk)
        .exclude(status=IncidentStatus.RESOLVED)
        .update(
            status=IncidentStatus.RESOLVED,
            resolved_at=Now(),
            resolved_by_source=by_source,
            look_again_at=None,
        )
    )
    if not changed:
        raise InvalidState("This incident is resolved already.")
    write(incident, "RESOLVED", why, actor=actor)
    trail.record(
        "INCIDENT_RESOLVED",
        actor=actor or f"source:{incident.source}",
        target=incident,
        message=secrets_in_use.masked(why),
    )


@transaction.atomic
def reopen(*, actor: User, incident: Incident, reason: str = "") -> None:
    """Say that it is not over after all; rules are asked about it again.

    Raises :class:`InvalidState` when it isn't resolved, :class:`Conflict` when the same trouble
    is open as another incident.
    """
    access.require_managing(actor)
    reason = checked.text(reason, "reason", least=0)
    try:
        with transaction.atomic():
            changed = Incident.objects.filter(
                pk=incident.pk, status=IncidentStatus.RESOLVED
            ).update(
                status=IncidentStatus.OPEN,
                resolved_at=None,
                resolved_by_source=False,
                acknowledged_at=None,
                acknowledged_by=None,
                times_opened=F("times_opened") + 1,
                look_again_at=Now(),
            )
    except IntegrityError as problem:
        raise Conflict(
            "The same trouble is open as another incident already. Go on with that one."
        ) from problem
    if not changed:
        raise InvalidState("Only a resolved incident can be opened again; this one is not over.")
    write(incident, "REOPENED", f"Reopened: {reason}" if reason else "Reopened.", actor=actor)
    trail.record(
        "INCIDENT_REOPENED", actor=actor, target=incident, message=secrets_in_use.masked(reason)
    )
    runs.settle(incident.pk)


@transaction.atomic
def assign(*, actor: User, incident: Incident, to: User | None) -> None:
    """Say who takes care of it; ``None`` for nobody. Said already, it is left as it is.

    Raises :class:`Invalid` for somebody who may not manage incidents.
    """
    access.require_managing(actor)
    if to is not None and not permissions.may(to, roles.MANAGE_INCIDENTS):
        name = to.get_username()
        said = f"{name} may not manage incidents. Choose somebody whose role lets them."
        raise Invalid(said, details={"assignedTo": [said]})
    row = Incident.objects.select_for_update().get(pk=incident.pk)
    if row.assigned_to_id == (to.pk if to else None):
        return
    Incident.objects.filter(pk=incident.pk).update(assigned_to=to, updated_at=Now())
    if to is None:
        said = "Assigned to nobody."
    elif to.pk == actor.pk:
        said = "Took it."
    else:
        said = f"Assigned to {to.get_username()}."
    write(incident, "ASSIGNED", said, actor=actor)
    trail.record(
        "INCIDENT_ASSIGNED", actor=actor, target=incident, to=to.get_username() if to else ""
    )


@transaction.atomic
def note(*, actor: User, incident: Incident, text: str) -> TimelineEntry:
    """Write a note into the timeline. Raises :class:`Invalid`."""
    access.require_managing(actor)
    entry = write(incident, "NOTE", checked.text(text, "text", least=1), actor=actor)
    trail.record("INCIDENT_NOTED", actor=actor, target=incident)
    return entry


@transaction.atomic
def change(*, actor: User, incident: Incident, **fields: Any) -> None:
    """Change title, description, severity or server; what is so already is left.

    A server that a person chose is looked at by rules anew. Raises :class:`Invalid`.
    """
    access.require_managing(actor)
    row = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if "title" in fields:
        fields["title"] = secrets_in_use.masked(checked.title(fields["title"]))
    if "description" in fields:
        fields["description"] = secrets_in_use.masked(fields["description"])
    if "severity" in fields:
        fields["severity"] = checked.severity(fields["severity"])
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    if not changed:
        return
    told = {name: str(value or "") for name, value in changed.items()}
    said = [_said(row, name, value) for name, value in changed.items()]
    if "server" in changed:
        server = changed["server"]
        changed |= {
            "server_found_by": f"{actor.get_username()} {'chose it' if server else 'took it off'}.",
            "in_maintenance": server is not None and maintenance.of(server) is not None,
            "look_again_at": Now(),
        }
    Incident.objects.filter(pk=row.pk).update(**changed, updated_at=Now())
    write(incident, "CHANGED", " ".join(said), actor=actor)
    trail.record("INCIDENT_UPDATED", actor=actor, target=row, changed=told)


def write(
    incident: Incident,
    kind: str,
    text: str,
    *,
    actor: trail.Actor = None,
    execution: Execution | None = None,
    workflow_run: WorkflowRun | None = None,
) -> TimelineEntry:
    """Write a line into the timeline, in the caller's transaction; secrets in it are masked.

    ``actor`` is a user, or what acts by itself as the audit trail names it: ``rule:restart nginx``.
    """
    return runs.write(
        incident, kind, text, actor=actor, execution=execution, workflow_run=workflow_run
    )


def _opened(
    *,
    title: str,
    severity: str,
    source: str,
    fingerprint: str,
    labels: dict[str, Any],
    description: str,
    actor: User | None,
    **more: Any,
) -> tuple[Incident, bool]:
    """Return the incident, and whether it was opened now."""
    incident, made = Incident.objects.exclude(status=IncidentStatus.RESOLVED).get_or_create(
        fingerprint=fingerprint,
        defaults={
            "title": secrets_in_use.masked(title),
            "severity": severity,
            "source": source,
            "labels": secrets_in_use.redactor().value(labels),
            "description": secrets_in_use.masked(description),
            **more,
        },
    )
    if made:
        incident.refresh_from_db()
        by = "hand" if source == MANUAL else source
        write(incident, "OPENED", f"Opened by {by}.", actor=actor)
    return incident, made


def _said(row: Incident, name: str, value: Any) -> str:
    if name == "severity":
        return f"Severity {Severity(row.severity).label} → {Severity(value).label}."
    if name == "server":
        return f"Server: {value.name}." if value else "It is about no server."
    if name == "title":
        return f"Title, before: {row.title}"
    return "Description changed."
