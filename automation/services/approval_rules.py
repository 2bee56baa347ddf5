"""Who may approve, go on without approval and review: a function each, which says why not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from automation.models import Approval, ApprovalState
from automation.selectors import approvals as selectors
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common.problems import Invalid, InvalidState, NotPermitted, Problem

LEAST_REASON: Final = 10
"""How many characters say why something can't wait for others."""
_SAID: Final = {
    ApprovalState.APPROVED: "approved",
    ApprovalState.REJECTED: "rejected",
    ApprovalState.EXPIRED: "not decided in time",
    ApprovalState.WITHDRAWN: "withdrawn, because what it was for was cancelled",
    ApprovalState.BYPASSED: "passed over in an emergency",
}


def require_granting(actor: permissions.Actor) -> None:
    """Raise :class:`NotPermitted` unless the actor may approve what others ask for."""
    permissions.require(
        actor,
        roles.GRANT_APPROVALS,
        "Your role may not approve what others ask for. Ask a manager or an administrator.",
    )


def require_bypassing(actor: permissions.Actor) -> None:
    """Raise :class:`NotPermitted` unless the actor may go on without an approval."""
    permissions.require(
        actor,
        roles.BYPASS_APPROVALS,
        "Your role may not go on without an approval. Ask somebody of the NOC, or a manager.",
    )


def require_vote(actor: User, row: Approval) -> None:
    """Raise unless this is open, of other people, and the actor has not said yet.

    Raises :class:`NotPermitted` for who asked, :class:`InvalidState`.
    """
    if actor.pk in selectors.askers(row):
        raise NotPermitted(
            "You asked for it, or it runs for you, so somebody else has to approve it. In an "
            "emergency go on without approval, with the reason; others review that later.",
            code="SELF_APPROVAL",
        )
    require_open(row)
    if row.votes.filter(user=actor).exists():
        raise InvalidState(
            "You have said already; another person has to approve it as well.", code="ALREADY_VOTED"
        )


def require_open(row: Approval) -> None:
    """Raise :class:`InvalidState` when it is decided, or its time is up."""
    state = ApprovalState(row.state)
    is_over = state is ApprovalState.PENDING and selectors.is_over(row)
    if state is ApprovalState.EXPIRED or is_over:
        raise InvalidState(
            f"It could be approved until {row.expires_at:%Y-%m-%d %H:%M} UTC. Have it asked for "
            "again.",
            code="EXPIRED",
        )
    if state is not ApprovalState.PENDING:
        raise InvalidState(f"It is {_SAID[state]} already, so nothing is left to decide.")


def require_reason(reason: str) -> None:
    """Raise :class:`Invalid` for a rejection without a reason."""
    if not reason.strip():
        raise Invalid(
            "Say why you do not approve it: who asked reads that.",
            details={"reason": ["Say why: who asked reads it."]},
        )


def require_emergency(reason: str) -> None:
    """Raise :class:`Invalid` unless the reason says why it can't wait."""
    if len(reason.strip()) < LEAST_REASON:
        said = f"Say in at least {LEAST_REASON} characters why it can't wait."
        raise Invalid(said, details={"reason": [said]})


def require_note(note: str) -> None:
    """Raise :class:`Invalid` for a review that says nothing."""
    if not note.strip():
        said = "Say what you make of it: was it right to go on?"
        raise Invalid(said, details={"note": [said]})


def require_review(actor: User, row: Approval) -> None:
    """Raise unless it went ahead without approval by somebody else, and is not reviewed yet."""
    if row.state != ApprovalState.BYPASSED:
        raise InvalidState("Only what went ahead without approval is reviewed.")
    if row.bypassed_by_id == actor.pk:
        raise NotPermitted(
            "You went on without approval, so somebody else has to review that.",
            code="SELF_APPROVAL",
        )
    if row.reviewed_at is not None:
        by = row.reviewed_by.get_username() if row.reviewed_by else "Somebody"
        raise InvalidState(f"{by} has reviewed it already.")


def why_no_vote(actor: User, row: Approval) -> str:
    """Return why the actor can't approve or reject it now; empty where they can."""
    try:
        require_granting(actor)
        require_vote(actor, row)
    except Problem as problem:
        return problem.message
    return ""


def may_bypass(actor: User, row: Approval) -> bool:
    """Whether the actor could go on without the approval now."""
    try:
        require_bypassing(actor)
        require_open(row)
    except Problem:
        return False
    return True


def may_review(actor: User, row: Approval) -> bool:
    """Whether the actor could review it now."""
    try:
        require_granting(actor)
        require_review(actor, row)
    except Problem:
        return False
    return True


@contextmanager
def told_of_refusal(actor: User, row: Approval) -> Iterator[None]:
    """Audit that somebody may not approve this, whatever becomes of the transaction inside."""
    try:
        yield
    except NotPermitted as problem:
        trail.refuse(
            "AUTOMATION_APPROVAL_REFUSED", actor=actor, target=row, message=problem.message
        )
        raise
