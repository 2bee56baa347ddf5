"""The pages of schedules: what runs by itself, when it is due next, and what became of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation.models import Batch, CatalogEntry, Schedule, Workflow, WorkflowRun
from automation.selectors import access, slots
from automation.selectors import schedules as selectors
from automation.services import schedules, workflows
from automation.services.workflow_checks import Risks
from automation.web import confirmation, place_form, schedule_workflow
from automation.web.schedule_form import due, preview
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import is_own_path, user_of
from opsmanager.common.filters import Filters, choice
from opsmanager.common.htmx import fragment, go_to, is_fragment
from servers.models import Server, ServerGroup

_PAGE = 25
_RECENT = 8
_STATES = (("on", "On"), ("paused", "Paused"))


@require_GET
def schedule_list(request: HttpRequest) -> HttpResponse:
    """Show the schedules: what, where, when in words, the next time and the last outcome."""
    permissions.require_view(request.user, roles.VIEW_SCHEDULES)
    asked = request.GET
    rows = slots.search(selectors.visible_to(request.user), asked.get("search", ""))
    if asked.get("state") in ("on", "paused"):
        rows = rows.filter(is_active=asked["state"] == "on")
    rows = rows.select_related("template__server", "template__server_group")
    page = Paginator(rows.order_by("name"), _PAGE).get_page(asked.get("page"))
    page.object_list = [_told(row) for row in slots.with_started(request.user, page.object_list)]
    context: dict[str, Any] = {
        "page": page,
        "may_manage": permissions.may(request.user, roles.MANAGE_SCHEDULES),
    }
    if is_fragment(request):
        return fragment(request, "automation/partials/_schedule_table.html", context)
    context["filters"] = Filters(
        url="automation:schedule_list",
        table="schedule_table",
        hint="Search schedules",
        search=asked.get("search", ""),
        choices=(choice(asked, "state", "State", _STATES, everything="On or paused"),),
    )
    return render(request, "automation/schedule_list.html", context)


@require_GET
def schedule_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a schedule: its next times, what became of the last ones and why, what it ran."""
    row = _told(slots.with_started(request.user, [selectors.get(request.user, pk)])[0])
    paginator = Paginator(slots.of(row), _PAGE)
    server, group = place_of(row)
    recent: Any = slots.runs_of(request.user, row)
    if row.workflow is not None:
        recent = slots.workflow_runs_of(request.user, row)
    context = {
        **_to_confirm(request, row),
        "schedule": row,
        "runbook": None if row.workflow else runbook_of(row),
        "server": server,
        "group": group,
        "runs": due(row),
        "page": paginator.get_page(request.GET.get("page")),
        "recent": recent[:_RECENT],
        "may_manage": permissions.may(request.user, roles.MANAGE_SCHEDULES),
        "may_run": permissions.may(request.user, roles.EXECUTE_RUNBOOKS),
    }
    return render(request, "automation/schedule_detail.html", context)


@require_GET
def schedule_preview(request: HttpRequest) -> HttpResponse:
    """Answer what one types with what it means, in words and by the next five times."""
    permissions.require_view(request.user, roles.VIEW_SCHEDULES)
    expression = request.GET.get(f"{place_form.PREFIX}-cron_expression", "")
    zone = request.GET.get(f"{place_form.PREFIX}-timezone", "")
    context = {"preview": preview(expression, zone)}
    return fragment(request, "automation/partials/_schedule_preview.html", context)


@require_POST
def schedule_active(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pause a schedule, or let it go on (``on`` is 1)."""
    row = selectors.get(request.user, pk)
    access.require_managing_schedules(request.user)
    on = request.POST.get("on") == "1"
    schedules.set_active(actor=user_of(request), schedule=row, on=on)
    messages.success(request, f"{row.name} {'goes on' if on else 'is paused'}.")
    back = request.POST.get("back", "")
    own = resolve_url("automation:schedule_detail", pk=pk)
    return HttpResponseRedirect(back if is_own_path(request, back) else own)


@require_POST
def schedule_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Run what a schedule runs, by hand and at once, and show it."""
    row = selectors.get(request.user, pk)
    access.require_running(request.user)
    if row.workflow is not None and not row.is_dry_run:
        confirmation.require_meant(request, _risks(request, row, row.workflow))
    elif not row.is_dry_run:
        server, group = place_of(row)
        there = place_form.where(request.user, server, group)
        place_form.require_meant(request, runbook_of(row), there)
    reason = request.POST.get("reason", "")[:2000]
    started = schedules.run_now(actor=user_of(request), schedule=row, reason=reason)
    page = {Batch: "batch_detail", WorkflowRun: "workflow_run"}.get(
        type(started), "execution_detail"
    )
    return go_to(request, f"automation:{page}", pk=started.pk)


@require_http_methods(["GET", "POST"])
def schedule_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what would be deleted (GET); delete it (POST)."""
    row = selectors.get(request.user, pk)
    access.require_managing_schedules(request.user)
    if request.method == "POST":
        schedules.delete(actor=user_of(request), schedule=row)
        messages.success(request, f"{row.name} is deleted.")
        return go_to(request, "automation:schedule_list")
    context = {"schedule": row, "slots": slots.of(row).count()}
    return render(request, "automation/schedule_delete.html", context)


def runbook_of(schedule: Schedule) -> CatalogEntry:
    """Return which runbook a schedule runs, also by its template; not that of a workflow."""
    return schedule.template.runbook if schedule.template else schedule.runbook  # type: ignore[return-value] # one of both is there, by a constraint


def place_of(schedule: Schedule) -> tuple[Server | None, ServerGroup | None]:
    """Return where a schedule runs: its own server or group, else that of its template."""
    template = schedule.template
    if schedule.server or schedule.server_group or template is None:
        return schedule.server, schedule.server_group
    return template.server, template.server_group


def _to_confirm(request: HttpRequest, row: Schedule) -> dict[str, Any]:
    """Return what has to be typed or ticked before it is run by hand."""
    if row.workflow is not None:
        risks = Risks() if row.is_dry_run else _risks(request, row, row.workflow)
        return confirmation.to_confirm(risks)
    server, group = place_of(row)
    there = [] if row.is_dry_run else place_form.where(request.user, server, group)
    return place_form.to_confirm(runbook_of(row), there)


def _risks(request: HttpRequest, row: Schedule, workflow: Workflow) -> Risks:
    definition = workflows.definition_of(workflow)
    return schedule_workflow.risks_of(request, definition, row.parameters)


def _told(row: Schedule) -> Schedule:
    """Give a row what its line shows."""
    server, group = place_of(row)
    row.shown = {  # type: ignore[attr-defined]
        "runbook": None if row.workflow else runbook_of(row),
        "server": server,
        "group": group,
        "words": selectors.in_words(row.cron_expression),
        "next": next(iter(due(row, 1)), None),
    }
    return row
