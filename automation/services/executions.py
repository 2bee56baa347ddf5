"""Launching executions and cancelling them: what every edge asks for, and the rules for it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from automation import wakeups
from automation.engine import params
from automation.engine.results import Status
from automation.models import CatalogEntry, Execution, Priority, Trigger
from automation.runner import finish
from automation.selectors import executions as selectors
from automation.selectors import runbooks
from automation.services import conditions
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common.problems import (
    CoolingDown,
    Invalid,
    InvalidState,
    KeyReused,
    NotPermitted,
    Problem,
)
from servers.models import Server

_KEY_LENGTH: Final = 200


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What somebody asks for: one runbook on one server."""

    actor: User
    runbook: CatalogEntry
    server: Server
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_dry_run: bool = False
    priority: Priority = Priority.NORMAL
    is_confirmed: bool = False
    """Whether the actor said to mean it, where that is asked for."""
    is_forced: bool = False
    """Whether to pass over the cooldown, which wants the permission and a reason."""
    reason: str = ""
    incident_id: UUID | None = None
    idempotency_key: str | None = None
    trigger: Trigger = Trigger.MANUAL

    def digest(self) -> str:
        """Return what tells whether two launches with one idempotency key ask for the same."""
        asked = [
            str(self.runbook.pk),
            str(self.server.pk),
            self.parameters,
            self.is_dry_run,
            int(self.priority),
            str(self.incident_id),
            self.reason,
        ]
        text = json.dumps(asked, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def launch(asked: Launch) -> Execution:
    """Check and store an execution; a worker takes it once that is committed.

    Raises a :class:`Problem` that says which condition did not hold; a refusal is audited.
    """
    try:
        with transaction.atomic():
            return _known(asked) or _stored(asked)
    except (CoolingDown, NotPermitted) as problem:
        _record_refusal(asked, problem)
        raise


@transaction.atomic
def cancel(*, actor: User, execution: Execution) -> Execution:
    """Cancel an execution: at once while it is pending, else its worker is asked to.

    Raises :class:`InvalidState` when it has ended, :class:`NotPermitted`.
    """
    if not selectors.may_cancel(actor, execution):
        raise NotPermitted(
            "You may cancel the executions that you started; this one was started by another."
        )
    row = Execution.objects.select_for_update(of=("self",)).get(pk=execution.pk)
    if row.is_final:
        raise InvalidState(f"It has ended already ({row.status}), so there is nothing to cancel.")
    changed: dict[str, Any] = {
        "cancel_requested_at": Now(),
        "cancel_requested_by": actor,
        "revision": F("revision") + 1,
    }
    is_pending = row.status == Status.PENDING
    if is_pending:
        changed |= {
            "status": Status.CANCELLED,
            "finished_at": Now(),
            "result_summary": "Cancelled before it began; nothing was sent.",
        }
    Execution.objects.filter(pk=row.pk).update(**changed)
    trail.record(
        "AUTOMATION_EXECUTION_CANCELLED" if is_pending else "AUTOMATION_EXECUTION_CANCEL_REQUESTED",
        actor=actor,
        target=execution,
    )
    cancelled = selectors.get(actor, execution.pk)
    if is_pending:
        finish.tell_listeners(cancelled)
    return cancelled


def _known(asked: Launch) -> Execution | None:
    """Return the execution that the same idempotency key made before."""
    if asked.idempotency_key is None:
        return None
    if not 0 < len(asked.idempotency_key) <= _KEY_LENGTH:
        raise Invalid(
            f"Use an Idempotency-Key of 1 to {_KEY_LENGTH} characters, such as a UUID.",
            details={"idempotencyKey": [f"Use 1 to {_KEY_LENGTH} characters."]},
        )
    with_key = Execution.objects.filter(
        triggered_by_user=asked.actor, idempotency_key=asked.idempotency_key
    )
    # Two requests with one key at the same moment: the second waits for the first to commit.
    conditions.hold_idempotency_key(asked.actor, asked.idempotency_key)
    before = with_key.select_related("runbook", "server", "triggered_by_user").first()
    if before is not None and before.idempotency_hash != asked.digest():
        raise KeyReused(
            "This Idempotency-Key was used before, for something else. Use a new one for each "
            "execution, and the same one only to repeat the very same request."
        )
    return before


def _stored(asked: Launch) -> Execution:
    entry, server = asked.runbook, asked.server
    kind = runbooks.code_of(entry)
    conditions.require_permission(asked.actor, entry, kind, server)
    conditions.require_compatible(entry, server)
    runbook = conditions.parsed(kind, asked.parameters)
    if not asked.is_dry_run:
        conditions.require_confirmation(entry, server, is_confirmed=asked.is_confirmed)
        if asked.is_forced:
            _require_force(asked)
        else:
            conditions.require_cooled_down(entry, server)
    execution = Execution.objects.create(
        runbook=entry,
        server=server,
        incident_id=asked.incident_id,
        triggered_by=asked.trigger,
        triggered_by_user=asked.actor,
        reason=asked.reason,
        priority=asked.priority,
        parameters=params.dump(runbook),
        is_dry_run=asked.is_dry_run,
        changes=kind.changes,
        total_steps=len(kind.steps),
        step_titles=[step.title for step in kind.steps],
        timeout_seconds=min(entry.timeout_seconds, settings.AUTOMATION_MAX_EXECUTION_TIME),
        idempotency_key=asked.idempotency_key,
        idempotency_hash=asked.digest() if asked.idempotency_key else "",
    )
    trail.record(
        "AUTOMATION_EXECUTION_STARTED",
        actor=asked.actor,
        target=execution,
        message=asked.reason,
        runbook=entry.runbook_id,
        server=server.name,
        parameters=execution.parameters,
        isDryRun=asked.is_dry_run,
        forced=asked.is_forced,
    )
    transaction.on_commit(partial(wakeups.send, [(execution.pk, execution.priority)]))
    return execution


def _require_force(asked: Launch) -> None:
    permissions.require(
        asked.actor,
        roles.FORCE_EXECUTIONS,
        "Only administrators may pass over a cooldown. Wait until it is over, or ask one.",
    )
    if not asked.reason.strip():
        raise Invalid(
            "Say why the cooldown is to be passed over.",
            details={"reason": ["Give the reason; it is kept in the audit trail."]},
        )


def _record_refusal(asked: Launch, problem: Problem) -> None:
    cooling = isinstance(problem, CoolingDown)
    trail.record(
        "AUTOMATION_RATE_LIMIT_EXCEEDED" if cooling else "AUTOMATION_EXECUTION_REFUSED",
        actor=asked.actor,
        target=asked.runbook,
        outcome="REFUSED",
        message=problem.message,
        server=asked.server.name,
    )
