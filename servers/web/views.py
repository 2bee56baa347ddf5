"""The pages of one server: add it, accept its host key, check it, see what is in the way there."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.audit import selectors as trail
from opsmanager.common.htmx import form_invalid, fragment, go_to, is_fragment, nothing_new
from opsmanager.common.problems import Problem
from servers.models import HostKeyState, ProbeKind, Server
from servers.selectors import host_keys as host_key_selectors
from servers.selectors import maintenance, obstacles, operators
from servers.selectors import probes as looks
from servers.selectors import servers as selectors
from servers.services import credentials, host_keys, probes, servers
from servers.web.forms import ServerForm

_MAY_NOT = "Only administrators may change servers. Ask one of them."
_RECENT = 8


@require_http_methods(["GET", "POST"])
def server_add(request: HttpRequest) -> HttpResponse:
    """Add a server, then look at its host key."""
    permissions.require(request.user, "servers.add_server", _MAY_NOT)
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def server_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a server."""
    server = selectors.get(request.user, pk)
    permissions.require(request.user, roles.MANAGE_SERVERS, _MAY_NOT)
    return _edit(request, server)


@require_GET
def server_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one server: can it be reached, is it itself, what is in the way, what was done there."""
    server = selectors.get(request.user, pk)
    key, groups = _host_key_context(request, server), list(server.groups.all())
    context = {
        **key,
        **_check_context(request, server),
        "obstacles": obstacles.of(server, key["host_key"]),
        "groups": groups,
        "maintenance": maintenance.shown(server, groups),
        "recent": server.executions.select_related("runbook", "triggered_by_user").order_by(
            "-queued_at"
        )[:_RECENT]
        if permissions.may(request.user, roles.VIEW_EXECUTIONS)
        else [],
        "events": trail.of_target(request.user, server)[:_RECENT]
        if permissions.may(request.user, trail.VIEW)
        else None,
        "operators": operators.of(server, groups) if key["may_change"] else None,
        "may_operate": selectors.may_operate(request.user, server),
    }
    return render(request, "servers/server_detail.html", context)


@require_http_methods(["GET", "POST"])
def server_check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask a worker to log in (POST), or say what it found (GET, the poll)."""
    server = selectors.get(request.user, pk)
    if request.method == "POST":
        probes.request(actor=user_of(request), server=server, kind=ProbeKind.CHECK)
        if not is_fragment(request):
            return go_to(request, "servers:server_detail", pk=pk)
    context = _check_context(request, server)
    if request.method == "GET" and context["check"].pending:
        return nothing_new()
    return fragment(request, "servers/partials/_check.html", context)


@require_http_methods(["GET", "POST"])
def server_host_key(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask a worker to look at the server's key (POST), or show what is known of it (GET)."""
    server = selectors.get(request.user, pk)
    if request.method == "POST":
        probes.request(actor=user_of(request), server=server, kind=ProbeKind.HOST_KEY)
        if not is_fragment(request):
            return go_to(request, "servers:server_detail", pk=pk)
    context = _host_key_context(request, server)
    if request.method == "GET" and context["host_key_look"].pending:
        return nothing_new()
    return fragment(request, "servers/partials/_host_key.html", context)


@require_POST
def server_host_key_accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Accept the key that the server offers."""
    server = selectors.get(request.user, pk)
    permissions.require(request.user, roles.MANAGE_SERVERS, _MAY_NOT)
    fingerprint = request.POST.get("fingerprint", "")
    host_keys.accept(actor=user_of(request), server=server, fingerprint=fingerprint)
    messages.success(request, f"The key of {server.name} is accepted.")
    # A server that is itself should be reachable too; the page shows it in a moment.
    probes.request(actor=user_of(request), server=server, kind=ProbeKind.CHECK)
    return go_to(request, "servers:server_detail", pk=pk)


def _edit(request: HttpRequest, server: Server | None) -> HttpResponse:
    if request.method == "GET":
        context = {"form": ServerForm(instance=server), "server": server}
        return render(request, "servers/server_form.html", context)
    form = ServerForm(request.POST, instance=server)
    if form.is_valid():
        try:
            saved = _save(request, form, server)
        except Problem as problem:
            _tell(form, problem)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return go_to(request, "servers:server_detail", pk=saved.pk)
    return form_invalid(
        request,
        page="servers/server_form.html",
        partial="servers/partials/_server_form.html",
        context={"form": form, "server": server},
    )


def _tell(form: ServerForm, problem: Problem) -> None:
    """Show each thing that is wrong beside its field, or above all of them."""
    beside = {name: said for name, said in problem.details.items() if name in form.fields}
    for name, said in beside.items():
        form.add_error(name, said)
    if not beside:
        form.add_error(None, problem.message)


@transaction.atomic
def _save(request: HttpRequest, form: ServerForm, server: Server | None) -> Server:
    actor = user_of(request)
    fields = form.server_fields()
    new = form.new_credential()
    if new is not None:
        permissions.require(request.user, "servers.add_credential", _MAY_NOT)
        fields["credential"] = credentials.save(actor=actor, **new)
    # The form has written into its instance already: compare with the row as it stands.
    row = Server.objects.get(pk=server.pk) if server else None
    saved = servers.save(actor=actor, server=row, groups=form.cleaned_data["groups"], **fields)
    if not saved.host_keys.exclude(state=HostKeyState.RETIRED).exists():
        probes.request(actor=actor, server=saved, kind=ProbeKind.HOST_KEY)
    return saved


def _check_context(request: HttpRequest, server: Server) -> dict[str, Any]:
    check = looks.last_look(server, ProbeKind.CHECK)
    return {
        "server": server,
        "check": check,
        "so_since": looks.so_since(server, check),
        "may_check": selectors.may_have_looked_at(request.user, server),
    }


def _host_key_context(request: HttpRequest, server: Server) -> dict[str, Any]:
    # The look first: one that ends between the two reads has its key in the second.
    look = looks.last_look(server, ProbeKind.HOST_KEY)
    return {
        "server": server,
        "host_key": host_key_selectors.of(server),
        "host_key_look": look,
        "may_change": permissions.may(request.user, roles.MANAGE_SERVERS),
    }
