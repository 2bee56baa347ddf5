"""The pages of executions: the history, and the monitor of one."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from automation.engine.results import Status, Verdict
from automation.models import Execution
from automation.selectors import executions as selectors
from automation.selectors import live
from automation.services import executions
from automation.web import counted, log, monitor
from opsmanager.accounts import along, permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.filters import Asked, Filters, choice, linked
from opsmanager.common.htmx import fragment, go_to, is_fragment, nothing_new
from opsmanager.common.pages import LongPaginator
from opsmanager.common.problems import Invalid
from opsmanager.common.templatetags.times import moment
from opsmanager.common.templatetags.values import words
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
    by_id = {"server": "server", "batch": "batch", "workflow": "workflow_run_id"}
    for name, column in by_id.items():
        uuid = as_uuid(asked.get(name, ""))
        if uuid:
            rows = rows.filter(**{column: uuid})
    behind, problem = None, ""
    try:
        rows, behind = counted.narrow(rows, asked)
    except Invalid as refused:
        rows, problem = rows.none(), refused.shown
    page = LongPaginator(rows, _PAGE).get_page(asked.get("page"))
    context: dict[str, object] = {"page": page, "problem": problem}
    if is_fragment(request):
        return render(request, "automation/partials/_execution_table.html", context)
    context["filters"] = _filters(asked, next(iter(page), None), behind)
    return render(request, "automation/execution_list.html", context)


def _filters(asked: QueryDict, first: Execution | None, behind: counted.Counted | None) -> Filters:
    server = first.server.name if first else "One server"
    by_link = (
        ("runbook", "runbook", asked.get("runbook", ""), "Show all runbooks"),
        ("server", "server", server, "Show all servers"),
        ("batch", "batch", "One batch", "Show all batches"),
        ("workflow", "workflow", "One run of a workflow", "Show all runs"),
    )
    return Filters(
        url="automation:execution_list",
        table="execution_table",
        hint="Search executions",
        search=asked.get("search", ""),
        choices=(
            choice(asked, "status", "Status", _words(Status), everything="Any status"),
            choice(asked, "verdict", "Verdict", _words(Verdict), everything="Any verdict"),
        ),
        asked=(*linked(asked, by_link), *([_behind(asked, behind)] if behind else [])),
        kept=tuple(
            (name, asked.get(name, "")) for name in ("since", "until") if behind and name in asked
        ),
    )


def _behind(asked: QueryDict, behind: counted.Counted) -> Asked:
    """Return what a figure's link asked for, as one thing that is taken away together."""
    told = [
        behind.word,
        f"from {moment(behind.since)}" if behind.since else "",
        f"to {moment(behind.until)}" if behind.until else "",
    ]
    return Asked(
        name="counted",
        value=asked.get("counted", ""),
        shape="analytics",
        word=" ".join(each for each in told if each),
        label="Show all times and kinds",
        also=("since", "until"),
    )


def _words(kind: type[Status | Verdict]) -> list[tuple[str, str]]:
    return [(value.value, words(value)) for value in kind]


@require_GET
def execution_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the monitor: what runs, where, why, and each command as it goes."""
    execution = selectors.get(request.user, pk)
    context = {**log.context(execution, after=0), **monitor.state(request, execution)}
    return render(request, "automation/execution_detail.html", context)


@require_GET
@along.asks_along(live.standing_along)
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
