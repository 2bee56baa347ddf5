"""Who may run what where: asked at each launch, and again by the worker before it begins."""

from django.db.models import QuerySet

from automation.engine.runbook import Runbook
from automation.models import CatalogEntry
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.common.problems import NotPermitted
from servers.models import Server
from servers.selectors import maintenance, servers


def require_launch(
    actor: User, entry: CatalogEntry, runbook: type[Runbook], server: Server
) -> None:
    """Raise :class:`NotPermitted` unless the actor may run this runbook on this server."""
    require_running(actor)
    for permission in runbook.required_permissions:
        permissions.require(
            actor,
            permission,
            f"{entry.title} also needs the permission {permission}, which you don't have. An "
            "administrator can give it to you.",
        )
    if not servers.may_operate(actor, server):
        raise NotPermitted(
            f"You may not run runbooks on {server.name}. An administrator can grant you this "
            "server, or one of its groups."
        )


def servers_for(actor: permissions.Actor, entry: CatalogEntry) -> QuerySet[Server]:
    """Return the servers on which the actor may run this runbook; none that is switched off."""
    rows = servers.operable_by(actor).filter(is_active=True, platform__in=entry.platforms)
    return maintenance.marked(rows)


def require_running(actor: permissions.Actor) -> None:
    """Raise :class:`NotPermitted` unless the actor's role may run runbooks at all."""
    permissions.require(
        actor,
        roles.EXECUTE_RUNBOOKS,
        "Your role may not run runbooks. An administrator can give you one that may.",
    )


def require_managing_schedules(actor: permissions.Actor) -> None:
    """Raise :class:`NotPermitted` unless the actor may make, change and delete schedules."""
    permissions.require(
        actor,
        roles.MANAGE_SCHEDULES,
        "Only administrators may make, change and delete schedules. Ask one of them.",
    )
