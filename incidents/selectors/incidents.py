"""Incidents as pages and clients ask for them."""

from uuid import UUID

from django.db.models import (
    Case,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from automation.engine.results import Verdict
from automation.models import Execution
from incidents.models import UNRESOLVED, Incident, Severity
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound
from opsmanager.common.search import Found, holding, terms
from servers.models import Server
from servers.selectors import limits

_ORDER = Case(
    *(When(severity=severity, then=Value(rank)) for rank, severity in enumerate(Severity)),
    output_field=IntegerField(),
)


def visible_to(user: permissions.Actor) -> QuerySet[Incident]:
    """Return the incidents that the user may see, newest first."""
    rows = Incident.objects.select_related("server", "acknowledged_by", "assigned_to").order_by(
        "-opened_at"
    )
    if not permissions.may(user, roles.VIEW_INCIDENTS):
        return rows.none()
    return limits.within(user, rows, server="server")


def open_for(user: permissions.Actor) -> QuerySet[Incident]:
    """Return the incidents that are not resolved, the worst and then the oldest first."""
    rows = visible_to(user).filter(status__in=UNRESOLVED)
    return rows.order_by(_ORDER, "opened_at")


def get(user: permissions.Actor, pk: UUID | str) -> Incident:
    """Return an incident that the user may see. Raises :class:`NotFound`."""
    incident = visible_to(user).filter(pk=pk).first()
    if incident is None:
        raise NotFound("There is no such incident, or you may not see it.")
    return incident


def fixed_by(incident: Incident) -> Execution | None:
    """Return the last execution for it that reported FIXED."""
    runs = Execution.objects.select_related("runbook", "server", "triggered_by_user")
    return (
        runs.filter(incident_id=incident.pk, verdict=Verdict.FIXED).order_by("-queued_at").first()
    )


def without_a_fix(user: permissions.Actor) -> QuerySet[Incident]:
    """Return the open incidents that no runbook has FIXED yet, the worst first."""
    fixed = Execution.objects.filter(verdict=Verdict.FIXED, incident_id=OuterRef("pk"))
    return open_for(user).filter(~Exists(fixed))


def search(rows: QuerySet[Incident], text: str) -> QuerySet[Incident]:
    """Return the rows that hold all terms, each in title and description or the server's name."""
    for term in terms(text):
        named = list(Server.objects.filter(name__icontains=term).values_list("pk", flat=True))
        found = holding(term)
        rows = Found.among(rows.filter(found | Q(server__in=named) if named else found))
    return rows
