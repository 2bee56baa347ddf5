"""What lists of incidents can be asked for."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from incidents.models import UNRESOLVED, IncidentStatus, Severity
from opsmanager.common.api.query import PagedQuery
from opsmanager.common.api.query_fields import Flag, Ordering, Text, Texts, Uuid, When, Words

_M = TypeVar("_M", bound=Model)


class IncidentsQuery(PagedQuery):
    """Of incidents; ``search`` looks into title, description and the server's name."""

    status = Words(IncidentStatus.values)
    severity = Words(Severity.values)
    server_id = Uuid()
    source: Any = Texts(help_text="Slugs of sources, or manual.")
    assigned_to = Text(allow_empty=False, help_text="A user's name.")
    is_open = Flag(help_text="Whether it is not resolved.")
    start_date = When(help_text="Of being opened; included.")
    end_date = When(help_text="Of being opened; not included.")
    search = Text()
    ordering = Ordering("opened_at", "last_seen_at", "severity", "status", "title")

    filters = {
        "status": "status__in",
        "severity": "severity__in",
        "server_id": "server_id",
        "source": "source__in",
        "assigned_to": "assigned_to__username",
        "start_date": "opened_at__gte",
        "end_date": "opened_at__lt",
    }

    @classmethod
    def narrow(cls, rows: QuerySet[_M], asked: Mapping[str, Any]) -> QuerySet[_M]:
        """Return those of the rows that the filters ask for."""
        rows = super().narrow(rows, asked)
        if "is_open" not in asked:
            return rows
        # Named, not "all but RESOLVED", for which no index helps.
        wanted = UNRESOLVED if asked["is_open"] else [IncidentStatus.RESOLVED]
        return rows.filter(status__in=wanted)


class TimelineQuery(PagedQuery):
    """Of a timeline; the oldest line comes first unless it is asked otherwise."""

    ordering = Ordering("at")
