"""What the API token by which somebody acts takes away: all but some servers."""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from opsmanager.accounts import permissions
from servers.models import Server

_M = TypeVar("_M", bound=Model)


def within(user: permissions.Actor, rows: QuerySet[_M], *, server: str = "pk") -> QuerySet[_M]:
    """Return the rows of servers that are not forbidden to the user's token.

    ``server`` is the look-up of the row's server; a row without one is beyond every limit.
    """
    limit = permissions.server_limit(user)
    return rows if limit is None else rows.filter(_inside(limit, server))


def has_none(user: permissions.Actor) -> bool:
    """Return whether no server is forbidden to the user's token."""
    return permissions.server_limit(user) is None


def beyond(user: permissions.Actor, rows: QuerySet[_M], *, server: str = "pk") -> QuerySet[_M]:
    """Return the others."""
    limit = permissions.server_limit(user)
    return rows.none() if limit is None else rows.exclude(_inside(limit, server))


def _inside(limit: permissions.ServerLimit, server: str) -> Q:
    # A subquery rather than a join: a server of two groups is still one row.
    in_groups = Server.groups.through.objects.filter(servergroup__in=limit.groups)
    return Q(**{f"{server}__in": limit.servers}) | Q(
        **{f"{server}__in": in_groups.values("server")}
    )
