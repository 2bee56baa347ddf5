"""The pages of batches: all of them, and one as servers x steps."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from automation.models import Batch, Execution
from automation.selectors import batches as selectors
from automation.selectors import executions
from automation.services import batches
from opsmanager.accounts import along, permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import fragment, go_to, nothing_new

_PAGE: Final = 25
_MOST_SAYINGS: Final = 12
"""How many different outputs of one step are shown; of the rest, their number."""
_CLOCKS_DIFFER: Final = timedelta(seconds=30)


@require_GET
def batch_list(request: HttpRequest) -> HttpResponse:
    """Show the batches, newest first."""
    permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
    page = Paginator(selectors.listed(request.user), _PAGE).get_page(request.GET.get("page"))
    batches_ = [_with_rest(batch) for batch in selectors.with_counts(page.object_list)]
    return render(request, "automation/batch_list.html", {"page": page, "batches": batches_})


@require_GET
def batch_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one batch: how it stands, on which server which step, and who said what."""
    batch = selectors.get(request.user, pk)
    return render(request, "automation/batch_detail.html", _context(request, batch))


@require_GET
@along.asks_along(selectors.standing_along)
def batch_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the poll: nothing while nothing is new, else how it stands and the rows that moved."""
    found = along.found_along(request)
    may_see = permissions.may(request.user, roles.VIEW_EXECUTIONS)
    seen = selectors.seen(found["moved"], found["all"]) if found and found["live"] else ""
    if may_see and seen and request.GET.get("seen") == seen:
        return nothing_new()
    batch = selectors.get(request.user, pk)
    context = {**_context(request, batch), "is_poll": True}
    since = _moment(request.GET.get("at", ""))
    context["moved"] = [row for row in context["rows"] if _moved(row.execution, since)]
    return fragment(request, "automation/partials/_batch_state.html", context)


@require_POST
def batch_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Leave out what has not begun, end what runs, and show the batch."""
    batch = selectors.get(request.user, pk)
    batches.cancel(actor=user_of(request), batch=batch)
    messages.success(request, "Cancelled: what has not begun is left out, what runs is ended.")
    return go_to(request, "automation:batch_detail", pk=pk)


def _context(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    at = timezone.now()
    grid = selectors.grid(request.user, batch)
    columns = [
        {
            "number": column.number,
            "title": column.title,
            "summary": column.summary,
            "sayings": column.sayings[:_MOST_SAYINGS],
            "more": max(len(column.sayings) - _MOST_SAYINGS, 0),
        }
        for column in grid.columns
    ]
    user = user_of(request)
    live = [row.execution for row in grid.rows if not row.execution.is_final]
    return {
        "batch": _with_rest(batch),
        "columns": columns,
        "rows": grid.rows,
        "sentence": _sentence(batch),
        "failures": _failures([row.execution for row in grid.rows]),
        "is_live": _is_live(batch),
        "seen": selectors.seen(batch.revision, batch.total),  # type: ignore[attr-defined]
        "at": at.isoformat(),
        "may_cancel": bool(live) and all(executions.may_cancel(user, each) for each in live),
        "may_run": permissions.may(user, roles.EXECUTE_RUNBOOKS),
    }


def _sentence(batch: Batch) -> str:
    """Say in one sentence what ran, on how many servers, by whom, and how it stands."""
    total: int = batch.total  # type: ignore[attr-defined]
    kind = "Dry run of " if batch.is_dry_run else ""
    by_itself = f"the schedule {batch.trigger_name}" if batch.trigger_name else "itself"
    who = batch.started_by.get_username() if batch.started_by else by_itself
    said = (
        f"{kind}{batch.runbook.title} on {total} server{'' if total == 1 else 's'}, "
        f"started by {who}"
    )
    counts = [
        f"{getattr(batch, name)} {word}"
        for name, word in (
            ("succeeded", "succeeded"),
            ("failed", "failed"),
            ("running", "running"),
            ("waiting", "waiting"),
            ("rest", "left out or taken back"),
        )
        if getattr(batch, name)
    ]
    return f"{said}: {', '.join(counts)}." if counts else f"{said}: refused on every server."


def _failures(listed: list[Execution]) -> list[dict[str, Any]]:
    """Return what went wrong, the same on several servers together, the most common first."""
    groups: dict[str, list[str]] = {}
    for execution in listed:
        if execution.is_final and execution.error_message:
            name = execution.server.name
            said = execution.error_message.replace(name, "the server")
            groups.setdefault(said, []).append(name)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return [
        {"message": said[:1].upper() + said[1:], "servers": names}
        for said, names in ordered[:_MOST_SAYINGS]
    ]


def _with_rest(batch: Batch) -> Batch:
    """Return the batch with ``rest``: how many were cancelled or rolled back."""
    counted = ("succeeded", "failed", "running", "waiting")
    batch.rest = batch.total - sum(getattr(batch, name) for name in counted)  # type: ignore[attr-defined]
    return batch


def _is_live(batch: Batch) -> bool:
    return bool(batch.running or batch.waiting)  # type: ignore[attr-defined]


def _moved(execution: Execution, since: datetime | None) -> bool:
    """Return whether the row of a server may look different from what a page has shown."""
    if since is None or execution.is_live or execution.finished_at is None:
        return True
    times = (execution.finished_at, execution.rollback_at, execution.decided_at)
    return max(time for time in times if time) >= since


def _moment(text: str) -> datetime | None:
    """Return when a page was made, as it says, with room for clocks that differ."""
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        return None
    return made - _CLOCKS_DIFFER if made.tzinfo else None
