"""Launching executions and cancelling them: what every edge asks for, and the rules for it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from automation import wakeups
from automation.engine import params
from automation.engine.results import Status
from automation.engine.runbook import Runbook
from automation.models import Batch, Execution, SecretParameters, SpentKey, WorkflowRun
from automation.runner import finish
from automation.selectors import access, runbooks
from automation.selectors import approvals as approval_selectors
from automation.selectors import executions as selectors
from automation.services import approvals, conditions, secret_parameters
from automation.services.asked import Asked
from automation.services.conditions import Check, check
from automation.signals import execution_launched
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.audit.trail import Actor
from opsmanager.common import secrets_in_use
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
_M = TypeVar("_M", Execution, Batch, WorkflowRun)


@dataclass(frozen=True, kw_only=True)
class Launch(Asked):
    """What somebody asks for: one runbook on one server."""

    server: Server
    batch: Batch | None = None
    retry_of: Execution | None = None
    dry_run: Execution | None = None
    """The dry run that is to be repeated exactly."""
    is_decided: bool = False
    """Whether a person, who knows how the last one ended, decided on it in spite of a cooldown."""

    def kept_secrets(self, kind: type[Runbook]) -> SecretParameters | None:
        """Return the secret parameters that are used again, unless the launch gives its own."""
        if self.gives_secrets(kind):
            return None
        earlier = self.retry_of or self.dry_run
        kept = earlier.secret_parameters if earlier else self.saved_secrets
        return kept if kept is not None and kept.runbook_id == self.runbook.pk else None

    @property
    def names_incident(self) -> bool:
        """Whether it is for an incident that nobody has looked for yet.

        A repetition is for that of the first, a batch and a workflow have looked once, a rule
        begins with it.
        """
        earlier = self.retry_of or self.dry_run
        is_known = earlier is not None and earlier.incident_id == self.incident_id
        is_known = is_known or self.workflow_run_id is not None
        return not (self.incident_id is None or self.batch or self.is_automatic or is_known)

    def _particulars(self) -> list[Any]:
        return [str(self.server.pk), _id_of(self.retry_of), _id_of(self.dry_run)]


def launch(asked: Launch) -> Execution:
    """Check and store an execution; a worker takes it once that is committed.

    Raises a :class:`Problem` that says which condition did not hold; a refusal is audited.
    """
    try:
        with transaction.atomic():
            return _known(asked) or stored(asked)
    except (CoolingDown, NotPermitted) as problem:
        tell_refusal(asked, problem)
        raise


@transaction.atomic
def cancel(*, actor: User, execution: Execution) -> Execution:
    """Cancel an execution or its rollback: at once while it waits, else its worker is asked to.

    Raises :class:`InvalidState` when it has ended, :class:`NotPermitted`.
    """
    if not selectors.may_cancel(actor, execution):
        raise NotPermitted(
            "You may cancel the executions that you started; this one was started by another."
        )
    cancel_part(execution, asked_by=actor, told_as=actor)
    return selectors.get(actor, execution.pk)


@transaction.atomic
def cancel_part(execution: Execution, *, asked_by: User | None, told_as: Actor) -> None:
    """Cancel an execution as part of a workflow that somebody who may has cancelled.

    Raises :class:`InvalidState` when it has ended.
    """
    row = selectors.hold(execution.pk)
    if not row.is_live:
        raise InvalidState(f"It has ended already ({row.status}), so there is nothing to cancel.")
    changed: dict[str, Any] = {
        "cancel_requested_at": Now(),
        "cancel_requested_by": asked_by,
        "revision": F("revision") + 1,
    }
    is_asked = approval_selectors.is_awaited(row)
    # What a lost worker left has to be looked after on the server first.
    is_waiting = is_asked or (row.waiting_since is not None and not row.resumes)
    if is_waiting:
        changed |= {"waiting_since": None, "not_before": None}
    if is_waiting and row.is_final:
        changed |= {
            "rollback_status": Status.CANCELLED,
            "rollback_message": "Cancelled before anything was taken back.",
        }
    elif is_waiting:
        changed |= {
            "status": Status.CANCELLED,
            "finished_at": Now(),
            "result_summary": "Cancelled while it waited to be tried again."
            if row.attempt
            else "Cancelled before it began; nothing was sent.",
        }
    Execution.objects.filter(pk=row.pk).update(**changed)
    if is_asked:
        approvals.withdraw(row, actor=told_as)
    trail.record(
        "AUTOMATION_EXECUTION_CANCELLED" if is_waiting else "AUTOMATION_EXECUTION_CANCEL_REQUESTED",
        actor=told_as,
        target=execution,
        rollback=row.is_final,
    )
    if is_waiting and not row.is_final:
        finish.tell_listeners(selectors.hold(execution.pk, "runbook", "server"))


def known_by_key(rows: QuerySet[_M], *, actor: User, key: str | None, digest: str) -> _M | None:
    """Return what the same idempotency key made before, of ``rows`` with that key.

    Two requests with one key come one after the other, inside the caller's transaction. Raises
    :class:`Invalid` for a key of the wrong length, :class:`KeyReused` when ``digest`` differs or
    what it made was deleted.
    """
    if key is None:
        return None
    if not 0 < len(key) <= _KEY_LENGTH:
        raise Invalid(
            f"Use an Idempotency-Key of 1 to {_KEY_LENGTH} characters, such as a UUID.",
            details={"idempotencyKey": [f"Use 1 to {_KEY_LENGTH} characters."]},
        )
    conditions.hold_idempotency_key(actor, key)
    before = rows.first()
    if before is None and SpentKey.objects.filter(user=actor, idempotency_key=key).exists():
        raise KeyReused(
            "What this Idempotency-Key launched was deleted since, so it is not launched again. "
            "Use a new key if you want that."
        )
    if before is not None and before.idempotency_hash != digest:
        raise KeyReused(
            "This Idempotency-Key was used before, for something else. Use a new one for each "
            "execution, and the same one only to repeat the very same request."
        )
    return before


def _known(asked: Launch) -> Execution | None:
    """Return the execution that the same idempotency key made before, to who may still launch it.

    Raises :class:`NotPermitted`.
    """
    before = known_by_key(
        Execution.objects.filter(
            triggered_by_user=asked.actor, idempotency_key=asked.idempotency_key
        ).select_related("runbook", "server", "triggered_by_user"),
        actor=asked.actor,
        key=asked.idempotency_key,
        digest=asked.digest(),
    )
    if before is not None:
        kind = runbooks.code_of(asked.runbook)
        access.require_launch(asked.actor, asked.runbook, kind, asked.server)
    return before


def stored(asked: Launch) -> Execution:
    """Check the conditions and store the execution, inside the caller's transaction.

    Raises the :class:`Problem` of the first condition that does not hold; it names them all.
    """
    entry, server = asked.runbook, asked.server
    kind = runbooks.code_of(entry)
    for earlier in (asked.retry_of, asked.dry_run):
        if earlier is not None:
            # So that it is not deleted before this one, which refers to it, is committed.
            selectors.hold(earlier.pk)
    checks = [check(name, condition) for name, condition in _conditions(asked, kind).items()]
    problem = next((each.problem for each in checks if each.problem is not None), None)
    if problem is not None:
        problem.conditions = [each.as_json() for each in checks]
        raise problem
    kept = asked.kept_secrets(kind)
    runbook = conditions.parsed(kind, asked.parameters, kept=kept.names if kept else ())
    needed = 0
    if not asked.is_dry_run:
        needed = approval_selectors.needed_for(entry, server, changes=kind.changes)
    execution = Execution.objects.create(
        runbook=entry,
        server=server,
        batch=asked.batch,
        dry_run=asked.dry_run,
        retry_of=asked.retry_of,
        incident_id=asked.incident_id,
        triggered_by=asked.trigger,
        triggered_by_user=None if asked.is_automatic else asked.actor,
        on_behalf_of=asked.actor if asked.is_automatic else None,
        trigger_name=asked.trigger_name,
        schedule_id=asked.schedule_id,
        template_id=asked.template_id,
        workflow_run_id=asked.workflow_run_id,
        workflow_node=asked.workflow_node,
        previous=dict(asked.previous),
        **asked.by_token(),
        reason=secrets_in_use.masked(asked.reason),
        priority=asked.priority,
        parameters=params.dump(runbook),
        secret_parameters=asked.batch.secret_parameters
        if asked.batch
        else secret_parameters.sealed(entry, runbook, kept=kept),
        is_dry_run=asked.is_dry_run,
        changes=kind.changes,
        total_steps=len(kind.steps),
        step_titles=[step.title for step in kind.steps],
        timeout_seconds=min(entry.timeout_seconds, settings.AUTOMATION_MAX_EXECUTION_TIME),
        max_retries=entry.max_retries,
        idempotency_key=asked.idempotency_key,
        idempotency_hash=asked.digest() if asked.idempotency_key else "",
        # Without a place in the queue no worker can claim it, whatever message arrives.
        **({"waiting_since": None} if needed else {}),
    )
    told: dict[str, Any] = {"approvals": needed} if needed else {}
    trail.record(
        "AUTOMATION_EXECUTION_RETRIED" if asked.retry_of else "AUTOMATION_EXECUTION_STARTED",
        actor=asked.told_as,
        target=execution,
        message=asked.reason,
        runbook=entry.runbook_id,
        server=server.name,
        parameters=execution.parameters,
        isDryRun=asked.is_dry_run,
        forced=asked.is_forced,
        retryOf=_id_of(asked.retry_of),
        batch=_id_of(asked.batch),
        **told,
    )
    if execution.incident_id is not None:
        execution_launched.send(sender=Execution, execution=execution, actor=asked.told_as)
    if needed:
        approvals.ask(
            title=f"{entry.title} on {server.name}",
            message=execution.reason,
            needed=needed,
            asked_by=asked.actor,
            seconds=settings.AUTOMATION_APPROVAL_HOURS * 3600,
            execution=execution,
            told_as=asked.told_as,
        )
    else:
        woken = (execution.pk, execution.priority, server.zone)
        transaction.on_commit(partial(wakeups.send, [woken]))
    return execution


def checks(asked: Launch) -> list[Check]:
    """Return what must hold for a launch and whether it does, all of it; nothing is launched.

    Inside a transaction what is said of the cooldown holds until it ends.
    """
    wanted = _conditions(asked, runbooks.code_of(asked.runbook))
    return [check(name, condition) for name, condition in wanted.items()]


def _id_of(row: Execution | Batch | None) -> str | None:
    return str(row.pk) if row else None


def _conditions(asked: Launch, kind: type[Runbook]) -> dict[str, Callable[[], object]]:
    """Return what must hold, by its name in the API, in the order in which it is looked at."""
    entry, server = asked.runbook, asked.server
    kept = asked.kept_secrets(kind)
    names = kept.names if kept else []
    wanted: dict[str, Callable[[], object]] = {
        "permissions": lambda: access.require_launch(asked.actor, entry, kind, server),
        "serverCompatibility": lambda: conditions.require_compatible(entry, server),
        "parametersValid": lambda: conditions.parsed(kind, asked.parameters, kept=names),
    }
    if asked.names_incident:
        wanted["incidentKnown"] = lambda: conditions.require_incident(
            asked.actor, asked.incident_id
        )
    if asked.dry_run is not None:
        wanted["repeatsDryRun"] = lambda: conditions.require_same(
            asked.dry_run, entry, server, asked.parameters
        )
    if asked.is_automatic:
        wanted["notInMaintenance"] = lambda: conditions.require_no_maintenance(server)
    if asked.is_dry_run:
        return wanted
    wanted["confirmed"] = lambda: conditions.require_confirmation(
        entry, server, is_confirmed=asked.is_confirmed
    )
    if asked.is_forced:
        wanted["mayForce"] = lambda: conditions.require_force(asked.actor, asked.reason)
    elif not asked.is_decided:
        wanted["rateLimitOk"] = lambda: conditions.require_cooled_down(entry, server)
    return wanted


def tell_refusal(asked: Launch, problem: Problem) -> None:
    """Audit that a launch was refused, whatever becomes of the caller's transaction."""
    cooling = isinstance(problem, CoolingDown)
    trail.refuse(
        "AUTOMATION_RATE_LIMIT_EXCEEDED" if cooling else "AUTOMATION_EXECUTION_REFUSED",
        actor=asked.told_as,
        target=asked.runbook,
        message=problem.message,
        server=asked.server.name,
    )
