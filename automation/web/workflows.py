"""The pages of workflows: the list, what each does, and what can be done with it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation import workflows as core
from automation.models import Workflow
from automation.selectors import workflow_files
from automation.selectors import workflows as selectors
from automation.services import workflows
from automation.web import workflow_graph
from automation.workflows import Form
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.filters import Filters
from opsmanager.common.htmx import go_to, is_fragment
from opsmanager.common.pages import LongPaginator
from opsmanager.common.problems import NotFound

_PAGE = 25


@require_GET
def workflow_list(request: HttpRequest) -> HttpResponse:
    """Show the workflows, each with what it does in a few words."""
    permissions.require_view(request.user, roles.VIEW_WORKFLOWS)
    text = request.GET.get("search", "")
    rows = selectors.search(selectors.visible_to(request.user), text)
    page = LongPaginator(rows, _PAGE).get_page(request.GET.get("page"))
    shown: Any = page.object_list
    page.object_list = [_with_counts(row) for row in shown]
    context: dict[str, Any] = {
        "page": page,
        "may_manage": permissions.may(request.user, roles.MANAGE_WORKFLOWS),
    }
    if is_fragment(request):
        return render(request, "automation/partials/_workflow_table.html", context)
    context["filters"] = Filters(
        url="automation:workflow_list",
        table="workflow_table",
        hint="Search workflows",
        search=text,
    )
    return render(request, "automation/workflow_list.html", context)


@require_GET
def workflow_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what a workflow does, drawn and as a text."""
    workflow = selectors.get(request.user, pk)
    definition = workflows.definition_of(workflow)
    context = {
        "workflow": workflow,
        "definition": definition,
        "graph": workflow_graph.of(definition),
        "text": core.dump(definition),
        "may_manage": permissions.may(request.user, roles.MANAGE_WORKFLOWS),
        "may_run": permissions.may(request.user, roles.EXECUTE_RUNBOOKS),
    }
    return render(request, "automation/workflow_detail.html", context)


@require_GET
def workflow_export(request: HttpRequest, pk: UUID, form: str) -> HttpResponse:
    """Return a workflow as a file."""
    workflow = selectors.get(request.user, pk)
    if form not in list(Form):
        raise NotFound("A workflow is exported as yaml or json.")
    file = workflow_files.exported(workflow, Form(form))
    return HttpResponse(file.text, headers=file.headers)


@require_POST
def workflow_active(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Switch a workflow on or off (``on`` is 1)."""
    workflow = selectors.get(request.user, pk)
    on = request.POST.get("on") == "1"
    workflows.set_active(actor=user_of(request), workflow=workflow, on=on)
    messages.success(request, f"{workflow.name} is switched {'on' if on else 'off'}.")
    return HttpResponseRedirect(resolve_url("automation:workflow_detail", pk=pk))


@require_http_methods(["GET", "POST"])
def workflow_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what would be deleted, or what still runs it (GET); delete it (POST)."""
    workflow = selectors.get(request.user, pk)
    workflows.require_managing(request.user)
    if request.method == "POST":
        workflows.delete(actor=user_of(request), workflow=workflow)
        messages.success(request, f"{workflow.name} is deleted.")
        return go_to(request, "automation:workflow_list")
    context = {"workflow": workflow, "schedules": list(workflow.schedules.order_by("name"))}
    return render(request, "automation/workflow_delete.html", context)


def _with_counts(workflow: Workflow) -> Workflow:
    """Return the row with how many nodes and inputs it has, without reading it whole."""
    raw = workflow.definition
    workflow.node_count = len(raw.get("nodes", {}))  # type: ignore[attr-defined]
    workflow.input_names = [each["name"] for each in raw.get("inputs", [])]  # type: ignore[attr-defined]
    return workflow
