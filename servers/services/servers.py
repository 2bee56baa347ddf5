"""Servers and groups: made, changed and deleted, each with its line in the trail."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import Conflict, Invalid
from servers.models import HostKeyState, Server, ServerGroup
from servers.reach import why_not

_WRITTEN = frozenset({"description", "tags"})
"""Fields in which people write what they like."""


@transaction.atomic
def save(
    *,
    actor: User | None,
    server: Server | None = None,
    groups: Collection[ServerGroup] | None = None,
    **fields: Any,
) -> Server:
    """Make a server, or change one. ``fields`` are those of :class:`Server`, valid already.

    Raises :class:`Invalid` for an address that can't be a server's.

    A server that moves to another address is another machine: its accepted host key is retired,
    and what the last check found is forgotten.
    """
    is_new = server is None
    row = server or Server()
    for name in _WRITTEN & fields.keys():
        fields[name] = secrets_in_use.redactor().value(fields[name])
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    if said := why_not(changed["hostname"]) if "hostname" in changed else "":
        raise Invalid(said, details={"hostname": [said]})
    for name, value in changed.items():
        setattr(row, name, value)
    if not is_new and {"hostname", "port"} & changed.keys():
        row.host_keys.exclude(state=HostKeyState.RETIRED).update(state=HostKeyState.RETIRED)
        row.probes.filter(finished_at__isnull=False).delete()
        row.reachable = row.latency_ms = row.checked_at = None
        row.error_code = row.error_message = ""
    row.save()
    told = _told(changed)
    if groups is not None:
        wanted = sorted(group.name for group in groups)
        if wanted != sorted(row.groups.values_list("name", flat=True)):
            told["groups"] = wanted
        row.groups.set(groups)
    if is_new or told:
        trail.record(
            "SERVER_CREATED" if is_new else "SERVER_UPDATED",
            actor=actor,
            target=row,
            changed=told,
        )
    return row


@transaction.atomic
def set_maintenance(*, actor: User, server: Server, on: bool) -> Server:
    """Begin or end maintenance: somebody works on the server. Done already, it is left as it is."""
    row = Server.objects.select_for_update().get(pk=server.pk)
    if row.in_maintenance is not on:
        row.in_maintenance = on
        row.save(update_fields=["in_maintenance", "updated_at"])
        trail.record(
            "SERVER_MAINTENANCE_BEGUN" if on else "SERVER_MAINTENANCE_ENDED",
            actor=actor,
            target=row,
        )
    return row


@transaction.atomic
def delete(*, actor: User, server: Server) -> None:
    """Delete a server on which nothing ever ran. Raises :class:`Conflict`."""
    trail.record("SERVER_DELETED", actor=actor, target=server)
    permissions.forget(server)
    try:
        server.delete()
    except ProtectedError as problem:
        raise Conflict(
            f"{server.name} has executions, which are kept. Switch it off instead: then nothing "
            "runs there."
        ) from problem


@transaction.atomic
def save_group(
    *, actor: User, group: ServerGroup | None = None, name: str, description: str = ""
) -> ServerGroup:
    """Make a server group, or change one."""
    is_new = group is None
    row = group or ServerGroup()
    given = {"name": name, "description": secrets_in_use.masked(description)}
    changed = {field: value for field, value in given.items() if getattr(row, field) != value}
    for field, value in given.items():
        setattr(row, field, value)
    row.save()
    verb = "SERVER_GROUP_CREATED" if is_new else "SERVER_GROUP_UPDATED"
    trail.record(verb, actor=actor, target=row, changed=changed)
    return row


@transaction.atomic
def delete_group(*, actor: User, group: ServerGroup) -> None:
    """Delete a group; its servers stay."""
    trail.record("SERVER_GROUP_DELETED", actor=actor, target=group)
    permissions.forget(group)
    group.delete()


def _told(changed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, bool | int | str | list) else str(value)
        for name, value in changed.items()
    }
