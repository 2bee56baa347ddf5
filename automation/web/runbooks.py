"""The pages of the library: find a runbook, read what it does, run it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from automation.engine.kinds import Category
from automation.models import CatalogEntry, Priority
from automation.selectors import access, executions, records
from automation.selectors import runbooks as selectors
from automation.services.executions import Launch, launch
from automation.web import about_server
from automation.web.confirmation import require_name_typed
from automation.web.run_form import RunForm, secret_fields
from opsmanager.accounts import held_forms, permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.filters import Filters, choice
from opsmanager.common.form_key import key_of
from opsmanager.common.htmx import form_invalid, go_to
from opsmanager.common.problems import Problem
from opsmanager.common.uuids import as_uuid
from servers.models import Server

_RECENT = 8


@require_GET
def runbook_list(request: HttpRequest) -> HttpResponse:
    """Show the library, searched and by category."""
    permissions.require_view(request.user, roles.VIEW_RUNBOOKS)
    text, category = request.GET.get("search", ""), request.GET.get("category", "")
    rows = selectors.search(selectors.visible_to(request.user), text)
    if category:
        rows = rows.filter(category=category)
    context = {
        "runbooks": records.with_records(rows.order_by("title")),
        "filters": Filters(
            url="automation:runbook_list",
            table="runbook_grid",
            hint="Search runbooks",
            search=text,
            choices=(
                choice(
                    request.GET,
                    "category",
                    "Category",
                    [(each.value, each.label) for each in Category],
                    everything="All categories",
                ),
            ),
            kept=(("server", server),) if (server := request.GET.get("server", "")) else (),
        ),
    }
    return render(request, "automation/runbook_list.html", context)


@require_GET
def runbook_detail(request: HttpRequest, runbook_id: str) -> HttpResponse:
    """Show one runbook and the form to run it.

    The query may fill the form, or what was typed before the login had ended.
    """
    entry = selectors.get(request.user, runbook_id)
    held = held_forms.take(request)
    asked = held.dict() if held else request.GET.dict()
    form = form_for(request, entry, initial={**asked, "server": asked.get("server", "")})
    page = {**_context(request, entry, form), "was_held": held is not None}
    return render(request, "automation/runbook_detail.html", page)


@held_forms.holds("automation:runbook_detail", never=secret_fields)
@require_POST
def runbook_run(request: HttpRequest, runbook_id: str) -> HttpResponse:
    """Run the runbook as the form says, dry or for real, and go to its monitor."""
    entry = selectors.get(request.user, runbook_id)
    access.require_running(request.user)
    form = form_for(request, entry, data=request.POST)
    if form.is_valid():
        try:
            execution = launch(_launch(request, entry, form))
        except Problem as problem:
            form.take_refusal(problem)
        else:
            return go_to(request, "automation:execution_detail", pk=execution.pk)
    return form_invalid(
        request,
        page="automation/runbook_detail.html",
        partial="automation/partials/_run_form.html",
        context=_context(request, entry, form),
    )


def _launch(request: HttpRequest, entry: CatalogEntry, form: RunForm) -> Launch:
    server: Server = form.cleaned_data["server"]
    is_dry_run = request.POST.get("mode") != "run"
    if not is_dry_run:
        require_name_typed(request, server)
    incident = as_uuid(request.POST.get("incident", ""))
    return Launch(
        actor=user_of(request),
        runbook=entry,
        server=server,
        parameters=form.parameters(),
        is_dry_run=is_dry_run,
        priority=Priority.NORMAL,
        # The page restates what and where; a dangerous runbook's button asks once more.
        is_confirmed=True,
        reason=form.cleaned_data["reason"],
        incident_id=incident,
        idempotency_key=key_of(request),
    )


def form_for(request: HttpRequest, entry: CatalogEntry, **kwargs: Any) -> RunForm:
    """Return the form, with the servers on which the user may run this."""
    choices = access.servers_for(request.user, entry).order_by("name")
    return RunForm(runbook=selectors.code_of(entry), servers=choices, **kwargs)


def _context(request: HttpRequest, entry: CatalogEntry, form: RunForm) -> dict[str, object]:
    kind = selectors.code_of(entry)
    steps = [
        {"number": number, "title": step.title, "reversible": step.undo_name is not None}
        for number, step in enumerate(kind.steps, start=1)
    ]
    server = about_server.operable(request, entry, str(form["server"].value() or ""))
    return {
        **about_server.context(entry, server),
        "runbook": entry,
        "record": records.record_of(entry),
        "description": _unwrapped(kind.description()),
        "irreversible": kind.irreversible,
        "steps": steps,
        "form": form,
        "incident": request.POST.get("incident") or request.GET.get("incident", ""),
        "may_run": permissions.may(request.user, roles.EXECUTE_RUNBOOKS),
        "has_servers": form.fields["server"].queryset.exists(),  # type: ignore[attr-defined]
        "recent": executions.visible_to(request.user).filter(runbook=entry)[:_RECENT],
    }


def _unwrapped(text: str) -> str:
    """Return a docstring's paragraphs without the line breaks of the source."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
