"""The runbooks of the code beside their rows in the database."""

from functools import lru_cache
from typing import Final

import structlog
from django.conf import settings

from automation.engine.discovery import discover
from automation.engine.registry import Registry, registry
from automation.engine.runbook import Runbook
from automation.models import CatalogEntry

log = structlog.get_logger(__name__)

_COPIED: Final = ("title", "summary", "category", "platforms", "changes", "is_deployed")
"""What a row takes from its class at each deployment; the rest is the operators'."""


@lru_cache(maxsize=1)
def runbooks() -> Registry:
    """Return the registry, all runbook packages imported; those that fail are said once."""
    for problem in discover(packages=settings.AUTOMATION_RUNBOOK_PACKAGES):
        log.error("runbook not loaded", module=problem.module, reason=problem.reason)
    return registry


def sync() -> None:
    """Give each runbook its row and refresh what is copied from its class.

    What operators configured stays; the row of a runbook that is gone is kept, as not deployed.
    """
    found = runbooks()
    CatalogEntry.objects.bulk_create(
        [_row(runbook) for runbook in found],
        update_conflicts=True,
        unique_fields=["runbook_id"],
        update_fields=[*_COPIED, "updated_at"],
    )
    CatalogEntry.objects.exclude(runbook_id__in=[runbook.id for runbook in found]).update(
        is_deployed=False
    )


def _row(runbook: type[Runbook]) -> CatalogEntry:
    """Return the row of a runbook that is new here."""
    return CatalogEntry(
        runbook_id=runbook.id,
        title=runbook.title,
        summary=runbook.summary(),
        category=runbook.category,
        platforms=[str(platform) for platform in runbook.platforms],
        changes=runbook.changes,
        is_deployed=True,
        dangerous=runbook.dangerous,
        timeout_seconds=runbook.default_timeout,
        max_retries=runbook.default_max_retries,
        cooldown_minutes=_first_cooldown(runbook),
    )


def _first_cooldown(runbook: type[Runbook]) -> int:
    """Return the cooldown of a runbook that is new here: its own, else the setting's."""
    declares = any("default_cooldown_minutes" in vars(kind) for kind in _kinds(runbook))
    default: int = settings.AUTOMATION_DEFAULT_COOLDOWN
    return runbook.default_cooldown_minutes if declares else default


def _kinds(runbook: type[Runbook]) -> list[type]:
    """Return the runbook's class and its own bases, down to what every runbook is."""
    return list(runbook.__mro__[: runbook.__mro__.index(Runbook)])
