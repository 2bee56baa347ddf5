"""Servers and groups: made, changed and deleted, each with its line in the trail."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import transaction
from django.db.models import ProtectedError

from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import Conflict, Invalid
from servers.models import HostKeyState, Server, ServerGroup
from servers.reach import why_not
from servers.services import names, tending

_Place = TypeVar("_Place", bound=Server | ServerGroup)
_WRITTEN: Final = frozenset({"description", "tags"})
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

    Raises :class:`Invalid` for an address that can't be a server's, for an alias that is a name of
    another one, and for maintenance without an end that can be.

    A server that moves to another address is another machine: its accepted host key is retired,
    and what the last check found is forgotten. That is so, too, for what was found from another
    zone.
    """
    is_new = server is None
    row = server or Server()
    for name in _WRITTEN & fields.keys():
        fields[name] = secrets_in_use.redactor().value(fields[name])
    fields |= _checked(row, fields)
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    if said := why_not(changed["hostname"]) if "hostname" in changed else "":
        raise Invalid(said, details={"hostname": [said]})
    for name, value in changed.items():
        setattr(row, name, value)
    if {"name", "aliases"} & changed.keys():
        names.require_own(row, row.aliases)
    if not is_new and {"hostname", "port"} & changed.keys():
        row.host_keys.exclude(state=HostKeyState.RETIRED).update(state=HostKeyState.RETIRED)
    if not is_new and {"hostname", "port", "zone"} & changed.keys():
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
def set_maintenance(
    *,
    actor: User,
    place: _Place,
    on: bool,
    reason: str = "",
    until: datetime | None = None,
) -> _Place:
    """Begin or end maintenance of a server or a group: somebody works there.

    Nothing starts by itself there, until it is ended or ``until`` has come. Begun with another
    reason or end, it is changed; what stands already is left as it is. Raises :class:`Invalid` for
    an end that is past or too far.
    """
    row: _Place = type(place)._default_manager.select_for_update().get(pk=place.pk)  # type: ignore[assignment]  # noqa: SLF001 - Django's public API
    was_on = row.is_tended
    asked: dict[str, Any] = {"in_maintenance": on}
    if on:
        asked |= {"maintenance_reason": reason, "maintenance_until": until}
    wanted: dict[str, Any] = tending.wanted(row, asked)
    if was_on is on and all(getattr(row, name) == value for name, value in wanted.items()):
        return row
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save(update_fields=[*wanted, "updated_at"])
    if was_on or on:
        kind = "SERVER" if isinstance(row, Server) else "SERVER_GROUP"
        step = "ENDED" if not on else "CHANGED" if was_on else "BEGUN"
        trail.record(
            f"{kind}_MAINTENANCE_{step}",
            actor=actor,
            target=row,
            message=wanted["maintenance_reason"],
            until=until.isoformat() if on and until else "",
        )
    return row


@transaction.atomic
def delete(*, actor: User, server: Server) -> None:
    """Delete a server on which nothing ever ran or will run. Raises :class:`Conflict`."""
    trail.record("SERVER_DELETED", actor=actor, target=server)
    permissions.forget(server)
    try:
        server.delete()
    except ProtectedError as problem:
        raise Conflict(
            f"{server.name} has executions or schedules, which are kept. Switch it off instead: "
            "then nothing runs there."
        ) from problem


@transaction.atomic
def save_group(
    *,
    actor: User,
    group: ServerGroup | None = None,
    name: str,
    description: str = "",
    **tended: Any,
) -> ServerGroup:
    """Make a server group, or change one; ``tended`` are the fields of its maintenance.

    Raises :class:`Invalid` for maintenance without an end that can be.
    """
    is_new = group is None
    row = group or ServerGroup()
    given = {"name": name, "description": secrets_in_use.masked(description)}
    if tended:
        given |= tending.wanted(row, tended)
    changed = {field: value for field, value in given.items() if getattr(row, field) != value}
    for field, value in given.items():
        setattr(row, field, value)
    row.save()
    verb = "SERVER_GROUP_CREATED" if is_new else "SERVER_GROUP_UPDATED"
    trail.record(verb, actor=actor, target=row, changed=_told(changed))
    return row


@transaction.atomic
def delete_group(*, actor: User, group: ServerGroup) -> None:
    """Delete a group; its servers stay. Raises :class:`Conflict` while something refers to it."""
    trail.record("SERVER_GROUP_DELETED", actor=actor, target=group)
    permissions.forget(group)
    try:
        group.delete()
    except ProtectedError as problem:
        names = ", ".join(sorted(str(row) for row in problem.protected_objects)[:3])
        raise Conflict(
            f"{group.name} is still used by {names}. Choose another place there first."
        ) from problem


def _checked(row: Server, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return aliases and maintenance as they shall stand, of what is asked for."""
    found: dict[str, Any] = {}
    if "aliases" in fields:
        found["aliases"] = names.tidy(fields["aliases"])
    if fields.keys() & set(tending.FIELDS):
        found |= tending.wanted(row, fields)
    return found


def _told(changed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, bool | int | str | list) else str(value or "")
        for name, value in changed.items()
    }
