"""The page that runs a runbook on several servers."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from automation.engine.results import Status
from automation.models import Batch, CatalogEntry
from automation.selectors import access, executions, runbooks
from automation.selectors import batches as selectors
from automation.services import batches
from automation.services.batches import BatchLaunch
from automation.web.batch_form import BatchForm
from automation.web.confirmation import require_phrase_typed
from automation.web.parameter_fields import as_typed
from automation.web.run_form import secret_fields
from opsmanager.accounts import held_forms, permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.form_key import key_of
from opsmanager.common.htmx import form_invalid, go_to
from opsmanager.common.problems import NotFound, Problem
from opsmanager.common.uuids import as_uuid
from servers.models import Server
from servers.selectors import groups

_ONLY = {
    "unlucky": (Status.FAILED, Status.TIMEOUT, Status.UNKNOWN, Status.CANCELLED),
    "succeeded": (Status.SUCCESS,),
}


@held_forms.holds("automation:runbook_batch", never=secret_fields)
@require_http_methods(["GET", "POST"])
def runbook_batch(request: HttpRequest, runbook_id: str) -> HttpResponse:
    """Show the form (GET; the query may fill it), or run on all that it names (POST).

    ``batch`` in the query fills it as that batch was, ``only=unlucky`` with those of its servers
    on which it did not succeed, ``only=succeeded`` with the others.
    """
    entry = runbooks.get(request.user, runbook_id)
    if request.method == "GET":
        held = held_forms.take(request)
        initial = _held(held) if held else _initial(request, entry)
        form = form_for(request, entry, initial=initial)
        page = {**_context(request, entry, form), "was_held": held is not None}
        return render(request, "automation/runbook_batch.html", page)
    access.require_running(request.user)
    form = form_for(request, entry, data=request.POST)
    if form.is_valid():
        try:
            batch = batches.launch(_launch(request, entry, form))
        except Problem as problem:
            form.take_refusal(problem)
        else:
            return go_to(request, "automation:batch_detail", pk=batch.pk)
    return form_invalid(
        request,
        page="automation/runbook_batch.html",
        partial="automation/partials/_batch_form.html",
        context=_context(request, entry, form),
    )


def _launch(request: HttpRequest, entry: CatalogEntry, form: BatchForm) -> BatchLaunch:
    values = form.cleaned_data
    chosen: list[Server] = list(values["servers"])
    if values["group"]:
        chosen = list(groups.members(request.user, values["group"]))
    is_dry_run = request.POST.get("mode") != "run"
    if not is_dry_run:
        require_phrase_typed(request, chosen)
    return BatchLaunch(
        actor=user_of(request),
        runbook=entry,
        servers=chosen,
        parameters=form.parameters(),
        is_dry_run=is_dry_run,
        # The page restates what and where; production was typed.
        is_confirmed=True,
        reason=values["reason"],
        incident_id=as_uuid(request.POST.get("incident", "")),
        max_parallel=values["max_parallel"],
        stop_after_failures=values["stop_after_failures"],
        idempotency_key=key_of(request),
    )


def form_for(request: HttpRequest, entry: CatalogEntry, **kwargs: Any) -> BatchForm:
    """Return the form, with the servers and groups that the user may choose."""
    return BatchForm(
        runbook=runbooks.code_of(entry),
        servers=access.servers_for(request.user, entry).order_by("name"),
        groups=groups.visible_to(request.user),
        **kwargs,
    )


def _context(request: HttpRequest, entry: CatalogEntry, form: BatchForm) -> dict[str, Any]:
    return {
        "runbook": entry,
        "irreversible": runbooks.code_of(entry).irreversible,
        "form": form,
        "offered": list(form.fields["servers"].queryset),  # type: ignore[attr-defined]
        "chosen": form.chosen(),
        "incident": request.POST.get("incident") or request.GET.get("incident", ""),
        "may_run": permissions.may(request.user, roles.EXECUTE_RUNBOOKS),
    }


def _held(held: QueryDict) -> dict[str, Any]:
    return {**held.dict(), "servers": held.getlist("servers")}


def _initial(request: HttpRequest, entry: CatalogEntry) -> dict[str, Any]:
    asked: dict[str, Any] = {
        name: value for name, value in request.GET.items() if name not in ("servers", "batch")
    }
    named = [pk for pk in map(as_uuid, request.GET.getlist("servers")) if pk]
    if named:
        asked["servers"] = named
    before = _before(request, entry)
    return {**_of_batch(request, before), **asked} if before else asked


def _before(request: HttpRequest, entry: CatalogEntry) -> Batch | None:
    """Return the batch after which the form is to be filled, if the query names one."""
    pk = as_uuid(request.GET.get("batch", ""))
    try:
        batch = selectors.get(request.user, pk) if pk else None
    except NotFound:
        return None
    return batch if batch and batch.runbook_id == entry.pk else None


def _of_batch(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    rows = executions.visible_to(request.user).filter(batch=batch)
    wanted = _ONLY.get(request.GET.get("only", ""))
    if wanted:
        rows = rows.filter(status__in=wanted)
    return {
        **as_typed(batch.parameters),
        "servers": list(rows.values_list("server_id", flat=True)),
        "reason": batch.reason,
        "max_parallel": batch.max_parallel,
        "stop_after_failures": batch.stop_after_failures,
    }
