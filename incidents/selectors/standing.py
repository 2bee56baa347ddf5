"""Where an incident stands, as a poll asks for it: in the query that finds out who asks."""

from typing import Any
from uuid import UUID

from django.db.models import Subquery
from django.db.models.functions import JSONObject

from incidents.models import Incident, TimelineEntry


def along(pk: UUID) -> Subquery:
    """Return a subquery that finds what changes with all that the page's live parts show."""
    last = TimelineEntry.objects.filter(incident=pk).order_by("-at", "-pk").values("pk")[:1]
    rows = Incident.objects.filter(pk=pk).order_by()
    return Subquery(
        rows.values(
            standing=JSONObject(
                status="status",
                times="times_seen",
                flapping="is_flapping",
                assigned="assigned_to",
                severity="severity",
                last=Subquery(last),
            )
        )
    )


def seen(found: Any) -> str:
    """Return what tells whether a page shows the incident as it is now."""
    return ".".join(str(found[name]) for name in sorted(found)) if found else ""


def of(incident: Incident, last: int | None) -> str:
    """Return the same for an incident that was read, and the last line of its timeline."""
    return seen(
        {
            "status": incident.status,
            "times": incident.times_seen,
            "flapping": incident.is_flapping,
            "assigned": str(incident.assigned_to_id) if incident.assigned_to_id else None,
            "severity": incident.severity,
            "last": last,
        }
    )
