"""The pages of runs of workflows: all of them, and one as a graph that moves."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from automation import workflows
from automation.engine.results import Status
from automation.models import STARTERS, Trigger, WorkflowRun, WorkflowStep
from automation.selectors import workflow_runs as selectors
from automation.selectors import workflow_steps
from automation.services import workflow_checks, workflow_runs
from automation.services.workflow_checks import Risks
from automation.web import workflow_graph
from automation.web.confirmation import require_meant, to_confirm
from automation.workflows import Definition, Phase
from automation.workflows.words import summary_of
from opsmanager.accounts import along, permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.filters import Choice, Filters
from opsmanager.common.htmx import fragment, go_to, is_fragment, nothing_new
from opsmanager.common.pages import LongPaginator
from opsmanager.common.problems import Problem
from opsmanager.common.sandbox import TemplateInvalid

_PAGE = 25
_STATUSES = (
    ("RUNNING", "Running"),
    ("SUCCESS", "Succeeded"),
    ("FAILED", "Failed"),
    ("CANCELLED", "Cancelled"),
)


@require_GET
def workflow_run_list(request: HttpRequest) -> HttpResponse:
    """Show the runs of workflows, newest first."""
    permissions.require_view(request.user, roles.VIEW_WORKFLOWS)
    permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
    text, status = request.GET.get("search", ""), request.GET.get("status", "")
    rows = selectors.search(selectors.visible_to(request.user), text)
    if status in dict(_STATUSES):
        rows = rows.filter(status=status)
    page = LongPaginator(rows, _PAGE).get_page(request.GET.get("page"))
    shown: Any = page.object_list
    page.object_list = workflow_steps.with_counts(shown)
    context: dict[str, Any] = {"page": page}
    if is_fragment(request):
        return render(request, "automation/partials/_workflow_run_table.html", context)
    choice = Choice(
        name="status",
        label="Status",
        everything="All statuses",
        options=_STATUSES,
        value=status,
    )
    context["filters"] = Filters(
        url="automation:workflow_run_list",
        table="workflow_run_table",
        hint="Search runs",
        search=text,
        choices=(choice,),
    )
    return render(request, "automation/workflow_run_list.html", context)


@require_GET
def workflow_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one run: how it stands, node by node."""
    run = selectors.get(request.user, pk)
    return render(request, "automation/workflow_run_detail.html", _context(request, run))


@require_GET
@along.asks_along(selectors.standing_along)
def workflow_run_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the poll: nothing while nothing is new, else how it stands."""
    found = along.found_along(request)
    may_see = permissions.may(request.user, roles.VIEW_WORKFLOWS) and permissions.may(
        request.user, roles.VIEW_EXECUTIONS
    )
    if may_see and found and found["live"] and request.GET.get("seen") == str(found["revision"]):
        return nothing_new()
    run = selectors.get(request.user, pk)
    return fragment(request, "automation/partials/_workflow_run_state.html", _context(request, run))


@require_POST
def workflow_run_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Begin nothing more of it, end what runs, and show the run."""
    run = selectors.get(request.user, pk)
    workflow_runs.cancel(actor=user_of(request), run=run)
    messages.success(request, "Cancelled: nothing more is begun, and what runs is ended.")
    return go_to(request, "automation:workflow_run", pk=pk)


@require_POST
def workflow_run_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have it go on from what failed, or from the node that is named, and show it."""
    run = selectors.get(request.user, pk)
    node = request.POST.get("node") or None
    require_meant(request, _risks(request, run, workflows.parsed(run.definition)))
    workflow_runs.retry(
        actor=user_of(request),
        run=run,
        node=node,
        reason=request.POST.get("reason", ""),
        is_confirmed=True,
    )
    messages.success(request, "It goes on from there.")
    return go_to(request, "automation:workflow_run", pk=pk)


def _risks(request: HttpRequest, run: WorkflowRun, definition: Definition) -> Risks:
    """Return what has to be meant before it goes on; a dry run changes nothing."""
    if run.is_dry_run:
        return Risks()
    try:
        return workflow_checks.risks_of(definition, run.inputs, actor=user_of(request))
    except Problem:  # which having it go on says
        return Risks()


def _context(request: HttpRequest, run: WorkflowRun) -> dict[str, Any]:
    user = user_of(request)
    may_retry = (
        run.is_final
        and run.status != Status.SUCCESS
        and permissions.may(user, roles.RETRY_EXECUTIONS)
    )
    steps = list(workflow_steps.shown(run))
    saved = workflows.parsed(run.definition)
    definition = _as_run(saved, run)
    nodes = [step for step in steps if not step.item]
    return {
        "run": run,
        "graph": workflow_graph.of(definition, {step.key: _mark(step, run) for step in nodes}),
        "steps": [_line(step, definition) for step in steps],
        "sentence": _sentence(run, nodes),
        "who": who(run),
        "may_cancel": not run.is_final and selectors.may_cancel(user, run),
        "may_retry": may_retry,
        **to_confirm(_risks(request, run, saved) if may_retry else Risks()),
    }


def _as_run(definition: Definition, run: WorkflowRun) -> Definition:
    """Return the definition with the servers that its inputs name, for people to read."""
    known = {"inputs": run.inputs, "results": {}}
    nodes = dict(definition.nodes)
    for key, node in nodes.items():
        if isinstance(node, workflows.Run) and node.server is not None:
            with suppress(TemplateInvalid):  # of one that results name
                nodes[key] = node.model_copy(
                    update={"server": workflows.text_of(node.server, known)}
                )
    return definition.model_copy(update={"nodes": nodes})


def _mark(step: WorkflowStep, run: WorkflowRun) -> workflow_graph.Mark:
    """Return how a node is drawn; a click leads to what it runs, or to its line on the page."""
    href = f"#step-{step.key}"
    if step.execution_id is not None:
        href = reverse("automation:execution_detail", args=[step.execution_id])
    elif step.phase == Phase.RUNNING and step.approval_id:  # type: ignore[attr-defined]
        href = reverse("automation:approval_detail", args=[step.approval_id])  # type: ignore[attr-defined]
    return workflow_graph.Mark(phase=step.phase, reason=step.reason, href=href)


def _line(step: WorkflowStep, definition: Definition) -> dict[str, Any]:
    node = definition.nodes[step.key]
    result = step.result or {}
    return {
        "step": step,
        "title": node.title or step.key,
        "summary": summary_of(node),
        "said": step.reason or result.get("summary", ""),
        "depth": 1 if step.item else 0,
    }


def who(run: WorkflowRun) -> str:
    """Say by whom, or by what, a run was started."""
    if run.triggered_by_user is not None:
        return run.triggered_by_user.get_username()
    if run.trigger_name:
        return f"the {STARTERS[Trigger(run.triggered_by)]} {run.trigger_name}"
    return "somebody who is gone"


def _sentence(run: WorkflowRun, nodes: Iterable[WorkflowStep]) -> str:
    """Say in one sentence what runs, by whom, and how far it has come."""
    counts: dict[str, int] = {}
    for step in nodes:
        counts[step.phase] = counts.get(step.phase, 0) + 1
    words = {
        Phase.RUNNING: "running",
        Phase.SUCCEEDED: "succeeded",
        Phase.FAILED: "failed",
        Phase.WAITING: "waiting",
        Phase.SKIPPED: "skipped",
        Phase.CANCELLED: "cancelled",
    }
    said = ", ".join(f"{counts[phase]} {word}" for phase, word in words.items() if phase in counts)
    total = sum(counts.values())
    kind = "A dry run, started" if run.is_dry_run else "Started"
    return f"{kind} by {who(run)}: of {total} node{'' if total == 1 else 's'} {said}."
