"""The list of incidents."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from incidents.models import Incident, IncidentStatus, Severity
from incidents.selectors import incidents as selectors
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.filters import Filters, choice, linked
from opsmanager.common.pages import LongPaginator
from opsmanager.common.uuids import as_uuid

_PAGE: Final = 25
_STATES: Final = (("open", "Not resolved"), ("all", "All"), *IncidentStatus.choices)
_WHOSE: Final = (("me", "Mine"), ("nobody", "Nobody's"))


@require_GET
def incident_list(request: HttpRequest) -> HttpResponse:
    """Show the incidents, the open ones unless others are asked for."""
    permissions.require_view(request.user, roles.VIEW_INCIDENTS)
    asked = {name: request.GET.get(name, "") for name in request.GET}
    text = asked.get("search", "")
    rows = selectors.search(_asked_for(request, asked), text)
    choices = (
        choice(asked, "status", "Status", _STATES, default="open"),
        choice(asked, "severity", "Severity", Severity.choices, everything="Any severity"),
        choice(asked, "whose", "Who has it", _WHOSE, everything="Anybody's"),
    )
    context = {
        "page": LongPaginator(rows, _PAGE).get_page(request.GET.get("page")),
        "may_manage": permissions.may(request.user, roles.MANAGE_INCIDENTS),
        "may_manage_sources": permissions.may(request.user, roles.MANAGE_SOURCES),
        "filters": Filters(
            url="incidents:incident_list",
            table="incident_table",
            hint="Search incidents",
            search=text,
            choices=choices,
            asked=linked(asked, [("server", "server", "On one server", "Show all servers'")]),
        ),
    }
    return render(request, "incidents/incident_list.html", context)


def _asked_for(request: HttpRequest, asked: dict[str, str]) -> QuerySet[Incident]:
    status = asked.get("status") or "open"
    if status == "open":
        rows = selectors.open_for(request.user)
    else:
        rows = selectors.visible_to(request.user)
        if status != "all":
            rows = rows.filter(status=status)
    if asked.get("severity"):
        rows = rows.filter(severity=asked["severity"])
    if asked.get("whose") == "me":
        rows = rows.filter(assigned_to=user_of(request))
    elif asked.get("whose") == "nobody":
        rows = rows.filter(assigned_to=None)
    server = as_uuid(asked.get("server", ""))
    return rows.filter(server=server) if server else rows
