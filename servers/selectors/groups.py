"""Which server groups a user may see and launch on."""

from uuid import UUID

from django.db.models import QuerySet

from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound
from servers.models import Server, ServerGroup
from servers.selectors import servers


def visible_to(user: permissions.Actor) -> QuerySet[ServerGroup]:
    """Return the groups that the user may see: all with a role that reads servers, else granted."""
    rows = ServerGroup.objects.all()
    limit = permissions.server_limit(user)
    if limit is not None:
        rows = rows.filter(pk__in=limit.groups)
    if permissions.may(user, roles.VIEW_SERVERS):
        return rows
    return permissions.granted(user, roles.OPERATE_GROUPS, rows)


def get(user: permissions.Actor, pk: UUID | str) -> ServerGroup:
    """Return a group that the user may see. Raises :class:`NotFound`."""
    group = visible_to(user).filter(pk=pk).first()
    if group is None:
        raise NotFound("There is no such server group, or you may not see it.")
    return group


def keys_of(server: Server | None) -> tuple[UUID, ...]:
    """Return the ids of the groups that a server is in; none for no server."""
    return tuple(server.groups.values_list("pk", flat=True)) if server else ()


def members(user: permissions.Actor, group: ServerGroup) -> QuerySet[Server]:
    """Return the active servers of a group that the user may see."""
    return servers.visible_to(user).filter(groups=group, is_active=True)
