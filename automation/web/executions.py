"""The pages of executions: the history, and the monitor of one."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from automation.engine.results import Status
from automation.selectors import executions as selectors
from automation.selectors import live
from automation.services import executions
from automation.web import log, monitor
from opsmanager.accounts import permissions, roles, sessions
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import fragment, go_to, is_fragment, nothing_new
from opsmanager.common.pages import LongPaginator
from opsmanager.common.uuids import as_uuid

_PAGE = 25


@require_GET
def execution_list(request: HttpRequest) -> HttpResponse:
    """Show the history, searched and filtered."""
    permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
    asked = request.GET
    rows = selectors.search(selectors.visible_to(request.user), asked.get("search", ""))
    exact = {"status": "status", "verdict": "verdict", "runbook": "runbook__runbook_id"}
    for name, column in exact.items():
        if asked.get(name):
            rows = rows.filter(**{column: asked[name]})
    by_id = ("server", "batch")
    for name in by_id:
        uuid = as_uuid(asked.get(name, ""))
        if uuid:
            rows = rows.filter(**{name: uuid})
    context = {
        "page": LongPaginator(rows, _PAGE).get_page(asked.get("page")),
        "search": asked.get("search", ""),
        "filters": {name: asked.get(name, "") for name in (*exact, *by_id)},
        "statuses": list(Status),
    }
    part = "automation/partials/_execution_table.html"
    template = part if is_fragment(request) else "automation/execution_list.html"
    return render(request, template, context)


@require_GET
def execution_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the monitor: what runs, where, why, and each command as it goes."""
    execution = selectors.get(request.user, pk)
    context = {**log.context(execution, after=0), **monitor.state(request, execution)}
    return render(request, "automation/execution_detail.html", context)


@require_GET
@sessions.asks_along(live.standing_along)
def execution_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the poll for the state: nothing while nothing is new."""
    if monitor.is_seen(request, with_waits=True):
        return nothing_new()
    execution = selectors.get(request.user, pk)
    context = {**monitor.state(request, execution), "is_poll": True}
    return fragment(request, "automation/partials/_execution_state.html", context)


@require_POST
def execution_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel the execution, or its rollback, and show its monitor."""
    execution = selectors.get(request.user, pk)
    executions.cancel(actor=user_of(request), execution=execution)
    return go_to(request, "automation:execution_detail", pk=pk)
