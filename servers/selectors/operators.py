"""Who may run runbooks on a server, and by what."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import Group

from opsmanager.accounts import permissions, roles
from servers.models import Server, ServerGroup


@dataclass(frozen=True, kw_only=True)
class Operators:
    """Names of users and roles that may run runbooks somewhere, and why they may."""

    by: str
    """Such as "a grant of this server"."""
    users: tuple[str, ...]
    roles: tuple[str, ...]


def of(server: Server, groups: Sequence[ServerGroup]) -> list[Operators]:
    """Return who may, one entry for each ground that anybody has, the widest first.

    ``groups`` are those of the server.
    """
    label, _, codename = roles.OPERATE_SERVERS.partition(".")
    everywhere = Group.objects.filter(
        permissions__content_type__app_label=label, permissions__codename=codename
    ).order_by("name")
    holders = permissions.names_of_holders(
        {roles.OPERATE_SERVERS: [server], roles.OPERATE_GROUPS: groups}
    )
    grounds = [("a grant of this server", str(server.pk))]
    grounds += [(f"a grant of the group {group.name}", str(group.pk)) for group in groups]
    found = [
        Operators(
            by="their role, everywhere",
            users=(),
            roles=tuple(everywhere.values_list("name", flat=True)),
        )
    ]
    for by, key in grounds:
        there = [holder for holder in holders if holder.row == key]
        found.append(
            Operators(
                by=by,
                users=tuple(holder.name for holder in there if not holder.is_role),
                roles=tuple(holder.name for holder in there if holder.is_role),
            )
        )
    return [entry for entry in found if entry.users or entry.roles]
