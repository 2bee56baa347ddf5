"""The page that looks for a text in all logs."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from automation.selectors import log_matches, log_search, runbooks
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.places import places
from opsmanager.common.api.query import Query
from opsmanager.common.api.query_fields import Text, Uuid, When, Word
from opsmanager.common.htmx import fragment, is_fragment
from opsmanager.common.problems import Problem
from servers.selectors import servers

_PAGE: Final = 20
_MOST_SERVERS: Final = 500
"""Offered to choose from; a link can name any."""
_STREAMS: Final = {
    "command": "Commands",
    "stdout": "Output",
    "stderr": "Error output",
    "error": "What went wrong",
}


class LogSearchFilters(Query):
    """The fields of the search; those left empty ask for nothing."""

    search = Text(trim_whitespace=False)
    runbook = Text()
    server = Uuid()
    stream = Word(_STREAMS)
    since = When()
    until = When()
    case = Word(["kept"])
    before = Text()


@require_GET
def log_search_page(request: HttpRequest) -> HttpResponse:
    """Show which executions' logs hold a text, newest first."""
    permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
    context: dict[str, Any] = {"is_later": bool(request.GET.get("before"))}
    try:
        asked = LogSearchFilters.of_form(request.GET)
        if "search" in asked:
            context["found"] = _found(request, asked)
    except Problem as problem:
        context["problem"] = problem.shown
    if is_fragment(request):
        return fragment(request, "automation/partials/_log_matches.html", context)
    named = servers.visible_to(request.user).order_by("name").values_list("pk", "name")
    context |= {
        "asked": request.GET,
        "streams": _STREAMS,
        "runbooks": runbooks.visible_to(request.user).order_by("title"),
        "servers": [(str(pk), name) for pk, name in named[:_MOST_SERVERS]],
    }
    return render(request, "automation/log_search.html", context)


def _found(request: HttpRequest, asked: dict[str, Any]) -> log_search.Matches:
    user = user_of(request)
    # It holds a thread and reads a lot: only some at once.
    with places.held(user.pk):
        return log_search.asked_for(
            user,
            log_matches.Text(
                text=asked["search"],
                streams=(asked["stream"],) if "stream" in asked else log_matches.STREAMS,
                is_case_kept="case" in asked,
            ),
            start=asked.get("since"),
            end=asked.get("until"),
            runbook=asked.get("runbook"),
            server=asked.get("server"),
            before=asked.get("before", ""),
            limit=_PAGE,
        )
