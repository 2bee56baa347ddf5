"""Servers and groups: made, changed and deleted, each with its line in the trail."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common.problems import Conflict
from servers.models import HostKeyState, Server, ServerGroup


@transaction.atomic
def save(
    *,
    actor: User | None,
    server: Server | None = None,
    groups: Iterable[ServerGroup] | None = None,
    **fields: Any,
) -> Server:
    """Make a server, or change one. ``fields`` are those of :class:`Server`, valid already.

    A server that moves to another address is another machine: its accepted host key is retired,
    and what the last check found is forgotten.
    """
    is_new = server is None
    row = server or Server()
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if not is_new and {"hostname", "port"} & changed.keys():
        row.host_keys.exclude(state=HostKeyState.RETIRED).update(state=HostKeyState.RETIRED)
        row.probes.filter(finished_at__isnull=False).delete()
        row.reachable = row.latency_ms = row.checked_at = None
        row.error_code = row.error_message = ""
    row.save()
    if groups is not None:
        row.groups.set(groups)
    trail.record(
        "SERVER_CREATED" if is_new else "SERVER_UPDATED",
        actor=actor,
        target=row,
        changed=_told(changed),
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
    row.name, row.description = name, description
    row.save()
    verb = "SERVER_GROUP_CREATED" if is_new else "SERVER_GROUP_UPDATED"
    trail.record(verb, actor=actor, target=row)
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
