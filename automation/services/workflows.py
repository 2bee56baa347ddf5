"""Workflows as they are saved: checked as a whole, kept by administrators, told in the trail."""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError

from automation import workflows
from automation.models import Workflow
from automation.services import workflow_texts
from automation.workflows import Definition
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.in_use import in_use
from opsmanager.common.problems import Conflict, Invalid, NotFound

_PROSE = ("title", "message", "text")
"""Fields of a node in which people write what they like."""


def require_managing(actor: permissions.Actor) -> None:
    """Raise :class:`NotPermitted` unless the actor may make, change and delete workflows."""
    permissions.require(
        actor,
        roles.MANAGE_WORKFLOWS,
        "Only administrators may make, change and delete workflows. Ask one of them.",
    )


@transaction.atomic
def save(
    *,
    actor: User,
    definition: Definition,
    workflow: Workflow | None = None,
    seen_version: int | None = None,
) -> Workflow:
    """Make a workflow, or have one be what the definition says, its name included.

    ``seen_version`` is the one that was changed: where somebody else saved another meanwhile, it
    is not lost. Raises :class:`Invalid` with what is wrong by place, :class:`Conflict` for a name
    that another one has or a version that is gone, :class:`NotPermitted`.
    """
    require_managing(actor)
    definition = _tidied(definition)
    workflow_texts.require_sound(actor, definition)
    row = Workflow(definition={}, version=0) if workflow is None else _held(workflow.pk)
    if seen_version is not None and row.version != seen_version:
        said = (
            f"Somebody saved version {row.version} of {row.name} meanwhile; yours began with "
            f"version {seen_version}. Look at theirs, then save yours again."
        )
        raise Conflict(said, code="VERSION_CHANGED", details={"version": [said]})
    raw = definition.as_json()
    if raw == row.definition:
        return row
    changed = _told(row, definition)
    row.name, row.description = definition.name, definition.description
    _require_free_name(row)
    row.definition = raw
    row.version += 1
    row.saved_by = actor
    row.save()
    trail.record(
        "AUTOMATION_WORKFLOW_CREATED" if workflow is None else "AUTOMATION_WORKFLOW_UPDATED",
        actor=actor,
        target=row,
        changed=changed,
    )
    return row


@transaction.atomic
def change(
    *,
    actor: User,
    workflow: Workflow | None,
    definition: Definition | None,
    is_active: bool | None = None,
    seen_version: int | None = None,
) -> Workflow:
    """Make a workflow or change what is given of one, all of it or nothing.

    Raises what :func:`save` raises.
    """
    row = workflow
    if definition is not None:
        row = save(actor=actor, definition=definition, workflow=row, seen_version=seen_version)
    if row is None:
        raise Invalid("Say what the workflow does.", details={"definition": ["Is required."]})
    return row if is_active is None else set_active(actor=actor, workflow=row, on=is_active)


@transaction.atomic
def set_active(*, actor: User, workflow: Workflow, on: bool) -> Workflow:
    """Switch a workflow on or off: what is off begins no more runs; those that run go on."""
    require_managing(actor)
    row = _held(workflow.pk)
    if row.is_active is not on:
        row.is_active = on
        row.save(update_fields=["is_active", "updated_at"])
        changed = {"is_active": on}
        trail.record("AUTOMATION_WORKFLOW_UPDATED", actor=actor, target=row, changed=changed)
    return row


@transaction.atomic
def delete(*, actor: User, workflow: Workflow) -> None:
    """Delete a workflow; its runs stay. Raises :class:`Conflict` while a schedule runs it."""
    require_managing(actor)
    row = _held(workflow.pk)
    trail.record("AUTOMATION_WORKFLOW_DELETED", actor=actor, target=row, definition=row.definition)
    try:
        row.delete()
    except ProtectedError as problem:
        raise in_use(workflow, problem) from problem


def definition_of(workflow: Workflow) -> Definition:
    """Return what a workflow does."""
    return workflows.parsed(workflow.definition)


def _held(pk: UUID) -> Workflow:
    """Return the workflow, which nobody else changes until the transaction ends."""
    found = Workflow.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        raise NotFound("The workflow was deleted a moment ago.")
    return found


def _require_free_name(row: Workflow) -> None:
    if Workflow.objects.filter(name=row.name).exclude(pk=row.pk).exists():
        said = f"Another workflow is called {row.name}. Choose another name."
        raise Conflict(said, details={"name": [said]})


def _tidied(definition: Definition) -> Definition:
    """Return the workflow with its name in one line, and without secrets where people write."""
    masked = secrets_in_use.masked
    nodes = {key: _changed(node, _PROSE, masked) for key, node in definition.nodes.items()}
    return definition.model_copy(
        update={
            "name": masked(" ".join(definition.name.split())),
            "description": masked(definition.description),
            "inputs": [_changed(each, ("help",), masked) for each in definition.inputs],
            "nodes": nodes,
        }
    )


def _changed(part: Any, names: tuple[str, ...], change: Callable[[str], str]) -> Any:
    found = {name: change(getattr(part, name)) for name in names if hasattr(part, name)}
    return part.model_copy(update=found)


def _told(row: Workflow, definition: Definition) -> dict[str, Any]:
    """Return what the trail says of a change: which version it is, and where it differs."""
    before, after = row.definition, definition.as_json()
    names = ("name", "description", "inputs", "edges")
    old, new = before.get("nodes", {}), after["nodes"]
    parts = {
        "added": [key for key in new if key not in old],
        "removed": [key for key in old if key not in new],
        "changed": [key for key in new if key in old and new[key] != old[key]],
    }
    changed: dict[str, Any] = {
        "version": row.version + 1,
        "sha256": hashlib.sha256(json.dumps(after, sort_keys=True).encode()).hexdigest(),
        "nodes": {word: keys for word, keys in parts.items() if keys},
    }
    for name in names:
        if before.get(name) != after.get(name):
            changed[name] = after.get(name)
    return changed
