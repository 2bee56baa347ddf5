"""Why an execution does not run yet: each condition, with its value and whether it holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce, JSONObject, Now
from django.utils import timezone

from automation.engine.results import Status
from automation.models import Approval, Execution, Priority
from automation.selectors import approvals
from opsmanager.common import origin, pulse, zones
from opsmanager.common.compiled import Compiled
from opsmanager.common.models import Pulse
from opsmanager.common.zone_queues import NO_ZONE


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One thing that has to be so before it runs."""

    name: str
    holds: bool
    value: str
    """What is the case now, in a few words."""
    message: str
    """The sentence why it waits; empty where the condition holds."""

    def as_json(self) -> dict[str, Any]:
        """Return it as the API says it."""
        return {
            "name": self.name,
            "holds": self.holds,
            "value": self.value,
            "message": self.message,
        }


_IS_HELD: Final = Func(function="common_is_foreign", output_field=BooleanField())
"""Whether nothing is begun, for the database was restored: asked with what is asked anyway."""
_WORKERS_SEEN_WITHIN: Final = 6
"""Times the pause between two sweeps, in each of which a worker says that it lives."""
_SERVED: Final = Coalesce(
    KeyTransform("zones", "details"), Value([NO_ZONE], JSONField()), output_field=JSONField()
)
"""The zones that a worker says it serves; one of the release before says nothing."""


def with_waiting(rows: Iterable[Execution]) -> list[Execution]:
    """Return the executions, each with ``waiting_for``: why it does not run yet, or nothing."""
    listed = list(rows)
    ahead = _first_on_servers({row.server_id for row in listed if _needs_its_server(row)})
    batches = _running_in({row.batch_id for row in listed if row.batch_id and _waits(row)})
    asked = approvals.pending_of(listed)
    held = _held(listed, ahead)
    alone = _without_worker({row.server.zone for row in listed if _waits(row)})
    for execution in listed:
        conditions = [
            *(held if _waits(execution) else ()),
            *(alone.get(execution.server.zone, ()) if _waits(execution) else ()),
            *_conditions(execution, ahead, batches, asked),
        ]
        said = [condition.message for condition in conditions if not condition.holds]
        default = "Waits for a free worker." if _waits(execution) else ""
        execution.waiting_for = said[0] if said else default  # type: ignore[attr-defined]
    return listed


def waiting_for(execution: Execution) -> str:
    """Say why a waiting execution does not run yet; empty for any other."""
    (row,) = with_waiting([execution])
    said: str = row.waiting_for  # type: ignore[attr-defined]
    return said


def why(execution: Execution) -> list[Condition]:
    """Return each condition that has to hold before it, or its rollback, runs; empty once it does.

    Several may fail at once; it runs when all hold and a worker has a free place.
    """
    asked = approvals.pending_of([execution])
    if not _waits(execution) and not asked:
        return []
    ahead = _first_on_servers({execution.server_id} if _needs_its_server(execution) else set())
    batches = _running_in({execution.batch_id} if execution.batch_id else set())
    held, found = _held([execution], ahead), _conditions(execution, ahead, batches, asked)
    zone = execution.server.zone
    worker = _worker(zone, pulse.serving(_seen_within())[zone])
    # What keeps all of a zone waiting is said before what keeps this one.
    is_first = zone and not worker.holds and _waits(execution)
    return [*held, worker, *found] if is_first else [*held, *found, worker]


def reasons() -> JSONObject:
    """Return, for a query of executions, what changes with the reasons why each waits.

    Clocks and who lives are left out: of them only whether they let it run.
    """
    ahead = _ordered(_changing().filter(server=OuterRef("server"))).values(
        found=JSONObject(pk=F("pk"), holds=F("holds_server"))
    )
    running = (
        Execution.objects.filter(batch=OuterRef("batch"), status=Status.RUNNING)
        .order_by()
        .values("batch")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return JSONObject(
        ahead=Subquery(ahead[:1]),
        running=Subquery(running),
        is_due=Q(not_before__isnull=True) | Q(not_before__lte=Now()),
        has_worker=Exists(_serving(OuterRef("server__zone"))),
        is_held=_IS_HELD,
    )


def _held(rows: list[Execution], ahead: dict[UUID, Execution]) -> list[Condition]:
    """Say that nothing is begun in a database that was restored, where that is so."""
    if not any(_waits(row) for row in rows):
        return []
    known = next(iter(ahead.values()), None)
    is_held = origin.is_foreign() if known is None else known.is_held  # type: ignore[attr-defined]
    if not is_held:
        return []
    return [
        Condition(
            name="databaseSettled",
            holds=False,
            value="restored or copied",
            message="Waits until somebody says what becomes of a restored or copied database: "
            "nothing is begun in it before manage.py after_restore.",
        )
    ]


def _waits(execution: Execution) -> bool:
    return execution.is_live and execution.waiting_since is not None


def _needs_its_server(execution: Execution) -> bool:
    """Whether it waits until no other execution changes its server."""
    return _waits(execution) and execution.changes and not execution.is_dry_run


def _conditions(
    execution: Execution,
    ahead: dict[UUID, Execution],
    batches: dict[UUID, int],
    asked: dict[UUID, Approval],
) -> list[Condition]:
    if execution.pk in asked:
        return [_approved(asked[execution.pk])]
    if not _waits(execution):
        return []
    found = []
    if execution.not_before is not None:
        found.append(_retry_time(execution))
    if _needs_its_server(execution):
        found.append(_server(execution, ahead.get(execution.server_id)))
    batch = execution.batch
    if batch is not None and batch.max_parallel is not None and not execution.is_final:
        found.append(_batch(batches.get(batch.pk, 0), batch.max_parallel))
    return found


def _approved(approval: Approval) -> Condition:
    given: int = approval.given  # type: ignore[attr-defined] # as counted has it
    needed = approval.needed
    asker = approval.asked_by
    other = f"somebody other than {asker.get_username()}" if asker else "somebody"
    return Condition(
        name="approved",
        holds=False,
        value=f"{given} of {needed}",
        message=f"Waits for approval: {given} of {needed}, by {other}; expires "
        f"{approval.expires_at:%Y-%m-%d %H:%M} UTC.",
    )


def _retry_time(execution: Execution) -> Condition:
    left = (execution.not_before or timezone.now()) - timezone.now()
    seconds = max(round(left.total_seconds()), 0)
    return Condition(
        name="retryTime",
        holds=left <= timedelta(0),
        value=f"{seconds} s left",
        message=f"Is tried again in {seconds} s (attempt {execution.attempt + 1} of "
        f"{execution.max_retries + 1}): {execution.error_message}"
        if left > timedelta(0)
        else "",
    )


def _server(execution: Execution, ahead: Execution | None) -> Condition:
    # It may be the first itself, or have been claimed since it was read.
    if ahead is None or ahead.pk == execution.pk:
        return Condition(
            name="serverFree",
            holds=True,
            value=f"nothing changes {execution.server.name}",
            message="",
        )
    by_itself = ahead.trigger_name or ahead.get_triggered_by_display().lower()
    who = ahead.triggered_by_user or by_itself
    doing = "runs" if ahead.holds_server else "goes first"
    what = f"{ahead.runbook.title} ({who}) {doing}"
    return Condition(
        name="serverFree",
        holds=False,
        value=f"{what}; execution {ahead.pk}, priority {Priority(ahead.priority).name}",
        message=f"Waits for {execution.server.name}: {what}, and one execution changes a server "
        "at a time.",
    )


def _batch(running: int, most: int) -> Condition:
    return Condition(
        name="batchHasRoom",
        holds=running < most,
        value=f"{running} of at most {most} run",
        message=""
        if running < most
        else f"Waits for its batch: {running} of it run, and at most {most} may at once.",
    )


def _worker(zone: str, count: int) -> Condition:
    processes = f"{count} worker process{'' if count == 1 else 'es'}"
    missing = "No worker was seen lately: start one, or look at its log."
    return Condition(
        name="workerAlive",
        holds=count > 0,
        value=f"{processes}{f' of zone {zone}' if zone else ''} seen lately",
        message="" if count else zones.nobody(zone) if zone else missing,
    )


def _without_worker(asked: set[str]) -> dict[str, list[Condition]]:
    """Say, by zone, that no worker serves it, where that is so; asked of zones alone."""
    named = asked - {NO_ZONE}
    served = pulse.serving(_seen_within()) if named else {}
    return {zone: [_worker(zone, 0)] for zone in named if zone not in served}


def _seen_within() -> timedelta:
    return timedelta(seconds=_WORKERS_SEEN_WITHIN * settings.AUTOMATION_SWEEP_SECONDS)


def _serving(zone: OuterRef) -> QuerySet[Pulse]:
    """Return the workers that were seen lately and serve a zone, in a query of executions."""
    wanted = Func(zone, function="jsonb_build_array", output_field=JSONField())
    lately = Pulse.objects.filter(kind="worker", seen_at__gte=Now() - _seen_within())
    return lately.alias(served=_SERVED).filter(served__contains=wanted)


def _changing() -> QuerySet[Execution]:
    """Return what changes its server now, and what waits to."""
    return Execution.objects.filter(
        Q(holds_server=True) | Q(waiting_since__isnull=False), changes=True, is_dry_run=False
    )


def _ordered(rows: QuerySet[Execution]) -> QuerySet[Execution]:
    """Return them by server, the first the one that changes it, or else is the next to."""
    return rows.order_by("server_id", "-holds_server", "priority", "waiting_since", "pk")


def _first_on_servers(servers: set[UUID]) -> dict[UUID, Execution]:
    """Return, by server, the execution that changes it now or else is the next to."""
    if not servers:
        return {}
    if len(servers) == 1:
        (server,) = servers
        rows: Iterable[Execution] = _FIRST_ON.all(server=server)
    else:
        rows = _first(server__in=servers)
    return {row.server_id: row for row in rows}


def _first(**which: Any) -> QuerySet[Execution]:
    changing = (
        _changing()
        .filter(**which)
        .select_related("runbook", "triggered_by_user")
        .annotate(is_held=_IS_HELD)
    )
    return _ordered(changing).distinct("server_id")


_FIRST_ON: Final[Compiled[Execution]] = Compiled(
    lambda server: _first(server=server), server=UUIDField()
)


def _running_in(batches: set[UUID]) -> dict[UUID, int]:
    """Return, by batch, how many of it run."""
    if not batches:
        return {}
    rows = (
        Execution.objects.filter(batch__in=batches, status=Status.RUNNING)
        .values("batch_id")
        .annotate(running=Count("pk"))
    )
    return {row["batch_id"]: row["running"] for row in rows}
