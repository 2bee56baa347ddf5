"""Incidents that open and resolve again and again: held open until they have been quiet."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from incidents.models import Incident, IncidentStatus
from incidents.services import incidents, telling
from opsmanager.common.problems import InvalidState

log = structlog.get_logger(__name__)

OFTEN: Final = 4
"""So many times opened within :data:`WITHIN`: it flaps."""
WITHIN: Final = timedelta(hours=1)
QUIET_FOR: Final = timedelta(minutes=30)
QUIET: Final = (
    "Its source says that it is over. Because it flaps, it stays open until it has been quiet for "
    f"{QUIET_FOR.seconds // 60} minutes."
)


def look(incident: Incident, now: datetime) -> None:
    """Mark the incident, which was just opened again, where that happened too often."""
    openings = incident.timeline.filter(kind__in=("OPENED", "REOPENED"), at__gt=now - WITHIN)
    if openings.count() < OFTEN:
        return
    Incident.objects.filter(pk=incident.pk).update(is_flapping=True)
    text = (
        f"It flaps: opened {OFTEN} times within an hour. It stays open until it has been quiet for "
        f"{QUIET_FOR.seconds // 60} minutes."
    )
    incidents.write(incident, "FLAPPING", text)


def resolve_quiet() -> int:
    """Resolve what flapped and has been quiet for long enough; return how many."""
    before = timezone.now() - QUIET_FOR
    due = Incident.objects.filter(is_flapping=True, over_since__lte=before)
    return sum(_resolve_if_quiet(incident, before) for incident in due)


@transaction.atomic
def resolve(incident: Incident, why: str) -> None:
    """Resolve an open incident because its source says so, and tell it."""
    incidents.close(incident, why, by_source=True)
    Incident.objects.filter(pk=incident.pk).update(
        is_flapping=False, over_since=Coalesce("over_since", Now())
    )
    telling.resolved(incident, why)


@transaction.atomic
def _resolve_if_quiet(incident: Incident, before: datetime) -> bool:
    row = Incident.objects.select_for_update().filter(pk=incident.pk).first()
    if row is None or row.over_since is None or row.over_since > before:
        return False  # it fired again meanwhile
    if row.status == IncidentStatus.RESOLVED:
        Incident.objects.filter(pk=row.pk).update(is_flapping=False)
        return False
    try:
        resolve(row, f"Quiet for {QUIET_FOR.seconds // 60} minutes: it flaps no more.")
    except InvalidState:  # by a person, at this very moment
        log.info("resolved by somebody else", incident=str(row.pk))
        return False
    return True
