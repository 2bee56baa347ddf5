"""Running an execution again: the same runbook, server and parameters, linked to the first."""

from dataclasses import replace

from automation.models import Execution, Priority
from automation.selectors import executions as selectors
from automation.services.executions import Launch, launch
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.common.problems import InvalidState


def retry(
    *,
    actor: User,
    execution: Execution,
    reason: str = "",
    is_confirmed: bool = False,
    is_forced: bool = False,
    idempotency_key: str | None = None,
) -> Execution:
    """Launch it once more, under all the conditions of a launch; return the new execution.

    Raises :class:`InvalidState` while it has not ended or nobody knows how, and what a launch
    raises.
    """
    require_retry_permission(actor)
    current = selectors.get(actor, execution.pk)
    if current.is_live:
        raise InvalidState("It has not ended yet. Wait for its end, or cancel it, then try again.")
    if current.is_unknown:
        raise InvalidState(
            "Nobody knows how it ended. Decide that first; “run it again” is one of the answers.",
            code="INVALID_STATE",
        )
    return launch(
        replace(
            again(current, actor=actor),
            # Why the first one was run is no reason to pass over a cooldown now.
            reason=reason if is_forced else reason or current.reason,
            is_confirmed=is_confirmed,
            is_forced=is_forced,
            idempotency_key=idempotency_key,
        )
    )


def again(execution: Execution, *, actor: User) -> Launch:
    """Return what the actor asks for to have the same once more, linked to the first."""
    return Launch(
        actor=actor,
        runbook=execution.runbook,
        server=execution.server,
        parameters=execution.parameters,
        is_dry_run=execution.is_dry_run,
        priority=Priority(execution.priority),
        incident_id=execution.incident_id,
        retry_of=execution,
    )


def require_retry_permission(actor: User) -> None:
    """Raise :class:`NotPermitted` unless the actor may run executions again."""
    permissions.require(
        actor,
        roles.RETRY_EXECUTIONS,
        "Your role may not run executions again. Start the runbook anew, or ask a manager.",
    )
