"""The page of analytics: can automation be trusted, what is used, what fails, what does it fix."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from automation.selectors import runbooks
from automation.selectors.analytics.runs import runs
from automation.web import analytics_filters as filters
from automation.web.analytics_report import report
from opsmanager.accounts import permissions, roles
from opsmanager.common.htmx import is_fragment
from opsmanager.common.problems import Problem


@require_GET
def analytics(request: HttpRequest) -> HttpResponse:
    """Show how executions fared over a span of time, and by day, week or month."""
    permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
    context: dict[str, Any] = {}
    try:
        asked = filters.asked_for(request)
    except Problem as problem:
        context["problem"] = problem.shown
    else:
        server_id = asked.server.pk if asked.server else None
        rows = runs(request.user, runbook=asked.runbook, server_id=server_id)
        context["report"] = report(rows, asked)
    if is_fragment(request):
        return render(request, "automation/partials/_analytics_report.html", context)
    given = request.GET
    context |= {
        "filters": {
            "show": given.get("show") or filters.USUAL,
            "runbook": given.get("runbook", ""),
            "server": given.get("server", ""),
            "timezone": given.get("timezone") or "UTC",
        },
        "reaches": filters.REACHES,
        "offered": {key for offered in filters.REACHES.values() for key in offered},
        "zones": filters.zones(),
        "runbooks": runbooks.visible_to(request.user).order_by("title"),
    }
    return render(request, "automation/analytics.html", context)
