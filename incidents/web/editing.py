"""The pages on which an incident is opened by hand, and changed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from incidents.models import Incident
from incidents.selectors import access
from incidents.selectors import incidents as selectors
from incidents.services import incidents
from incidents.web.forms import ChangeForm, IncidentForm, OpenForm
from opsmanager.accounts.requests import user_of
from opsmanager.common.form_key import key_of
from opsmanager.common.htmx import form_invalid, go_to
from opsmanager.common.problems import Problem


@require_http_methods(["GET", "POST"])
def incident_open(request: HttpRequest) -> HttpResponse:
    """Open an incident that a person has noticed."""
    access.require_managing(request.user)
    if request.method == "GET":
        form = OpenForm(user=user_of(request), initial={"server": request.GET.get("server", "")})
        return render(request, "incidents/incident_form.html", {"form": form})
    form = OpenForm(request.POST, user=user_of(request))
    if form.is_valid():
        made = _tried(form, lambda: _open(request, form.cleaned_data))
        if made is not None:
            messages.success(request, "Opened.")
            return go_to(request, "incidents:incident_detail", pk=made.pk)
    return _again(request, {"form": form})


@require_http_methods(["GET", "POST"])
def incident_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change what an incident says of itself, its server, and who has it."""
    incident = selectors.get(request.user, pk)
    access.require_managing(request.user)
    context = {"incident": incident}
    if request.method == "GET":
        form = ChangeForm(user=user_of(request), incident=incident)
        return render(request, "incidents/incident_form.html", {**context, "form": form})
    form = ChangeForm(request.POST, user=user_of(request), incident=incident)
    if form.is_valid() and _tried(form, lambda: _change(request, incident, form)):
        messages.success(request, "Saved.")
        return go_to(request, "incidents:incident_detail", pk=pk)
    return _again(request, {**context, "form": form})


def _open(request: HttpRequest, values: dict[str, Any]) -> Incident:
    return incidents.open_by_hand(actor=user_of(request), key=key_of(request) or "", **values)


@transaction.atomic
def _change(request: HttpRequest, incident: Incident, form: ChangeForm) -> bool:
    actor, values = user_of(request), dict(form.cleaned_data)
    to = values.pop("assigned_to")
    if "server" not in form.changed_data:
        # One that the actor may not see is not among the choices, and stays.
        values.pop("server")
    incidents.change(actor=actor, incident=incident, **values)
    incidents.assign(actor=actor, incident=incident, to=to)
    return True


def _tried(form: IncidentForm, act: Any) -> Any:
    """Return what the service returned; ``None`` when it refused, which the form then says."""
    try:
        return act()
    except Problem as problem:
        field = next((name for name in problem.details if name in form.fields), None)
        form.add_error(field, problem.message)
        return None


def _again(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return form_invalid(
        request,
        page="incidents/incident_form.html",
        partial="incidents/partials/_incident_form.html",
        context=context,
    )
