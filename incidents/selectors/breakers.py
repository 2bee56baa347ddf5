"""The rules that were stopped for a server, because they did not help there."""

from uuid import UUID

from django.db.models import QuerySet

from incidents.models import RemediationRule, RuleBreaker
from opsmanager.accounts import permissions, roles
from servers.models import Server
from servers.selectors import limits


def visible_to(user: permissions.Actor) -> QuerySet[RuleBreaker]:
    """Return those that the user may see, those re-armed again too; newest first."""
    rows = RuleBreaker.objects.select_related("rule", "server", "rearmed_by")
    if not permissions.may(user, roles.VIEW_RULES):
        return rows.none()
    return limits.within(user, rows, server="server").order_by("-opened_at", "-pk")


def open_for(user: permissions.Actor) -> QuerySet[RuleBreaker]:
    """Return those that wait for a person."""
    return visible_to(user).filter(rearmed_at=None)


def open_one(rule: RemediationRule, server: Server | UUID) -> RuleBreaker | None:
    """Return the open breaker of a rule for a server."""
    pk = server if isinstance(server, UUID) else server.pk
    return RuleBreaker.objects.filter(rule=rule, server_id=pk, rearmed_at=None).first()
