"""The page of one incident: what is broken, what was tried, what may help."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from automation.models import Trigger
from automation.selectors import executions, runbooks
from automation.services.executions import Launch, launch
from incidents.models import Incident
from incidents.selectors import incidents as selectors
from incidents.selectors import placing, standing
from incidents.selectors.suggestions import suggestions
from incidents.services import reasons
from opsmanager.accounts import along, permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.form_key import key_of
from opsmanager.common.htmx import fragment, go_to, nothing_new
from opsmanager.common.problems import Problem
from servers.selectors import maintenance

_RECENT = 10
_MOST_LINES = 200


@require_GET
def incident_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one incident, with what may help beside what happened."""
    incident = selectors.get(request.user, pk)
    user, server = request.user, incident.server
    found = suggestions(user, incident) if incident.is_open else []
    may_name = server is not None and permissions.may(user, roles.MANAGE_SERVERS)
    context = {
        **_state(request, incident),
        "diagnose": [each for each in found if not each.changes],
        "fix": [each for each in found if each.changes],
        "tried": executions.visible_to(user).filter(incident_id=pk)[:_RECENT],
        "maintenance": maintenance.shown(server) if server else None,
        "new_names": placing.new_names(incident.labels, server) if server and may_name else [],
        "may_run": permissions.may(user, roles.EXECUTE_RUNBOOKS),
        "reasons": reasons.why(user, incident),
        "may_see_rules": permissions.may(user, roles.VIEW_RULES),
        "may_change_rules": permissions.may(user, roles.MANAGE_RULES),
    }
    return render(request, "incidents/incident_detail.html", context)


@require_GET
@along.asks_along(standing.along)
def incident_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the poll: nothing while nothing is new, else where it stands, and its timeline."""
    seen = standing.seen(along.found_along(request))
    may_see = permissions.may(request.user, roles.VIEW_INCIDENTS)
    if may_see and seen and request.GET.get("seen") == seen:
        return nothing_new()
    context = {**_state(request, selectors.get(request.user, pk)), "is_poll": True}
    return fragment(request, "incidents/partials/_incident_state.html", context)


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
    return go_to(request, "automation:execution_detail", pk=execution.pk)


def _state(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """Return what the live parts show."""
    lines = incident.timeline.select_related("execution__runbook", "execution__server")
    timeline = list(lines.order_by("-at", "-pk")[:_MOST_LINES])[::-1]
    user = user_of(request)
    return {
        "incident": incident,
        "timeline": timeline,
        "fixed_by": selectors.fixed_by(incident) if incident.is_open else None,
        "seen": standing.of(incident, timeline[-1].pk if timeline else None),
        "is_mine": incident.assigned_to_id == user.pk,
        "may_manage": permissions.may(user, roles.MANAGE_INCIDENTS),
    }
