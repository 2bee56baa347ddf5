"""Which servers a user may see and operate."""

from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet, UUIDField

from opsmanager.accounts import permissions, roles
from opsmanager.common.compiled import Compiled
from opsmanager.common.problems import NotFound
from servers.models import Server, ServerGroup
from servers.selectors import limits

_BY_KEY: Final[Compiled[Server]] = Compiled(
    lambda pk: Server.objects.select_related("credential").filter(pk=pk).order_by(), pk=UUIDField()
)
"""For whoever may see all of them."""


def visible_to(user: permissions.Actor) -> QuerySet[Server]:
    """Return the servers that the user may see: all with a role that reads, else granted ones."""
    rows = limits.within(user, Server.objects.select_related("credential"))
    if permissions.may(user, roles.VIEW_SERVERS):
        return rows
    return rows.filter(_granted(user))


def operable_by(user: permissions.Actor) -> QuerySet[Server]:
    """Return the servers on which the user may run runbooks."""
    rows = limits.within(user, Server.objects.all())
    if permissions.may(user, roles.OPERATE_SERVERS):
        return rows
    return rows.filter(_granted(user))


def may_operate(user: permissions.Actor, server: Server) -> bool:
    """Return whether the user may run runbooks on this server."""
    if permissions.may(user, roles.OPERATE_SERVERS) and limits.has_none(user):
        return True
    return operable_by(user).filter(pk=server.pk).exists()


def may_have_looked_at(user: permissions.Actor, server: Server) -> bool:
    """Return whether the user may have a worker log in to this server, to see how it is."""
    if permissions.may(user, roles.MANAGE_SERVERS):
        return True
    return permissions.may(user, roles.EXECUTE_RUNBOOKS) and may_operate(user, server)


def get(user: permissions.Actor, pk: UUID | str) -> Server:
    """Return a server that the user may see. Raises :class:`NotFound`."""
    if permissions.may(user, roles.VIEW_SERVERS) and limits.has_none(user):
        server = _BY_KEY.one(pk=pk)
    else:
        server = visible_to(user).filter(pk=pk).first()
    if server is None:
        raise NotFound("There is no such server, or you may not see it.")
    return server


def search(rows: QuerySet[Server], text: str) -> QuerySet[Server]:
    """Return the rows whose name, host name or tag contains the text."""
    text = text.strip()
    if not text:
        return rows
    return rows.filter(
        Q(name__icontains=text) | Q(hostname__icontains=text) | Q(tags__contains=[text])
    )


def _granted(user: permissions.Actor) -> Q:
    one_by_one = permissions.granted(user, roles.OPERATE_SERVERS, Server.objects.all())
    by_group = permissions.granted(user, roles.OPERATE_GROUPS, ServerGroup.objects.all())
    # Subqueries rather than joins: a server of two granted groups is still one row.
    in_groups = Server.groups.through.objects.filter(servergroup__in=by_group.values("pk"))
    return Q(pk__in=one_by_one.values("pk")) | Q(pk__in=in_groups.values("server"))
