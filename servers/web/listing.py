"""The list of servers: which can be reached, which need somebody, and a check of those shown."""

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.views.decorators.http import require_GET, require_POST

from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import is_own_path, user_of
from opsmanager.common.filters import Filters, choice
from opsmanager.common.htmx import fragment, is_fragment, nothing_new
from opsmanager.common.uuids import as_uuid
from servers.models import Environment, ProbeKind, Server
from servers.selectors import groups, listing
from servers.selectors import servers as selectors
from servers.services import probes

_PAGE: Final = 50


@require_GET
def server_list(request: HttpRequest) -> HttpResponse:
    """Show the servers, those that need somebody on top; searched, filtered, in another order.

    While some of those shown are being checked the table asks for news, with their ids.
    """
    query = request.GET.copy()
    awaited = query.pop("awaited", [])
    # The links on the page are made of what the reader asked for, not of what the poll did.
    request.GET = query  # type: ignore[assignment]
    if awaited and listing.still_checked(awaited[:_PAGE]):
        return nothing_new()
    asked = {name: query.get(name, "") for name in query}
    rows = listing.asked_for(selectors.visible_to(request.user), asked).prefetch_related("groups")
    page = Paginator(rows, _PAGE).get_page(query.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "poll": _poll(request, [row for row in page if _is_being_checked(row)]),
        "may_add": permissions.may(request.user, "servers.add_server"),
        "may_check": permissions.may(request.user, roles.EXECUTE_RUNBOOKS)
        or permissions.may(request.user, roles.MANAGE_SERVERS),
    }
    if is_fragment(request):
        return fragment(request, "servers/partials/_server_table.html", context)
    context["filters"] = _filters(request, asked)
    return render(request, "servers/server_list.html", context)


@require_POST
def servers_check(request: HttpRequest) -> HttpResponse:
    """Ask workers to log in to the servers of a page, as far as the user may."""
    user = user_of(request)
    ids = [pk for key in request.POST.getlist("server")[:_PAGE] if (pk := as_uuid(key))]
    rows = listing.asked_for(selectors.visible_to(user).filter(pk__in=ids), {})
    asked = [
        probes.request(actor=user, server=row, kind=ProbeKind.CHECK)
        for row in rows
        if not _is_being_checked(row) and selectors.may_have_looked_at(user, row)
    ]
    if asked:
        messages.info(request, f"Logging in to {len(asked)} server{'s' * (len(asked) != 1)}…")
    else:
        messages.warning(request, "There was none that you may check and that is not checked now.")
    back = request.POST.get("back", "")
    return HttpResponseRedirect(
        back if is_own_path(request, back) else resolve_url("servers:server_list")
    )


def _is_being_checked(row: Server) -> bool:
    found: bool = row.is_being_checked  # type: ignore[attr-defined] # asked_for annotates it
    return found


def _poll(request: HttpRequest, pending: list[Server]) -> str:
    """Return where the table asks for news; empty when there will be none."""
    if not pending:
        return ""
    query = request.GET.copy()
    query.setlist("awaited", [str(row.pk) for row in pending])
    return f"{request.path}?{query.urlencode()}"


def _filters(request: HttpRequest, asked: dict[str, str]) -> Filters:
    known = [(str(row.pk), row.name) for row in groups.visible_to(request.user)]
    choices = [
        choice(asked, "state", "State", listing.STATES, everything="Any state"),
        choice(
            asked,
            "environment",
            "Environment",
            Environment.choices,
            everything="Any environment",
        ),
    ]
    if known:
        choices.append(choice(asked, "group", "Group", known, everything="Any group"))
    choices.append(choice(asked, "order", "Order", listing.ORDERS, default="needs"))
    return Filters(
        url="servers:server_list",
        table="server_table",
        hint="Search servers",
        search=asked.get("search", ""),
        choices=tuple(choices),
    )
