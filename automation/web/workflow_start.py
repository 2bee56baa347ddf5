"""The page that starts a workflow."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from automation import workflows
from automation.models import Workflow
from automation.selectors import workflows as selectors
from automation.services import workflow_checks, workflow_runs
from automation.services.workflow_checks import Risks
from automation.services.workflow_runs import WorkflowLaunch
from automation.web import workflow_graph
from automation.web.confirmation import require_meant, to_confirm
from automation.web.workflow_run_form import WorkflowRunForm
from automation.workflows import Definition
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.form_key import SENT_BEFORE, key_of
from opsmanager.common.htmx import form_invalid, go_to
from opsmanager.common.problems import KeyReused, Problem
from opsmanager.common.uuids import as_uuid


@require_http_methods(["GET", "POST"])
def workflow_run_start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the form for the inputs of a workflow, and start a run of it."""
    workflow = selectors.get(request.user, pk)
    definition = workflows.parsed(workflow.definition)
    data = request.POST if request.method == "POST" else None
    form = WorkflowRunForm(
        data,
        user=request.user,
        definition=definition,
        initial=WorkflowRunForm.linked(definition, request.GET.dict()),
    )
    incident = as_uuid((data or request.GET).get("incident", ""))
    risks = Risks()
    if data is not None and form.is_valid():
        is_dry_run = data.get("mode") == "dry-run"
        try:
            inputs = workflow_checks.inputs_of(definition, form.inputs())
            risks = workflow_checks.risks_of(definition, inputs, actor=user_of(request))
            if not is_dry_run:
                require_meant(request, risks)
            run = workflow_runs.start(
                WorkflowLaunch(
                    actor=user_of(request),
                    workflow=workflow,
                    inputs=form.inputs(),
                    is_dry_run=is_dry_run,
                    is_confirmed=not is_dry_run,
                    reason=form.cleaned_data["reason"],
                    incident_id=incident,
                    idempotency_key=key_of(request),
                )
            )
        except KeyReused:
            form.key_is_spent = True
            form.add_error(None, SENT_BEFORE)
        except Problem as problem:
            form.take_refusal(problem)
        else:
            return go_to(request, "automation:workflow_run", pk=run.pk)
    context = {**_context(request, workflow, definition, form, risks), "incident": incident}
    if data is None:
        return render(request, "automation/workflow_run_start.html", context)
    return form_invalid(
        request,
        page="automation/workflow_run_start.html",
        partial="automation/partials/_workflow_run_form.html",
        context=context,
    )


def _context(
    request: HttpRequest,
    workflow: Workflow,
    definition: Definition,
    form: WorkflowRunForm,
    risks: Risks,
) -> dict[str, Any]:
    return {
        "workflow": workflow,
        "form": form,
        "graph": workflow_graph.of(definition),
        **to_confirm(risks),
        "may_run": permissions.may(request.user, roles.EXECUTE_RUNBOOKS),
    }
