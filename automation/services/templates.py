"""Templates: saved parameters of a runbook, kept by administrators and run with one click."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError

from automation.engine import params
from automation.models import Batch, Execution, SecretParameters, Template
from automation.runner import leftovers
from automation.selectors import access, runbooks
from automation.services import batches, conditions, executions, secret_parameters
from automation.services.batches import BatchLaunch
from automation.services.executions import Launch
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.in_use import in_use
from opsmanager.common.problems import Conflict, Invalid, NotFound
from servers.models import Server, ServerGroup
from servers.selectors import groups

_TEXTS = frozenset({"name", "description"})
"""Fields in which people write what they like."""


def require_managing(actor: permissions.Actor) -> None:
    """Raise :class:`NotPermitted` unless the actor may make, change and delete templates."""
    permissions.require(
        actor,
        roles.MANAGE_TEMPLATES,
        "Only administrators may make, change and delete templates. Ask one of them.",
    )


@transaction.atomic
def save(*, actor: User, template: Template | None = None, **fields: Any) -> Template:
    """Make a template, or change what is given of one.

    ``fields`` are name, description, runbook, parameters (by names on the wire), server and
    server_group; to choose one place takes the other away. Secret parameters that were given once
    are kept until others are given. Raises :class:`Invalid`, :class:`Conflict` for a name that
    another one has, :class:`NotPermitted`.
    """
    require_managing(actor)
    row = Template(created_by=actor) if template is None else _held(template.pk)
    before = None if template is None else row.runbook_id
    old_secrets = row.secret_parameters
    given: Mapping[str, Any] | None = fields.pop("parameters", None)
    for name in _TEXTS & fields.keys():
        fields[name] = secrets_in_use.masked(fields[name])
    _one_place(fields)
    changed = {name: value for name, value in fields.items() if getattr(row, name, None) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    _require_free_name(row)
    kind = runbooks.code_of(row.runbook)
    raw = row.parameters if given is None else given
    keeps = before == row.runbook_id and not secret_parameters.are_given(kind, raw)
    kept = old_secrets if keeps else None
    runbook = conditions.parsed(kind, raw, kept=kept.names if kept else ())
    parameters = params.dump(runbook)
    if parameters != row.parameters:
        row.parameters = changed["parameters"] = parameters
    row.secret_parameters = secret_parameters.sealed(row.runbook, runbook, kept=kept)
    if row.secret_parameters != old_secrets:
        changed["secret parameters"] = _names(row.secret_parameters)
    row.save()
    if old_secrets is not None and row.secret_parameters != old_secrets:
        leftovers.delete_secrets([old_secrets.pk])
    if template is None or changed:
        trail.record(
            "AUTOMATION_TEMPLATE_CREATED" if template is None else "AUTOMATION_TEMPLATE_UPDATED",
            actor=actor,
            target=row,
            changed={name: _told(value) for name, value in changed.items()},
        )
    return row


@transaction.atomic
def delete(*, actor: User, template: Template) -> None:
    """Delete a template; what ran by it stays. Raises :class:`Conflict` while something uses it."""
    require_managing(actor)
    row = _held(template.pk)
    trail.record(
        "AUTOMATION_TEMPLATE_DELETED",
        actor=actor,
        target=row,
        runbook=row.runbook.runbook_id,
        parameters=row.parameters,
    )
    try:
        row.delete()
    except ProtectedError as problem:
        raise in_use(template, problem) from problem
    if row.secret_parameters_id is not None:
        leftovers.delete_secrets([row.secret_parameters_id])


def run(
    *,
    actor: User,
    template: Template,
    server: Server | None = None,
    server_group: ServerGroup | None = None,
    is_dry_run: bool = False,
    is_confirmed: bool = False,
    reason: str = "",
    parameters: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Execution | Batch:
    """Run a template: on its own server or group, or on another; return what was launched.

    ``parameters`` are laid over its own. Raises what a launch raises, and :class:`Invalid` where
    nothing says on which server.
    """
    access.require_running(actor)
    if server is None and server_group is None:
        server, server_group = template.server, template.server_group
    over = {params.wire_name(name): value for name, value in (parameters or {}).items()}
    asked: dict[str, Any] = {
        "actor": actor,
        "runbook": template.runbook,
        "parameters": {**template.parameters, **over},
        "saved_secrets": template.secret_parameters,
        "is_dry_run": is_dry_run,
        "is_confirmed": is_confirmed,
        "reason": reason,
        "template_id": template.pk,
        "idempotency_key": idempotency_key,
    }
    if server is not None:
        return executions.launch(Launch(server=server, **asked))
    if server_group is None:
        said = f"{template.name} names no server of its own. Choose one, or a group."
        raise Invalid(said, details={"serverId": [said]})
    return batches.launch(BatchLaunch(servers=groups.members(actor, server_group), **asked))


def _held(pk: UUID) -> Template:
    """Return the template, which nobody else changes until the transaction ends."""
    rows = Template.objects.select_for_update(of=("self",))
    row = rows.select_related("runbook", "server", "server_group", "secret_parameters")
    found = row.filter(pk=pk).first()
    if found is None:
        raise NotFound("The template was deleted a moment ago.")
    return found


def _one_place(fields: dict[str, Any]) -> None:
    """Let a chosen server take the place of a group, and the other way round."""
    if fields.get("server") is not None and fields.get("server_group") is not None:
        said = "Choose a server or a group, not both."
        raise Invalid(said, details={"serverGroupId": [said]})
    if fields.get("server") is not None:
        fields["server_group"] = None
    elif fields.get("server_group") is not None:
        fields["server"] = None


def _require_free_name(row: Template) -> None:
    if Template.objects.filter(name=row.name).exclude(pk=row.pk).exists():
        said = f"Another template is called {row.name}. Choose another name."
        raise Conflict(said, details={"name": [said]})


def _names(secrets: SecretParameters | None) -> list[str]:
    return secrets.names if secrets else []


def _told(value: Any) -> Any:
    return value if value is None or isinstance(value, dict | list | str) else str(value)
