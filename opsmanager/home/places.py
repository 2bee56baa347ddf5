"""Where nothing runs by itself, or not yet: places in maintenance, and cooldowns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse

from automation.models import Execution
from automation.selectors import cooldown, executions
from opsmanager.accounts import permissions
from servers.models import Server, ServerGroup
from servers.selectors import groups, servers
from servers.selectors import maintenance as tending

_ROWS: Final = 50


@dataclass(frozen=True, kw_only=True)
class Cooldown:
    """A runbook that may not run again on a server yet."""

    execution: Execution
    """The one that started it."""
    seconds_left: int


@dataclass(frozen=True, kw_only=True)
class Tended:
    """A server or a group that somebody works on."""

    name: str
    is_group: bool
    url: str
    reason: str
    until: datetime | None
    """When it ends by itself; ``None`` for when somebody ends it."""


def cooldowns(user: permissions.Actor) -> tuple[Cooldown, ...]:
    """Return the cooldowns that run, of what the user may see, the first to end first."""
    left = cooldown.everywhere()
    seen = executions.visible_to(user).in_bulk(list(left)) if left else {}
    shown = [pk for pk in left if pk in seen][:_ROWS]
    return tuple(Cooldown(execution=seen[pk], seconds_left=left[pk]) for pk in shown)


def maintenance(user: permissions.Actor) -> tuple[Tended, ...]:
    """Return the groups and servers in maintenance that the user may see, by name."""
    tended_groups = groups.visible_to(user).filter(tending.IS_ON).order_by("name")[:_ROWS]
    tended = servers.visible_to(user).filter(tending.IS_ON).order_by("name")[:_ROWS]
    return (
        *(_of(group, reverse("servers:group_list")) for group in tended_groups),
        *(_of(server, reverse("servers:server_detail", args=[server.pk])) for server in tended),
    )


def _of(place: Server | ServerGroup, url: str) -> Tended:
    return Tended(
        name=place.name,
        is_group=isinstance(place, ServerGroup),
        url=url,
        reason=place.maintenance_reason,
        until=place.maintenance_until,
    )
