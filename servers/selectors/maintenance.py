"""Whether somebody works on a server, or on a group of it: then nothing runs there by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from servers.models import Server, ServerGroup

IS_ON = Q(in_maintenance=True) & (
    Q(maintenance_until__isnull=True) | Q(maintenance_until__gt=Now())
)
"""Of a server or group itself, by the database's clock."""


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """Why nothing runs by itself on a server."""

    place: str
    """Such as "web-1" or "the group shop"."""
    reason: str
    until: datetime | None

    def __str__(self) -> str:
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        reason = f" ({self.reason})" if self.reason else ""
        # A server is called by its name, however that is written.
        place = self.place.replace("the group ", "The group ", 1)
        return f"{place} is in maintenance{until}{reason}"


def of(server: Server) -> Maintenance | None:
    """Return the maintenance that a server is in, its own or that of a group; ``None`` for none."""
    own = Server.objects.filter(IS_ON, pk=server.pk).first()
    place = own or server.groups.filter(IS_ON).first()
    return _of(place) if place else None


def shown(server: Server, groups: Iterable[ServerGroup] | None = None) -> Maintenance | None:
    """Return the same for a page, of a server as it was read and its groups, if they were."""
    if server.is_tended:
        return _of(server)
    tended = server.groups.filter(IS_ON) if groups is None else groups
    place = next((group for group in tended if group.is_tended), None)
    return _of(place) if place else None


def marked(rows: QuerySet[Server]) -> QuerySet[Server]:
    """Return the rows, each with whether a group of it is in maintenance: ``is_group_tended``."""
    return rows.annotate(is_group_tended=of_a_group())


def of_a_group() -> Exists:
    """Return a condition on servers: whether a group of theirs is in maintenance."""
    tended = ServerGroup.objects.filter(IS_ON).values("pk")
    memberships = Server.groups.through.objects.filter(
        server=OuterRef("pk"), servergroup__in=tended
    )
    return Exists(memberships)


def _of(place: Server | ServerGroup) -> Maintenance:
    name = place.name if isinstance(place, Server) else f"the group {place.name}"
    return Maintenance(place=name, reason=place.maintenance_reason, until=place.maintenance_until)
