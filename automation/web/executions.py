"""The pages of executions: the history, and the monitor of one."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from automation.engine.results import ActionStatus, Status
from automation.models import Execution, ExecutionLog
from automation.selectors import executions as selectors
from automation.selectors import monitor, waiting
from automation.services import executions
from automation.services.executions import Launch, launch
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import fragment, go_to, is_fragment, nothing_new
from opsmanager.common.problems import Problem
from opsmanager.common.uuids import as_uuid

_PAGE = 25


@require_GET
def execution_list(request: HttpRequest) -> HttpResponse:
    """Show the history, searched and filtered."""
    asked = request.GET
    rows = selectors.search(selectors.visible_to(request.user), asked.get("search", ""))
    exact = {"status": "status", "verdict": "verdict", "runbook": "runbook__runbook_id"}
    for name, column in exact.items():
        if asked.get(name):
            rows = rows.filter(**{column: asked[name]})
    server = as_uuid(asked.get("server", ""))
    if server:
        rows = rows.filter(server=server)
    context = {
        "page": Paginator(rows, _PAGE).get_page(asked.get("page")),
        "search": asked.get("search", ""),
        "filters": {name: asked.get(name, "") for name in (*exact, "server")},
        "statuses": list(Status),
    }
    part = "automation/partials/_execution_table.html"
    template = part if is_fragment(request) else "automation/execution_list.html"
    return render(request, template, context)


@require_GET
def execution_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the monitor: what runs, where, why, and each command as it goes."""
    execution = selectors.get(request.user, pk)
    context = {**_state(request, execution), **_log(execution, after=0)}
    return render(request, "automation/execution_detail.html", context)


@require_GET
def execution_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the poll for the state: nothing while nothing is new."""
    execution = selectors.get(request.user, pk)
    if request.GET.get("revision") == str(execution.revision) and not execution.is_final:
        return nothing_new()
    context = {**_state(request, execution), "is_poll": True}
    return fragment(request, "automation/partials/_execution_state.html", context)


@require_GET
def execution_log(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the poll for the log: rows that ended since ``after``, and those that run."""
    execution = selectors.get(request.user, pk)
    after = request.GET.get("after", "")
    if request.GET.get("revision") == str(execution.revision) and not execution.is_final:
        return nothing_new()
    context = _log(execution, after=int(after) if after.isascii() and after.isdigit() else 0)
    return fragment(request, "automation/partials/_execution_log.html", context)


@require_POST
def execution_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel the execution and show its monitor."""
    execution = selectors.get(request.user, pk)
    executions.cancel(actor=user_of(request), execution=execution)
    return go_to(request, "automation:execution_detail", pk=pk)


@require_POST
def execution_run_exactly(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Run for real what a dry run showed: same runbook, same server, same parameters."""
    dry = selectors.get(request.user, pk)
    if not dry.is_dry_run or dry.status != Status.SUCCESS:
        raise Problem("Only a dry run that succeeded can be run exactly.", code="INVALID_STATE")
    typed = request.POST.get("confirm_server", "").strip()
    if dry.server.is_production and typed != dry.server.name:
        raise Problem(f"{dry.server.name} is a production server: type its name to run this there.")
    execution = launch(
        Launch(
            actor=user_of(request),
            runbook=dry.runbook,
            server=dry.server,
            parameters=dry.parameters,
            is_confirmed=True,
            incident_id=dry.incident_id,
            reason=dry.reason,
            dry_run=dry,
        )
    )
    return go_to(request, "automation:execution_detail", pk=execution.pk)


def _state(request: HttpRequest, execution: Execution) -> dict[str, Any]:
    user = user_of(request)
    execution.waiting_for = waiting.waiting_for(execution)  # type: ignore[attr-defined]
    return {
        "execution": execution,
        "sentence": monitor.sentence(execution),
        "steps": monitor.steps(execution),
        "assessments": {
            "before": execution.assessment_before,
            "after": execution.assessment_after,
        },
        "assessment_rows": monitor.assessment_rows(execution),
        "usual_seconds": monitor.usual_seconds(execution),
        "may_cancel": not execution.is_final and selectors.may_cancel(user, execution),
        "may_run": permissions.may(user, roles.EXECUTE_RUNBOOKS),
        "edit_url": monitor.edit_url(execution),
    }


def _log(execution: Execution, *, after: int) -> dict[str, Any]:
    rows = list(selectors.logs(execution, after=after))
    first_running = next((row.seq for row in rows if row.status == ActionStatus.RUNNING), None)
    ended = [row for row in rows if first_running is None or row.seq < first_running]
    return {
        "execution": execution,
        "rows": ended,
        "running": rows[len(ended) :],
        "last_seq": _last_seq(ended, after),
        "is_poll": after > 0,
    }


def _last_seq(rows: list[ExecutionLog], after: int) -> int:
    return rows[-1].seq if rows else after
