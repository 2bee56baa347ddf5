"""The pages of the trail: what was done, by whom, and whether the record of it is whole."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from opsmanager.audit import anchors, selectors
from opsmanager.audit.looking import look
from opsmanager.audit.models import OUTCOMES, AuditEvent
from opsmanager.audit.web.filters import EventFilters
from opsmanager.common.filters import Day, Filters, choice, linked
from opsmanager.common.htmx import fragment, is_fragment
from opsmanager.common.problems import Problem
from opsmanager.common.templatetags.values import words

_PAGE = 50
# PostgreSQL's bigint.
_MOST = 2**63


@require_GET
def event_list(request: HttpRequest) -> HttpResponse:
    """Show the events, newest first, searched and filtered; page by page by their number."""
    asked = request.GET
    everything = selectors.visible_to(request.user)
    problem = ""
    try:
        rows = _asked_for(everything, asked)
    except Problem as refused:
        rows, problem = everything.none(), refused.message
    before = asked.get("before", "")
    is_later_page = before.isascii() and before.isdigit() and int(before[:20]) < _MOST
    shown = list((rows.filter(seq__lt=int(before)) if is_later_page else rows)[: _PAGE + 1])
    context: dict[str, object] = {
        "events": shown[:_PAGE],
        "older": shown[_PAGE - 1].seq if len(shown) > _PAGE else None,
        "is_later_page": is_later_page,
        "problem": problem,
    }
    if is_fragment(request):
        return fragment(request, "audit/partials/_event_table.html", context)
    context["filters"] = _filters(asked, shown[0] if shown else None)
    return render(request, "audit/event_list.html", context)


@require_GET
def event_detail(request: HttpRequest, seq: int) -> HttpResponse:
    """Show all that one event tells."""
    event = selectors.get(request.user, min(seq, _MOST - 1))
    return render(request, "audit/event_detail.html", {"event": event})


@require_GET
def chain(request: HttpRequest) -> HttpResponse:
    """Verify the trail, and show what was found."""
    selectors.require_reader(request.user)
    context: dict[str, object] = {"standings": anchors.standings()}
    try:
        context["found"] = look()
    except Problem as problem:
        context["unknown"] = problem.message
    part = "audit/partials/_chain.html"
    if is_fragment(request):
        return fragment(request, part, context)
    return render(request, "audit/chain.html", context)


def _filters(asked: QueryDict, first: AuditEvent | None) -> Filters:
    on = first.target_name if first else "One thing"
    by_link = (
        ("actor", "user", _called(asked.get("actor", ""), first), "Show everybody's"),
        ("target", "tag", on or "One thing", "Show all things'"),
    )
    return Filters(
        url="audit:event_list",
        table="event_table",
        hint="Search the trail",
        search=asked.get("search", ""),
        choices=(
            choice(
                asked,
                "verb",
                "Event",
                [(verb, words(verb)) for verb in selectors.verbs()],
                everything="Any event",
            ),
            choice(
                asked,
                "outcome",
                "Result",
                [(each, "Done" if each == "OK" else words(each)) for each in OUTCOMES],
                everything="Any result",
            ),
        ),
        days=tuple(
            Day(name=name, label=label, value=asked.get(name, ""))
            for name, label in (("since", "From"), ("until", "Before"))
        ),
        asked=linked(asked, by_link),
    )


def _called(actor: str, first: AuditEvent | None) -> str:
    """Return an actor by name where the link to the list knows the id only."""
    return first.actor_name if first and first.actor_id == actor else actor


def _asked_for(rows: QuerySet[AuditEvent], given: QueryDict) -> QuerySet[AuditEvent]:
    asked = EventFilters.of_form(given)
    rows = EventFilters.narrow(rows, asked)
    return selectors.search(selectors.by(rows, asked.get("actor", "")), asked.get("search", ""))
