"""The library: runbooks as the catalog has them."""

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When

from automation import catalog
from automation.engine.errors import UnknownRunbook
from automation.engine.kinds import Category
from automation.engine.runbook import Runbook
from automation.models import CatalogEntry, Execution
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound
from opsmanager.common.uuids import as_uuid

_EMERGENCY = (Category.RECOVERY, Category.INCIDENT_RESPONSE)


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


def last_used_first(rows: QuerySet[CatalogEntry]) -> QuerySet[CatalogEntry]:
    """Return those that can be run: the last used first, then what is for an emergency."""
    runs = Execution.objects.filter(runbook=OuterRef("pk"), is_dry_run=False)
    latest = Subquery(runs.order_by("-queued_at").values("queued_at")[:1])
    is_calm = Case(When(category__in=_EMERGENCY, then=0), default=1)
    return rows.filter(is_active=True).order_by(latest.desc(nulls_last=True), is_calm, "title")


def code_of(entry: CatalogEntry) -> type[Runbook]:
    """Return the runbook's class. Raises :class:`NotFound` when it is not in this code."""
    try:
        return catalog.runbooks().get(entry.runbook_id)
    except UnknownRunbook as problem:
        raise NotFound(
            f"The runbook {entry.runbook_id} is not in the code that runs now. Deploy the package "
            "that holds it, or choose another one."
        ) from problem
