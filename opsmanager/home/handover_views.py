"""The page of a shift's handover, and the same as a text for tickets and chats."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from opsmanager.accounts import permissions, roles
from opsmanager.common.api.query import Query
from opsmanager.common.api.query_fields import When, Whole
from opsmanager.common.problems import Problem
from opsmanager.home import handover as handovers
from opsmanager.home import handover_text, shift


class HandoverFilters(Query):
    """The fields above the page; those left empty ask for nothing."""

    hours = Whole(1, shift.MOST_HOURS)
    start_date = When()
    end_date = When()


@require_GET
def handover(request: HttpRequest) -> HttpResponse:
    """Show what a shift hands over."""
    permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
    context: dict[str, object] = {"offered": shift.OFFERED_HOURS}
    try:
        asked = _asked_for(request)
        found = handovers.of(request.user, asked)
        has_own_times = bool(request.GET.get("startDate") or request.GET.get("endDate"))
        context |= {"handover": found, "chosen": 0 if has_own_times else round(asked.hours)}
    except Problem as problem:
        context["problem"] = problem.shown
    return render(request, "home/handover.html", context)


@require_GET
def handover_markdown(request: HttpRequest) -> HttpResponse:
    """Hand the same over as Markdown."""
    found = handovers.of(request.user, _asked_for(request))
    answer = HttpResponse(
        handover_text.markdown(found), content_type="text/markdown; charset=utf-8"
    )
    name = f"handover-{found.shift.end:%Y%m%d-%H%M}.md"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _asked_for(request: HttpRequest) -> shift.Shift:
    asked = HandoverFilters.of_form(request.GET)
    start = asked.get("start_date")
    return shift.asked_for(
        # The form sends both: a time that was filled in says more than what was chosen before.
        hours=None if start else asked.get("hours"),
        start=start,
        end=asked.get("end_date"),
        now=timezone.now(),
    )
