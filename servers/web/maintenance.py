"""The pages of maintenance: of one server, and of groups, which are listed for it."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import form_invalid, go_to
from opsmanager.common.problems import Invalid
from servers.models import Server, ServerGroup
from servers.selectors import groups
from servers.selectors import servers as selectors
from servers.services import servers
from servers.web.maintenance_form import MaintenanceForm

_MAY_NOT = "Only administrators may begin and end maintenance. Ask one of them."
_CHANGE_GROUPS = "servers.change_servergroup"
_PAGE = 50


@require_http_methods(["GET", "POST"])
def server_maintenance(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Begin maintenance of a server (``on`` is 1) with its reason and end, change or end it."""
    server = selectors.get(request.user, pk)
    permissions.require(request.user, roles.MANAGE_SERVERS, _MAY_NOT)
    return _tend(request, server, reverse("servers:server_detail", args=[pk]))


@require_http_methods(["GET", "POST"])
def group_maintenance(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same of a group: of all servers in it."""
    group = groups.get(request.user, pk)
    permissions.require(request.user, _CHANGE_GROUPS, _MAY_NOT)
    return _tend(request, group, reverse("servers:group_list"))


@require_GET
def group_list(request: HttpRequest) -> HttpResponse:
    """Show the groups that one may see, those in maintenance on top."""
    rows = groups.visible_to(request.user).annotate(size=Count("servers"))
    page = Paginator(rows.order_by(F("in_maintenance").desc(), "name"), _PAGE)
    context = {
        "page": page.get_page(request.GET.get("page")),
        "may_change": permissions.may(request.user, _CHANGE_GROUPS),
    }
    return render(request, "servers/group_list.html", context)


def _tend(request: HttpRequest, place: Server | ServerGroup, back: str) -> HttpResponse:
    context = {
        "place": place,
        "back": back,
        "is_group": isinstance(place, ServerGroup),
        "address": request.path,
    }
    if request.method == "GET":
        form = MaintenanceForm(initial=MaintenanceForm.of(place))
        return render(request, "servers/maintenance.html", {**context, "form": form})
    is_on = request.POST.get("on") == "1"
    form = MaintenanceForm(request.POST if is_on else {"lasts": ""})
    if form.is_valid():
        try:
            row = servers.set_maintenance(
                actor=user_of(request),
                place=place,
                on=is_on,
                reason=form.cleaned_data["reason"],
                until=form.end(),
            )
        except Invalid as problem:
            form.add_error("until", problem.message)
        else:
            said = "is in maintenance now" if row.is_tended else "is out of maintenance"
            messages.success(request, f"{row.name} {said}.")
            return go_to(request, back)
    return form_invalid(
        request,
        page="servers/maintenance.html",
        partial="servers/partials/_maintenance_form.html",
        context={**context, "form": form},
    )
