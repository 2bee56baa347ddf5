"""The library: runbooks as the catalog has them, with how they fared."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Avg, Count, Q, QuerySet
from django.db.models.functions import Extract

from automation import catalog
from automation.engine.errors import UnknownRunbook
from automation.engine.results import Status, Verdict
from automation.engine.runbook import Runbook
from automation.models import CatalogEntry, Execution
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound
from opsmanager.common.uuids import as_uuid


@dataclass(frozen=True, kw_only=True)
class Record:
    """How a runbook fared so far; rates are 0 to 1, ``None`` before there is anything to count."""

    total: int
    success_rate: float | None
    fix_rate: float | None
    """Of the runs that met something to fix, how many fixed it."""
    average_seconds: float | None


def visible_to(user: permissions.Actor) -> QuerySet[CatalogEntry]:
    """Return the deployed runbooks, for those who may view runbooks at all."""
    if not permissions.may(user, roles.VIEW_RUNBOOKS):
        return CatalogEntry.objects.none()
    return CatalogEntry.objects.filter(is_deployed=True)


def all_deployed() -> QuerySet[CatalogEntry]:
    """Return every runbook of the code that runs now."""
    return CatalogEntry.objects.filter(is_deployed=True).order_by("runbook_id")


def get(user: permissions.Actor, key: str) -> CatalogEntry:
    """Return a runbook by its UUID or its id such as SERVICE_RESTART. Raises :class:`NotFound`."""
    uuid = as_uuid(key)
    wanted = Q(pk=uuid) if uuid else Q(runbook_id=key)
    entry = visible_to(user).filter(wanted).first()
    if entry is None:
        raise NotFound(f"There is no runbook {key}, or you may not see it.")
    return entry


def search(rows: QuerySet[CatalogEntry], text: str) -> QuerySet[CatalogEntry]:
    """Return the rows whose id, title or summary contains the text."""
    text = text.strip()
    return rows.filter(
        Q(runbook_id__icontains=text) | Q(title__icontains=text) | Q(summary__icontains=text)
    )


def code_of(entry: CatalogEntry) -> type[Runbook]:
    """Return the runbook's class. Raises :class:`NotFound` when it is not in this code."""
    try:
        return catalog.runbooks().get(entry.runbook_id)
    except UnknownRunbook as problem:
        raise NotFound(
            f"The runbook {entry.runbook_id} is not in the code that runs now. Deploy the package "
            "that holds it, or choose another one."
        ) from problem


def record_of(entry: CatalogEntry) -> Record:
    """Return how the runbook fared in its finished runs, dry runs left out."""
    runs = Execution.objects.filter(runbook=entry, is_dry_run=False)
    return _record(runs).get(entry.pk, _NONE)


def with_records(entries: Iterable[CatalogEntry]) -> list[CatalogEntry]:
    """Return the entries, each with ``success_rate``, ``fix_rate`` and ``total_executions``."""
    listed = list(entries)
    found = _record(Execution.objects.filter(is_dry_run=False, runbook__in=listed))
    for entry in listed:
        record = found.get(entry.pk, _NONE)
        entry.success_rate = record.success_rate  # type: ignore[attr-defined]
        entry.fix_rate = record.fix_rate  # type: ignore[attr-defined]
        entry.total_executions = record.total  # type: ignore[attr-defined]
    return listed


def estimated_seconds(entry: CatalogEntry) -> float:
    """Return how long it usually takes, from its history or else by its own word.

    0 when neither is there: executions outlive the code of their runbook.
    """
    average = record_of(entry).average_seconds
    if average or entry.runbook_id not in catalog.runbooks():
        return average or 0.0
    return float(code_of(entry).estimated_seconds)


_NONE = Record(total=0, success_rate=None, fix_rate=None, average_seconds=None)


def _record(runs: QuerySet[Execution]) -> dict[object, Record]:
    ended = ~Q(status__in=[Status.PENDING, Status.RUNNING])
    met = Q(verdict__in=[Verdict.FIXED, Verdict.NOT_FIXED, Verdict.MADE_WORSE])
    seconds = Extract("finished_at", "epoch") - Extract("started_at", "epoch")
    rows = runs.values("runbook_id").annotate(
        total=Count("pk"),
        ended=Count("pk", filter=ended),
        good=Count("pk", filter=Q(status=Status.SUCCESS)),
        met=Count("pk", filter=met),
        fixed=Count("pk", filter=Q(verdict=Verdict.FIXED)),
        seconds=Avg(seconds, filter=Q(status=Status.SUCCESS)),
    )
    return {
        row["runbook_id"]: Record(
            total=row["total"],
            success_rate=row["good"] / row["ended"] if row["ended"] else None,
            fix_rate=row["fixed"] / row["met"] if row["met"] else None,
            average_seconds=row["seconds"],
        )
        for row in rows
    }
