"""The pages that put two executions, or two servers, beside each other."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from automation.models import Execution
from automation.selectors import compare, executions, server_pair, step_diff
from opsmanager.accounts import permissions, roles
from opsmanager.common.htmx import fragment, is_fragment
from opsmanager.common.problems import NotFound
from servers.models import Server
from servers.selectors import servers

_PREVIOUS = "previous"
"""In place of an id: the run before it on the same server."""
_MOST_SERVERS = 500


@require_GET
def execution_compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show an execution beside the one that ``with`` names, or what there is to compare it with."""
    execution = executions.get(request.user, pk)
    context: dict[str, Any] = {"execution": execution}
    if asked := request.GET.get("with"):
        context["comparison"] = compare.of(execution, _other(request, execution, asked))
    else:
        context["candidates"] = compare.candidates(request.user, execution)
    return render(request, "automation/execution_compare.html", context)


@require_GET
def execution_compare_step(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what one step said in both, as far as it differs."""
    execution = executions.get(request.user, pk)
    other = _other(request, execution, request.GET.get("with", ""))
    text = request.GET.get("step", "")
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise NotFound("There is no such step.")
    left, right = sorted((execution, other), key=lambda row: (row.queued_at, row.pk))
    context = {
        "number": int(text),
        "diff": step_diff.of(left, right, int(text)),
        "left": left,
        "right": right,
        "execution": execution,
    }
    if is_fragment(request):
        return fragment(request, "automation/partials/_compare_step.html", context)
    return render(request, "automation/execution_compare_step.html", context)


@require_GET
def server_compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a server beside the one that ``with`` names, which can be chosen."""
    user = request.user
    permissions.require_view(user, roles.VIEW_EXECUTIONS)
    left = servers.get(user, pk)
    asked = request.GET.get("with", "")
    others = servers.visible_to(user).exclude(pk=left.pk).order_by("name")
    context: dict[str, Any] = {
        "server": left,
        "others": others.values_list("pk", "name")[:_MOST_SERVERS],
    }
    if asked:
        right = servers.get(user, _uuid(asked))
        context |= _pair(request, left, right)
    return render(request, "automation/server_compare.html", context)


def _pair(request: HttpRequest, left: Server, right: Server) -> dict[str, Any]:
    return {
        "other": right,
        "facts": server_pair.facts(left, right),
        "runs": server_pair.last_runs(request.user, left, right),
        "contents": server_pair.contents(left, right),
    }


def _other(request: HttpRequest, execution: Execution, asked: str) -> Execution:
    """Return what the execution is compared with. Raises :class:`NotFound`."""
    if asked != _PREVIOUS:
        return executions.get(request.user, _uuid(asked))
    found = compare.previous(request.user, execution)
    if found is None:
        raise NotFound("It is the first run of this runbook on this server that you may see.")
    return found


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such thing to compare with, or you may not see it.") from None
