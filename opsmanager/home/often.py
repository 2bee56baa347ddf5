"""Which runbooks the home page leads to at once."""

from collections import Counter
from typing import Final
from uuid import UUID

from automation.engine.kinds import Category
from automation.models import CatalogEntry
from automation.selectors import executions, runbooks
from opsmanager.accounts import permissions, roles

_LATEST: Final = 200
"""Runs that are looked at: few enough to be read at each visit, enough to know what is usual."""
_MOST: Final = 6
_EMERGENCY: Final = (Category.RECOVERY, Category.INCIDENT_RESPONSE)


def run_often(user: permissions.Actor) -> list[CatalogEntry]:
    """Return the runbooks that the user ran most of late, then those of others, then the rest.

    For who may run any. Of equals, those for an emergency come first; those that are switched off
    are left out.
    """
    if not permissions.may(user, roles.EXECUTE_RUNBOOKS):
        return []
    latest = executions.visible_to(user).filter(is_dry_run=False).order_by("-queued_at")
    rows = latest.values_list("runbook_id", "triggered_by_user_id")[:_LATEST]
    own, all_ = Counter[UUID](), Counter[UUID]()
    for runbook_id, user_id in rows:
        all_[runbook_id] += 1
        own[runbook_id] += user_id == user.pk
    entries = runbooks.visible_to(user).filter(is_active=True)
    return sorted(
        entries,
        key=lambda entry: (
            -own[entry.pk],
            -all_[entry.pk],
            entry.category not in _EMERGENCY,
            entry.title,
        ),
    )[:_MOST]
