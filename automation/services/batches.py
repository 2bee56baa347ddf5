"""Launching one runbook on several servers at once."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from automation.engine import params
from automation.engine.results import Status
from automation.models import Batch, Execution
from automation.runner import batches as running
from automation.selectors import access, runbooks
from automation.selectors import batches as selectors
from automation.selectors import executions as execution_selectors
from automation.services import conditions, executions, secret_parameters
from automation.services.asked import Asked
from automation.services.executions import Launch
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import CoolingDown, Invalid, InvalidState, NotPermitted, Problem
from servers.models import Server

_MOST_SERVERS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class BatchLaunch(Asked):
    """What somebody asks for: one runbook on several servers."""

    servers: Iterable[Server]
    max_parallel: int | None = None
    """How many run at once at most."""
    stop_after_failures: int | None = None
    """After how many failed ones the rest is not begun."""

    def on(self, server: Server, batch: Batch) -> Launch:
        """Return what is asked for on one of the servers."""
        common = {field.name: getattr(self, field.name) for field in fields(Asked)}
        return Launch(**{**common, "idempotency_key": None}, server=server, batch=batch)

    def _particulars(self) -> list[Any]:
        servers = sorted(str(server.pk) for server in self.servers)
        return [servers, self.max_parallel, self.stop_after_failures]


@transaction.atomic
def launch(asked: BatchLaunch) -> Batch:
    """Store a batch with an execution for each server that allows it.

    Where one is refused, :attr:`Batch.refusals` says why; the others are launched all the same.
    Raises what concerns all of them: parameters, permission to run runbooks at all, no server.
    """
    access.require_running(asked.actor)
    if not asked.is_automatic:
        conditions.require_incident(asked.actor, asked.incident_id)
    # In one order, so that two batches can't wait for one another.
    servers = sorted({server.pk: server for server in asked.servers}.values(), key=_by_id)
    if not 0 < len(servers) <= _MOST_SERVERS:
        raise Invalid(
            f"Choose 1 to {_MOST_SERVERS} servers; these are {len(servers)}.",
            details={"serverIds": [f"Choose 1 to {_MOST_SERVERS} servers."]},
        )
    before = executions.known_by_key(
        Batch.objects.filter(started_by=asked.actor, idempotency_key=asked.idempotency_key),
        actor=asked.actor,
        key=asked.idempotency_key,
        digest=asked.digest(),
    )
    if before is not None:
        return before
    kind = runbooks.code_of(asked.runbook)
    kept = None if asked.gives_secrets(kind) else asked.saved_secrets
    runbook = conditions.parsed(kind, asked.parameters, kept=kept.names if kept else ())
    batch = Batch.objects.create(
        runbook=asked.runbook,
        started_by=None if asked.is_automatic else asked.actor,
        schedule_id=asked.schedule_id,
        trigger_name=asked.trigger_name,
        **asked.by_token(),
        reason=secrets_in_use.masked(asked.reason),
        priority=asked.priority,
        parameters=params.dump(runbook),
        secret_parameters=secret_parameters.sealed(asked.runbook, runbook, kept=kept),
        is_dry_run=asked.is_dry_run,
        max_parallel=asked.max_parallel,
        stop_after_failures=asked.stop_after_failures,
        idempotency_key=asked.idempotency_key,
        idempotency_hash=asked.digest() if asked.idempotency_key else "",
    )
    batch.refusals = [
        refusal for server in servers if (refusal := _refusal(asked, batch, server)) is not None
    ]
    batch.save(update_fields=["refusals"])
    trail.record(
        "AUTOMATION_BATCH_STARTED",
        actor=asked.told_as,
        target=batch,
        message=asked.reason,
        runbook=asked.runbook.runbook_id,
        servers=[server.name for server in servers],
        refused=[refusal["server_name"] for refusal in batch.refusals],
        isDryRun=asked.is_dry_run,
    )
    batch.refresh_from_db()
    return batch


def cancel(*, actor: User, batch: Batch) -> Batch:
    """Leave out what has not begun and ask the workers of what runs to end it.

    Raises :class:`InvalidState` when nothing is left to cancel, :class:`NotPermitted`.
    """
    for execution in _stopped(actor, batch):
        # Each by itself: whoever holds many at once may wait for those who write for many at once.
        # What ends meanwhile needs nothing more.
        with suppress(InvalidState):
            executions.cancel(actor=actor, execution=execution)
    return selectors.get(actor, batch.pk)


@transaction.atomic
def _stopped(actor: User, batch: Batch) -> list[Execution]:
    """Begin nothing more of the batch; return what runs.

    Raises as :func:`cancel` does.
    """
    row = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    live = list(
        execution_selectors.visible_to(actor).filter(
            batch=row, status__in=[Status.PENDING, Status.RUNNING]
        )
    )
    if not live:
        raise InvalidState("All of it has ended already, so there is nothing to cancel.")
    if not all(execution_selectors.may_cancel(actor, execution) for execution in live):
        raise NotPermitted(
            "You may cancel the batches that you started; this one was started by another."
        )
    running.stop(row, f"{actor.get_username()} cancelled the batch.", actor=actor)
    return list(
        execution_selectors.visible_to(actor)
        .filter(batch=row, status=Status.RUNNING)
        .order_by("pk")
    )


def _refusal(asked: BatchLaunch, batch: Batch, server: Server) -> dict[str, str] | None:
    """Launch on one server; return why not, if it was refused."""
    launch_there = asked.on(server, batch)
    try:
        with transaction.atomic():
            executions.stored(launch_there)
    except Problem as problem:
        if isinstance(problem, CoolingDown | NotPermitted):
            executions.tell_refusal(launch_there, problem)
        return {
            "server_id": str(server.pk),
            "server_name": server.name,
            "code": problem.code,
            "message": problem.message,
        }
    return None


def _by_id(server: Server) -> UUID:
    return server.pk
