"""What is new of an execution, for who follows it: one indexed query while nothing is."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zlib import crc32

from django.db.models import Case, F, JSONField, Subquery, Value, When
from django.db.models.functions import JSONObject

from automation.engine.results import ActionStatus
from automation.models import Execution, ExecutionLog, Stage
from automation.selectors import waiting


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What tells whether a page shows an execution as it is now."""

    revision: int
    may_change: bool
    """Whether it may still become another one by itself, so that the page has to ask."""
    waits: int
    """Changes with what it waits for; 0 while it does not wait."""


@dataclass
class _Told(Stage):
    status: str
    rollback_status: str
    ask_server_at: str | None


def standing_along(pk: UUID) -> Subquery:
    """Return a subquery that finds what :func:`standing_of` reads."""
    return Subquery(Execution.objects.filter(pk=pk).order_by().values(standing=_standing()))


def standing(pk: UUID) -> Standing | None:
    """Return how an execution stands; ``None`` when it is not there any more. One query."""
    found = Execution.objects.filter(pk=pk).values(standing=_standing()).first()
    return standing_of(found["standing"]) if found else None


def standing_of(found: Any) -> Standing | None:
    """Return what a subquery of :func:`standing_along` has found."""
    if not found:
        return None
    stage = _Told(found["status"], found["rollback"], found["asked"])
    waits = found["waits"] if stage.is_live else None
    return Standing(
        revision=found["revision"],
        may_change=stage.may_still_change,
        waits=(crc32(repr(sorted(waits.items())).encode()) or 1) if waits else 0,
    )


def _standing() -> JSONObject:
    waits = Case(
        When(waiting_since__isnull=False, then=waiting.reasons()),
        default=Value(None, JSONField()),
        output_field=JSONField(),
    )
    return JSONObject(
        revision=F("revision"),
        status=F("status"),
        rollback=F("rollback_status"),
        asked=F("ask_server_at"),
        waits=waits,
    )


def revision(pk: UUID) -> int | None:
    """Return the revision of an execution; ``None`` when it is not there any more."""
    return Execution.objects.filter(pk=pk).values_list("revision", flat=True).first()


def may_change(execution: Execution, row: ExecutionLog) -> bool:
    """Whether a row of its log may still become another one.

    A change whose end nobody saw may be gone on with while the attempt that sent it is.
    """
    if not execution.is_live:
        return False
    if row.status == ActionStatus.UNKNOWN:
        return row.changes and row.seq > execution.begin_seq
    return row.status == ActionStatus.RUNNING
