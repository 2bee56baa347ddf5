"""The pages of incidents: what is broken, what was tried, what may help."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from automation.models import Trigger
from automation.selectors import runbooks
from automation.services.executions import Launch, launch
from incidents.models import IncidentStatus
from incidents.selectors import incidents as selectors
from incidents.selectors.suggestions import suggestions
from incidents.services import incidents
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.filters import Filters, choice
from opsmanager.common.form_key import key_of
from opsmanager.common.htmx import go_to
from opsmanager.common.pages import LongPaginator
from opsmanager.common.problems import Problem

_PAGE = 25


@require_GET
def incident_list(request: HttpRequest) -> HttpResponse:
    """Show the incidents, the open ones unless others are asked for."""
    permissions.require_view(request.user, roles.VIEW_INCIDENTS)
    text, status = request.GET.get("search", ""), request.GET.get("status", "open")
    if status == "open":
        rows = selectors.open_for(request.user)
    else:
        rows = selectors.visible_to(request.user)
        if status != "all":
            rows = rows.filter(status=status)
    context = {
        "page": LongPaginator(selectors.search(rows, text), _PAGE).get_page(
            request.GET.get("page")
        ),
        "filters": Filters(
            url="incidents:incident_list",
            table="incident_table",
            hint="Search incidents",
            search=text,
            choices=(
                choice(
                    request.GET,
                    "status",
                    "Status",
                    [("open", "Not resolved"), ("all", "All"), *IncidentStatus.choices],
                    default="open",
                ),
            ),
        ),
    }
    return render(request, "incidents/incident_list.html", context)


@require_GET
def incident_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one incident, with what may help beside what happened."""
    incident = selectors.get(request.user, pk)
    found = suggestions(request.user, incident) if incident.is_open else []
    context = {
        "incident": incident,
        "diagnose": [each for each in found if not each.changes],
        "fix": [each for each in found if each.changes],
        "fixed_by": selectors.fixed_by(incident) if incident.is_open else None,
        "timeline": incident.timeline.select_related("execution__runbook", "execution__server"),
        "may_manage": permissions.may(request.user, roles.MANAGE_INCIDENTS),
        "may_run": permissions.may(request.user, roles.EXECUTE_RUNBOOKS),
    }
    return render(request, "incidents/incident_detail.html", context)


@require_POST
def incident_acknowledge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that somebody looks at it."""
    incident = selectors.get(request.user, pk)
    incidents.acknowledge(actor=user_of(request), incident=incident)
    messages.success(request, "Acknowledged: others see that you look at it.")
    return go_to(request, "incidents:incident_detail", pk=pk)


@require_POST
def incident_resolve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that it is over."""
    incident = selectors.get(request.user, pk)
    incidents.resolve(actor=user_of(request), incident=incident)
    messages.success(request, "Resolved.")
    return go_to(request, "incidents:incident_detail", pk=pk)


@require_POST
def incident_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Run a suggested runbook with the parameters that the labels give, dry or for real."""
    incident = selectors.get(request.user, pk)
    actor = user_of(request)
    wanted = request.POST.get("runbook_id", "")
    chosen = next((s for s in suggestions(actor, incident) if s.runbook_id == wanted), None)
    if chosen is None or incident.server is None:
        raise Problem("This runbook is no longer suggested. Open it from the library instead.")
    is_dry_run = request.POST.get("mode") != "run"
    if incident.server.is_production and not is_dry_run:
        raise Problem(
            f"{incident.server.name} is a production server: run it from the runbook's page, where "
            "you confirm the server by its name."
        )
    execution = launch(
        Launch(
            actor=actor,
            runbook=runbooks.get(actor, chosen.runbook_id),
            server=incident.server,
            parameters=chosen.parameters,
            is_dry_run=is_dry_run,
            is_confirmed=True,
            incident_id=incident.pk,
            reason=f"For the incident: {incident.title}",
            trigger=Trigger.MANUAL,
            idempotency_key=key_of(request),
        )
    )
    incidents.note_started(execution, actor=actor)
    return go_to(request, "automation:execution_detail", pk=execution.pk)
