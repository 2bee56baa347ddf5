"""The page on which a schedule of a workflow is made and changed."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from automation import workflows
from automation.models import Schedule, Workflow
from automation.services import schedules, workflow_checks
from automation.services.workflow_checks import Risks
from automation.web.confirmation import require_meant, to_confirm
from automation.web.place_form import BY_WIRE_NAME
from automation.web.schedule_form import WorkflowScheduleForm, shown
from automation.web.workflow_run_form import WorkflowRunForm
from automation.workflows import Definition
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import go_to
from opsmanager.common.problems import Problem


class InputsForm(WorkflowRunForm):
    """The inputs with which a schedule starts a workflow."""

    reason = None  # type: ignore[assignment] # each run has that of the schedule: its name


def edit(request: HttpRequest, workflow: Workflow, schedule: Schedule | None) -> HttpResponse:
    """Show the form of a schedule of a workflow, and save what is sent."""
    data = request.POST if request.method == "POST" else None
    definition = workflows.parsed(workflow.definition)
    form = WorkflowScheduleForm(
        data,
        user=request.user,
        entry=None,
        initial=WorkflowScheduleForm.of(schedule) if schedule else {},
    )
    kept = schedule.parameters if schedule else {}
    inputs = InputsForm(
        data,
        user=request.user,
        definition=definition,
        initial=InputsForm.of(kept),
    )
    risks = risks_of(request, definition, kept)
    if data is not None and all([form.is_valid(), inputs.is_valid()]):
        risks = risks_of(request, definition, inputs.inputs())
        try:
            saved = _save(request, form, inputs, workflow, schedule, risks)
        except Problem as problem:
            _take_refusal(form, inputs, problem)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return go_to(request, "automation:schedule_detail", pk=saved.pk)
    context = {
        **to_confirm(risks),
        "parameters": inputs,
        "workflow": workflow,
        "schedule": schedule,
    }
    return shown(request, form, context)


def risks_of(request: HttpRequest, definition: Definition, given: dict[str, Any]) -> Risks:
    """Return what has to be meant with these inputs, as far as that is known."""
    try:
        inputs = workflow_checks.inputs_of(definition, given)
        return workflow_checks.risks_of(definition, inputs, actor=user_of(request))
    except Problem:
        # Whoever saves or runs it is told of that.
        return Risks()


def _save(
    request: HttpRequest,
    form: WorkflowScheduleForm,
    inputs: InputsForm,
    workflow: Workflow,
    schedule: Schedule | None,
    risks: Risks,
) -> Schedule:
    fields = form.fields_of_schedule()
    is_meant = not fields["is_dry_run"] and require_meant(request, risks)
    return schedules.save(
        actor=user_of(request),
        schedule=schedule,
        is_confirmed=is_meant,
        workflow=workflow,
        parameters=inputs.inputs(),
        **fields,
    )


def _take_refusal(form: WorkflowScheduleForm, inputs: InputsForm, problem: Problem) -> None:
    """Show why nothing was saved, beside the fields where it concerns one."""
    rest = []
    for place, sentences in problem.details.items():
        name = InputsForm.field_of(place.removeprefix("parameters."))
        if not isinstance(sentences, list):
            continue
        if place.startswith("parameters.") and name in inputs.fields:
            inputs.add_error(name, sentences)
        elif (own := BY_WIRE_NAME.get(place, "")) in form.fields:
            form.add_error(own, sentences)
        else:
            rest += [sentence for sentence in sentences if sentence not in problem.shown]
    if rest or not (form.errors or inputs.errors):
        form.add_error(None, " ".join([problem.shown, *rest]))
