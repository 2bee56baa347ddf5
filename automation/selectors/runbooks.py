"""The library: runbooks as the catalog has them."""

from typing import Final

from django.db.models import CharField, Q, QuerySet

from automation import catalog
from automation.engine.errors import UnknownRunbook
from automation.engine.runbook import Runbook
from automation.models import CatalogEntry
from opsmanager.accounts import permissions, roles
from opsmanager.common.compiled import Compiled
from opsmanager.common.problems import NotFound
from opsmanager.common.uuids import as_uuid

_BY_ID: Final[Compiled[CatalogEntry]] = Compiled(
    lambda runbook_id: CatalogEntry.objects.filter(
        is_deployed=True, runbook_id=runbook_id
    ).order_by(),
    runbook_id=CharField(),
)


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
    if uuid:
        entry = visible_to(user).filter(pk=uuid).first()
    else:
        entry = _BY_ID.one(runbook_id=key) if permissions.may(user, roles.VIEW_RUNBOOKS) else None
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
