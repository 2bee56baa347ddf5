"""The pages of templates: saved parameters of runbooks, run with one click."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation.models import Batch, CatalogEntry, Execution, Template
from automation.selectors import executions, runbooks
from automation.selectors import templates as selectors
from automation.services import templates
from automation.web import place_form
from automation.web.parameter_fields import as_typed
from automation.web.run_form import SavedForm
from automation.web.template_form import TemplateForm, TemplateRunForm
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.filters import Filters
from opsmanager.common.form_key import SENT_BEFORE, key_of
from opsmanager.common.htmx import form_invalid, go_to, is_fragment
from opsmanager.common.pages import LongPaginator
from opsmanager.common.problems import KeyReused, NotFound, Problem
from opsmanager.common.uuids import as_uuid

_PAGE = 25
_RECENT = 8


@require_GET
def template_list(request: HttpRequest) -> HttpResponse:
    """Show the templates, each with a button that runs it."""
    permissions.require_view(request.user, roles.VIEW_TEMPLATES)
    text = request.GET.get("search", "")
    rows = selectors.search(selectors.visible_to(request.user), text)
    page = LongPaginator(rows, _PAGE).get_page(request.GET.get("page"))
    shown: Any = page.object_list
    page.object_list = selectors.with_last_run(request.user, shown)
    context: dict[str, Any] = {
        "page": page,
        "may_manage": permissions.may(request.user, roles.MANAGE_TEMPLATES),
        "may_run": permissions.may(request.user, roles.EXECUTE_RUNBOOKS),
    }
    if is_fragment(request):
        return render(request, "automation/partials/_template_table.html", context)
    context["filters"] = Filters(
        url="automation:template_list",
        table="template_table",
        hint="Search templates",
        search=text,
    )
    return render(request, "automation/template_list.html", context)


@require_http_methods(["GET", "POST"])
def template_new(request: HttpRequest) -> HttpResponse:
    """Choose a runbook, then save parameters for it; ``execution`` in the query fills them in."""
    templates.require_managing(request.user)
    before = _execution(request)
    key = before.runbook.runbook_id if before else request.GET.get("runbook", "")
    if not key:
        offered = runbooks.visible_to(request.user).order_by("title")
        return render(request, "automation/template_new.html", {"runbooks": offered})
    return _edit(request, runbooks.get(request.user, key), before=before)


@require_http_methods(["GET", "POST"])
def template_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a template."""
    template = selectors.get(request.user, pk)
    templates.require_managing(request.user)
    return _edit(request, template.runbook, template=template)


@require_GET
def template_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what a template would run, with the form that runs it, and what it ran."""
    template = selectors.get(request.user, pk)
    initial = {"server": template.server_id, "group": template.server_group_id}
    form = TemplateRunForm(user=request.user, entry=template.runbook, initial=initial)
    return render(request, "automation/template_detail.html", _context(request, template, form))


@require_POST
def template_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Run a template, dry or for real: where the form says, else on its own server or group."""
    template = selectors.get(request.user, pk)
    own = {"own-server": template.server_id or "", "own-group": template.server_group_id or ""}
    is_form = "own-server" in request.POST or "own-group" in request.POST
    data = request.POST if is_form else {**own, "own-reason": request.POST.get("own-reason", "")}
    form = TemplateRunForm(data, user=request.user, entry=template.runbook)
    if form.is_valid():
        try:
            started = _run(request, template, form)
        except KeyReused:
            form.key_is_spent = True
            form.add_error(None, SENT_BEFORE)
        except Problem as problem:
            form.take_refusal(problem)
        else:
            is_batch = isinstance(started, Batch)
            page = "automation:batch_detail" if is_batch else "automation:execution_detail"
            return go_to(request, page, pk=started.pk)
    return form_invalid(
        request,
        page="automation/template_detail.html",
        partial="automation/partials/_template_run_form.html",
        context=_context(request, template, form),
    )


@require_http_methods(["GET", "POST"])
def template_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what would be deleted, or what still uses it (GET); delete it (POST)."""
    template = selectors.get(request.user, pk)
    templates.require_managing(request.user)
    if request.method == "POST":
        templates.delete(actor=user_of(request), template=template)
        messages.success(request, f"{template.name} is deleted.")
        return go_to(request, "automation:template_list")
    context = {"template": template, "schedules": list(template.schedules.order_by("name"))}
    return render(request, "automation/template_delete.html", context)


def _run(request: HttpRequest, template: Template, form: TemplateRunForm) -> Execution | Batch:
    values = form.cleaned_data
    is_dry_run = request.POST.get("mode") != "run"
    if not is_dry_run:
        there = place_form.where(request.user, values["server"], values["group"])
        place_form.require_meant(request, template.runbook, there)
    return templates.run(
        actor=user_of(request),
        template=template,
        server=values["server"],
        server_group=values["group"],
        is_dry_run=is_dry_run,
        # The page restates what and where; production was typed, what is dangerous ticked.
        is_confirmed=True,
        reason=values["reason"],
        idempotency_key=key_of(request),
    )


def _edit(
    request: HttpRequest,
    entry: CatalogEntry,
    *,
    template: Template | None = None,
    before: Execution | None = None,
) -> HttpResponse:
    given: dict[str, Any] = {}
    if template is not None:
        given = {"initial": TemplateForm.of(template)}
    elif before is not None:
        given = {"initial": {"server": before.server_id}}
    kept = template.secret_parameters.names if template and template.secret_parameters else []
    source = template or before
    data = request.POST if request.method == "POST" else None
    form = TemplateForm(data, user=request.user, entry=entry, **given)
    parameters = SavedForm(
        data,
        runbook=runbooks.code_of(entry),
        kept=kept,
        initial=as_typed(source.parameters) if source else {},
    )
    if data is not None and all([form.is_valid(), parameters.is_valid()]):
        try:
            saved = templates.save(
                actor=user_of(request),
                template=template,
                runbook=entry,
                parameters=parameters.parameters(),
                **form.fields_of_template(),
            )
        except Problem as problem:
            form.take_refusal(problem, parameters)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return go_to(request, "automation:template_detail", pk=saved.pk)
    context = {"form": form, "parameters": parameters, "runbook": entry, "template": template}
    if data is None:
        return render(request, "automation/template_form.html", context)
    return form_invalid(
        request,
        page="automation/template_form.html",
        partial="automation/partials/_template_form.html",
        context=context,
    )


def _execution(request: HttpRequest) -> Execution | None:
    """Return the execution whose parameters are to be kept, if the query names one."""
    pk = as_uuid(request.GET.get("execution", ""))
    try:
        return executions.get(request.user, pk) if pk else None
    except NotFound:
        return None


def _context(request: HttpRequest, template: Template, form: TemplateRunForm) -> dict[str, Any]:
    there = place_form.where(request.user, *form.chosen())
    return {
        **place_form.to_confirm(template.runbook, there),
        "template": template,
        "runbook": template.runbook,
        "form": form,
        "irreversible": runbooks.code_of(template.runbook).irreversible
        if template.runbook.is_deployed
        else "",
        "may_run": permissions.may(request.user, roles.EXECUTE_RUNBOOKS),
        "may_manage": permissions.may(request.user, roles.MANAGE_TEMPLATES),
        "recent": selectors.runs_of(request.user, template)[:_RECENT],
    }
