"""Saying how an UNKNOWN execution ended, by a person who has looked at the server."""

from dataclasses import replace
from enum import StrEnum

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from automation.engine.results import Status
from automation.models import Execution, WorkflowStep
from automation.runner import finish
from automation.selectors import access, runbooks
from automation.selectors import executions as selectors
from automation.services import retrying
from automation.services.executions import launch
from automation.workflows import Phase
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import Conflict, Invalid, InvalidState


class Decision(StrEnum):
    """What a person may say of an UNKNOWN execution."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    RUN_AGAIN = "RUN_AGAIN"


_SAID = {
    Decision.SUCCESS: "that it succeeded",
    Decision.FAILED: "that it failed",
    Decision.RUN_AGAIN: "to run it again",
}


def decide(
    *,
    actor: User,
    execution: Execution,
    outcome: Decision,
    reason: str,
    is_confirmed: bool = False,
) -> Execution:
    """Settle an UNKNOWN execution; return it, or the new one when it is run again.

    Of two who decide at once one wins. Raises :class:`Invalid` without a reason,
    :class:`InvalidState` when it is not UNKNOWN, :class:`Conflict` when another one has decided,
    :class:`NotPermitted`, and what a launch raises.
    """
    retrying.require_retry_permission(actor)
    kind = runbooks.code_of(execution.runbook)
    access.require_launch(actor, execution.runbook, kind, execution.server)
    if not reason.strip():
        raise Invalid(
            "Say why: what did you see on the server?",
            details={"reason": ["Give the reason; it is kept in the audit trail."]},
        )
    with transaction.atomic():
        # Without joins: after a wait for the lock they would show what was before it.
        row = selectors.hold(execution.pk)
        _require_unknown(row)
        Execution.objects.filter(pk=row.pk).update(
            status=Status.SUCCESS if outcome is Decision.SUCCESS else Status.FAILED,
            decision=outcome,
            decided_by=actor,
            decided_at=Now(),
            decision_reason=secrets_in_use.masked(reason),
            ask_server_at=None,
            result_summary=secrets_in_use.masked(
                f"{actor.get_username()} decided {_SAID[outcome]}: {reason}"
            ),
            revision=F("revision") + 1,
        )
        decided = selectors.get(actor, row.pk)
        trail.record(
            "AUTOMATION_EXECUTION_DECIDED",
            actor=actor,
            target=decided,
            message=reason,
            outcome="OK",
            decision=outcome,
        )
        finish.tell_listeners(decided)
        if outcome is not Decision.RUN_AGAIN:
            return decided
        asked = retrying.again(decided, actor=actor)
        anew = launch(
            replace(
                asked,
                reason=reason,
                is_confirmed=is_confirmed,
                is_decided=True,
                workflow_run_id=row.workflow_run_id,
                workflow_node=row.workflow_node,
                previous=row.previous,
            )
        )
        # A workflow that waits for it waits for the new one.
        WorkflowStep.objects.filter(execution=row.pk, phase=Phase.RUNNING).update(execution=anew)
        return anew


def _require_unknown(execution: Execution) -> None:
    if execution.is_unknown:
        return
    if execution.decided_by is not None:
        who, said = execution.decided_by.get_username(), _SAID[Decision(execution.decision)]
        raise Conflict(f"{who} decided already, {said}.")
    raise InvalidState(
        f"Only an execution whose end is UNKNOWN wants a decision; this one is {execution.status}."
    )
