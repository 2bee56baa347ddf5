"""The pages on which a schedule is made and changed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from automation.models import CatalogEntry, Schedule, Template, Workflow
from automation.selectors import access, runbooks, templates, workflows
from automation.selectors import schedules as selectors
from automation.services import schedules
from automation.web import place_form, schedule_workflow
from automation.web.parameter_fields import as_typed
from automation.web.run_form import SavedForm
from automation.web.schedule_form import ScheduleForm, shown
from automation.web.schedules import runbook_of
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import go_to
from opsmanager.common.problems import NotFound, Problem
from opsmanager.common.uuids import as_uuid
from servers.models import Server


@require_http_methods(["GET", "POST"])
def schedule_new(request: HttpRequest) -> HttpResponse:
    """Choose what it runs (``what`` in the query), then say when and where.

    That is a runbook, a template or a workflow.
    """
    access.require_managing_schedules(request.user)
    kind, _, key = request.GET.get("what", "").partition(":")
    asked = {kind: key, **request.GET.dict()}
    if asked.get("template"):
        template = _template(request, asked["template"])
        return _edit(request, template.runbook, template=template)
    if asked.get("workflow"):
        return schedule_workflow.edit(request, _workflow(request, asked["workflow"]), None)
    if asked.get("runbook"):
        return _edit(request, runbooks.get(request.user, asked["runbook"]))
    context = {
        "runbooks": runbooks.visible_to(request.user).order_by("title"),
        "templates": templates.visible_to(request.user),
        "workflows": workflows.visible_to(request.user).filter(is_active=True),
    }
    return render(request, "automation/schedule_new.html", context)


@require_http_methods(["GET", "POST"])
def schedule_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a schedule; what it runs stays, as its parameters are those of that runbook."""
    row = selectors.get(request.user, pk)
    access.require_managing_schedules(request.user)
    if row.workflow is not None:
        return schedule_workflow.edit(request, row.workflow, row)
    return _edit(request, runbook_of(row), template=row.template, schedule=row)


def _template(request: HttpRequest, key: str) -> Template:
    pk = as_uuid(key)
    if pk is None:
        raise NotFound("There is no such template. Choose one among the templates.")
    return templates.get(request.user, pk)


def _workflow(request: HttpRequest, key: str) -> Workflow:
    pk = as_uuid(key)
    if pk is None:
        raise NotFound("There is no such workflow. Choose one among the workflows.")
    return workflows.get(request.user, pk)


def _edit(
    request: HttpRequest,
    entry: CatalogEntry,
    *,
    template: Template | None = None,
    schedule: Schedule | None = None,
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    initial = ScheduleForm.of(schedule) if schedule else {}
    form = ScheduleForm(data, user=request.user, entry=entry, initial=initial)
    parameters = None if template else _parameters(data, entry, schedule)
    if data is not None and all([form.is_valid(), parameters is None or parameters.is_valid()]):
        try:
            saved = _save(request, form, parameters, entry, template, schedule)
        except Problem as problem:
            form.take_refusal(problem, parameters)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return go_to(request, "automation:schedule_detail", pk=saved.pk)
    context = {
        **place_form.to_confirm(entry, _there(request, form, template)),
        "parameters": parameters,
        "runbook": entry,
        "template": template,
        "schedule": schedule,
    }
    return shown(request, form, context)


def _parameters(data: Any, entry: CatalogEntry, schedule: Schedule | None) -> SavedForm:
    kept = schedule.secret_parameters if schedule else None
    return SavedForm(
        data,
        runbook=runbooks.code_of(entry),
        kept=kept.names if kept else (),
        initial=as_typed(schedule.parameters) if schedule else {},
    )


def _save(
    request: HttpRequest,
    form: ScheduleForm,
    parameters: SavedForm | None,
    entry: CatalogEntry,
    template: Template | None,
    schedule: Schedule | None,
) -> Schedule:
    fields = form.fields_of_schedule()
    there = _there(request, form, template)
    is_meant = not fields["is_dry_run"] and place_form.require_meant(request, entry, there)
    if parameters is not None:
        fields["parameters"] = parameters.parameters()
    if schedule is None:
        fields |= {"template": template} if template else {"runbook": entry}
    return schedules.save(
        actor=user_of(request), schedule=schedule, is_confirmed=is_meant, **fields
    )


def _there(request: HttpRequest, form: ScheduleForm, template: Template | None) -> list[Server]:
    """Return the servers of the place that the form says, or else of the template."""
    chosen = form.chosen()
    if not any(chosen) and template is not None:
        chosen = (template.server, template.server_group)
    return place_form.where(request.user, *chosen)
