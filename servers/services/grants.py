"""Who may run runbooks on one server, or on the servers of a group: granted one by one."""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction

from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from servers.models import Server, ServerGroup


@transaction.atomic
def set_operators(
    *, actor: User, row: Server | ServerGroup, users: Iterable[User], groups: Iterable[Group]
) -> None:
    """Let exactly these users and roles run runbooks there, beside those who may everywhere."""
    permission = permission_for(row)
    had_users, had_groups = permissions.holders(permission, row)
    before: set[User | Group] = {*had_users, *had_groups}
    after: set[User | Group] = {*users, *groups}
    for holder in sorted(after - before, key=str):
        permissions.grant(holder, permission, row)
        _tell("SERVER_ACCESS_GRANTED", actor, row, holder)
    for holder in sorted(before - after, key=str):
        permissions.withdraw(holder, permission, row)
        _tell("SERVER_ACCESS_WITHDRAWN", actor, row, holder)


def permission_for(row: Server | ServerGroup) -> str:
    """Return the permission that is granted for a row of this kind."""
    return roles.OPERATE_SERVERS if isinstance(row, Server) else roles.OPERATE_GROUPS


def _tell(verb: str, actor: User, row: Server | ServerGroup, holder: User | Group) -> None:
    kind = "user" if isinstance(holder, User) else "role"
    trail.record(verb, actor=actor, target=row, **{kind: str(holder)})
