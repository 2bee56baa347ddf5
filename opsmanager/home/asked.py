"""What the home page says of approvals: which wait for me, and what went ahead without one."""

from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse

from automation.models import Approval, ApprovalState, Execution
from automation.selectors import approvals, executions
from opsmanager.accounts import permissions, roles

_ROWS: Final = 20


def of_me(user: permissions.Actor) -> list[dict[str, Any]]:
    """Return what waits for this user: to be approved first, then to be reviewed."""
    if not permissions.may(user, roles.GRANT_APPROVALS):
        return []
    rows = [*approvals.for_me(user)[:_ROWS], *approvals.to_review(user)[:_ROWS]]
    return [of_approval(row) for row in rows]


def held(user: permissions.Actor) -> QuerySet[Execution]:
    """Return the executions that wait for people."""
    return executions.visible_to(user).filter(approval__state=ApprovalState.PENDING)[:_ROWS]


def of_approval(approval: Approval) -> dict[str, Any]:
    """Return an approval as an item, which waits or wants a review."""
    execution = approval.execution
    who = approval.bypassed_by if approval.wants_review else approval.asked_by
    named = who.get_username() if who else "Somebody"
    said = "went on without approval" if approval.wants_review else "asks for approval"
    why = approval.bypass_reason if approval.wants_review else approval.message
    return {
        "kind": "approval",
        "title": approval.title,
        "url": reverse("automation:approval_detail", args=[approval.pk]),
        "when": approval.decided_at or approval.asked_at,
        "server": execution.server if execution else None,
        "detail": f"{named} {said}: {why}" if why else f"{named} {said}.",
        "badge": approval.state,
        "status": approval.state,
    }
