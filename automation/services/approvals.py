"""Asking other people before something happens, and what follows from what they say.

Whoever decides holds what it is for (the execution, or the run of a workflow) and then the
approval, in this order; so do those who cancel.
"""

from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from automation import wakeups
from automation.engine.results import Status
from automation.models import (
    Approval,
    ApprovalState,
    ApprovalVote,
    Execution,
    WorkflowRun,
    WorkflowStep,
)
from automation.runner import approvals as running
from automation.runner import finish
from automation.selectors import approvals as selectors
from automation.selectors import executions
from automation.services import approval_news
from automation.services import approval_rules as rules
from automation.signals import approval_decided
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use

log = structlog.get_logger(__name__)

_GOES_ON: Final = (ApprovalState.APPROVED, ApprovalState.BYPASSED)
_MOST_AT_ONCE: Final = 500
_BY_ITSELF: Final = "worker:approvals"


def ask(
    *,
    title: str,
    message: str,
    needed: int,
    asked_by: User | None,
    seconds: int,
    execution: Execution | None = None,
    step: WorkflowStep | None = None,
    told_as: trail.Actor = None,
) -> Approval:
    """Ask for ``needed`` approvals, of an execution or of a workflow's step; tell who may give it.

    In the caller's transaction. ``asked_by`` may not approve; ``told_as`` is who asks, for the
    trail, where that is no user.
    """
    row = Approval.objects.create(
        execution=execution,
        step=step,
        title=secrets_in_use.masked(title)[:300],
        message=secrets_in_use.masked(message),
        needed=needed,
        asked_by=asked_by,
        expires_at=Now() + timedelta(seconds=seconds),
    )
    row.refresh_from_db()
    trail.record(
        "AUTOMATION_APPROVAL_REQUESTED",
        actor=told_as or asked_by or _BY_ITSELF,
        target=row,
        message=row.message,
        needed=needed,
        expiresAt=row.expires_at.isoformat(),
        **_subject(row),
    )
    approval_news.tell_requested(row)
    return row


def vote(*, actor: User, approval: Approval, approves: bool, reason: str = "") -> Approval:
    """Approve or reject it; return it as it stands then.

    As many approvals as are needed decide, one rejection does. Raises :class:`NotPermitted` for
    who may not or has asked for it, :class:`InvalidState` when it is decided, over, or they have
    said already, :class:`Invalid` for a rejection without a reason.
    """
    with rules.told_of_refusal(actor, approval), transaction.atomic():
        rules.require_granting(actor)
        row = _held(actor, approval)
        rules.require_vote(actor, row)
        if not approves:
            rules.require_reason(reason)
        ApprovalVote.objects.create(
            approval=row, user=actor, approves=approves, reason=secrets_in_use.masked(reason)
        )
        given = row.votes.filter(approves=True).count()
        trail.record(
            "AUTOMATION_APPROVAL_GRANTED" if approves else "AUTOMATION_APPROVAL_REJECTED",
            actor=actor,
            target=row,
            message=reason,
            given=given,
            needed=row.needed,
            **_subject(row),
        )
        who = actor.get_username()
        if not approves:
            _decide(
                row,
                ApprovalState.REJECTED,
                actor=actor,
                why_not=f"Not begun: {who} did not approve it: {reason.strip()}",
            )
        elif given >= row.needed:
            _decide(row, ApprovalState.APPROVED, actor=actor)
        else:
            _show_anew(row)
        return selectors.get(actor, row.pk)


@transaction.atomic
def bypass(*, actor: User, approval: Approval, reason: str) -> Approval:
    """Go on without it, in an emergency; others are told and look at it later.

    Also for who has asked for it. Raises :class:`NotPermitted`, :class:`Invalid` for a reason that
    says nothing, :class:`InvalidState` when it is decided or over.
    """
    rules.require_bypassing(actor)
    row = _held(actor, approval)
    rules.require_open(row)
    rules.require_emergency(reason)
    trail.record(
        "AUTOMATION_APPROVAL_BYPASSED",
        actor=actor,
        target=row,
        message=reason,
        needed=row.needed,
        **_subject(row),
    )
    kept = secrets_in_use.masked(reason)
    _decide(row, ApprovalState.BYPASSED, actor=actor, bypassed_by=actor, bypass_reason=kept)
    found = selectors.get(actor, row.pk)
    approval_news.tell_bypassed(found)
    return found


@transaction.atomic
def review(*, actor: User, approval: Approval, note: str) -> Approval:
    """Note what somebody else makes of it that it went ahead without approval.

    Raises :class:`NotPermitted` for who did that, :class:`InvalidState` where nothing is to be
    reviewed, :class:`Invalid` without a note.
    """
    rules.require_granting(actor)
    row = _held(actor, approval)
    rules.require_review(actor, row)
    rules.require_note(note)
    Approval.objects.filter(pk=row.pk).update(
        reviewed_by=actor, reviewed_at=Now(), review_note=secrets_in_use.masked(note)
    )
    trail.record(
        "AUTOMATION_APPROVAL_REVIEWED", actor=actor, target=row, message=note, **_subject(row)
    )
    return selectors.get(actor, row.pk)


def withdraw(what: Execution | WorkflowStep, *, actor: trail.Actor) -> int:
    """Take back what was asked for this, which was cancelled; return how many approvals.

    Inside the caller's transaction, which holds the execution, or the run of the step.
    """
    of = {"execution": what} if isinstance(what, Execution) else {"step": what}
    return running.withdraw(Approval.objects.filter(**of), actor=actor)


def expire_due() -> int:
    """End what nobody has decided in time, each in a transaction of its own; return how many."""
    due = Approval.objects.filter(state=ApprovalState.PENDING, expires_at__lte=Now())
    keys = list(due.order_by("expires_at").values_list("pk", flat=True)[:_MOST_AT_ONCE])
    return sum(_expired(pk) for pk in keys)


def _expired(pk: UUID) -> bool:
    """End one whose time is up; ``False`` where it was decided meanwhile, or can't be ended."""
    try:
        with transaction.atomic():
            row = _locked(Approval.objects.select_related("step").get(pk=pk))
            if not row.is_pending:
                return False
            given = row.votes.filter(approves=True).count()
            said = f"nobody approved it in time: {given} of {row.needed} had."
            trail.record(
                "AUTOMATION_APPROVAL_EXPIRED",
                actor=_BY_ITSELF,
                target=row,
                outcome="FAILED",
                message=f"Until {row.expires_at:%Y-%m-%d %H:%M} UTC {said}",
                **_subject(row),
            )
            _decide(row, ApprovalState.EXPIRED, actor=_BY_ITSELF, why_not=f"Not begun: {said}")
    except Approval.DoesNotExist:  # deleted with what it was for
        return False
    except Exception:
        # A fault with one must not keep the others waiting.
        log.exception("an approval could not be ended", approval=str(pk))
        return False
    return True


def _held(actor: User, approval: Approval) -> Approval:
    """Return what the actor may see, and nobody else decides until the transaction ends."""
    return _locked(selectors.get(actor, approval.pk))


def _locked(seen: Approval) -> Approval:
    if seen.execution_id is not None:
        executions.hold(seen.execution_id)
    elif seen.step is not None:
        WorkflowRun.objects.select_for_update(of=("self",)).get(pk=seen.step.run_id)
    # Without joins: after a wait for the lock they would show what was before it.
    return Approval.objects.select_for_update(of=("self",)).get(pk=seen.pk)


def _decide(
    row: Approval, state: ApprovalState, *, actor: trail.Actor, why_not: str = "", **more: Any
) -> None:
    """Write the decision, and let what waited for it go on, or end it."""
    Approval.objects.filter(pk=row.pk).update(state=state, decided_at=Now(), **more)
    row.refresh_from_db()
    if row.execution_id is None:
        approval_decided.send(sender=Approval, approval=row)
    elif state in _GOES_ON:
        _queue(row.execution_id)
    else:
        _end(row.execution_id, actor, secrets_in_use.masked(why_not))


def _queue(pk: UUID) -> None:
    waiting = Execution.objects.filter(
        pk=pk, status=Status.PENDING, waiting_since=None, cancel_requested_at=None
    )
    if waiting.update(waiting_since=Now(), woken_at=None, revision=F("revision") + 1):
        woken = Execution.objects.values_list("pk", "priority", "server__zone").get(pk=pk)
        transaction.on_commit(partial(wakeups.send, [woken]))


def _end(pk: UUID, actor: trail.Actor, why: str) -> None:
    waiting = Execution.objects.filter(pk=pk, status=Status.PENDING, waiting_since=None)
    if not waiting.update(
        status=Status.CANCELLED,
        finished_at=Now(),
        result_summary=why,
        revision=F("revision") + 1,
    ):
        return
    ended = Execution.objects.select_related("runbook", "server").get(pk=pk)
    trail.record("AUTOMATION_EXECUTION_CANCELLED", actor=actor, target=ended, message=why)
    finish.tell_listeners(ended)


def _show_anew(row: Approval) -> None:
    """Let the pages that follow what it is for show that one more has approved."""
    if row.execution_id is not None:
        Execution.objects.filter(pk=row.execution_id).update(revision=F("revision") + 1)
    elif row.step is not None:
        WorkflowRun.objects.filter(pk=row.step.run_id).update(revision=F("revision") + 1)


def _subject(row: Approval) -> dict[str, Any]:
    """Return what it is for, for the trail."""
    if row.step is not None:
        return {"workflowRun": str(row.step.run_id), "node": row.step.key}
    return {"execution": str(row.execution_id)}
