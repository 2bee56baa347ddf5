"""Maintenance of a server or a group as it is asked for: checked, and what belongs to it along."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from opsmanager.common import secrets_in_use
from opsmanager.common.problems import Invalid
from servers.models import Server, ServerGroup

FIELDS: Final = ("in_maintenance", "maintenance_reason", "maintenance_until")
LONGEST: Final = timedelta(days=30)


def wanted(row: Server | ServerGroup, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the three fields as they shall stand, of those that are asked for.

    Ending it takes reason and time along; what is over by the clock begins anew. Raises
    :class:`Invalid` for a time that is past or too far, and for a reason without maintenance.
    """
    stands = row.is_tended
    is_on = bool(asked.get("in_maintenance", stands))
    reason = asked.get("maintenance_reason", row.maintenance_reason if stands else "")
    until = asked.get("maintenance_until", row.maintenance_until if stands else None)
    if not is_on:
        given = [name for name in FIELDS[1:] if asked.get(name)]
        if given:
            names = {"maintenance_reason": "maintenanceReason"}
            _refuse(
                names.get(given[0], "maintenanceUntil"),
                "It is not in maintenance. Begin it, then say why and until when.",
            )
        return {"in_maintenance": False, "maintenance_reason": "", "maintenance_until": None}
    if until is not None and until != row.maintenance_until:
        _check(until)
    return {
        "in_maintenance": True,
        "maintenance_reason": secrets_in_use.masked(reason.strip()),
        "maintenance_until": until,
    }


def _check(until: datetime) -> None:
    now = timezone.now()
    if until <= now:
        _refuse("maintenanceUntil", "That is over already. Choose a time to come.")
    if until > now + LONGEST:
        _refuse("maintenanceUntil", f"Choose a time within {LONGEST.days} days.")


def _refuse(field: str, said: str) -> None:
    raise Invalid(said, details={field: [said]})
