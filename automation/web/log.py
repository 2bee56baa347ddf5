"""The log of an execution, in the pieces that its monitor asks for."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from automation.engine.results import ActionStatus
from automation.models import Execution
from automation.selectors import executions as selectors
from automation.selectors import live, shown_log
from automation.web import log_text, monitor
from opsmanager.accounts import along
from opsmanager.common.htmx import fragment, nothing_new
from opsmanager.common.terminal_text import printed

_BLOCK_LINES = 500
"""A long output is laid out in blocks, of which a browser paints those that are looked at."""
_NO_ROW = 2**31 - 1


def context(execution: Execution, *, after: int) -> dict[str, Any]:
    """Return the rows of the log that ended since ``after``, and those that run."""
    window = shown_log.since(execution, after=after)
    rows = window.rows
    running = next((row.seq for row in rows if row.status == ActionStatus.RUNNING), _NO_ROW)
    ended = [
        entry
        for entry in window.entries
        if (entry.last if isinstance(entry, shown_log.Gap) else entry.seq) < running
    ]
    if after == 0:
        shown_log.anchored(window, is_beginning=True)
    last_row = max((row.seq for row in rows if row.seq < running), default=after)
    return {
        "execution": execution,
        "entries": ended,
        "running": [row for row in rows if row.seq >= running],
        "last_seq": last_row,
        "polls_every_log": monitor.polls_every(execution, seconds=1),
    }


@require_GET
@along.asks_along(live.standing_along)
def execution_log(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the poll for the log: rows that ended since ``after``, and those that run."""
    if monitor.is_seen(request):
        return nothing_new()
    execution = selectors.get(request.user, pk)
    shown = context(execution, after=_number(request, "after"))
    return fragment(request, "automation/partials/_execution_log.html", shown)


@require_GET
def execution_log_rows(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show rows of a gap, ``from`` one ``to`` another, in its place.

    ``seek`` is ``first``, ``last``, ``bad`` or ``last-bad``; ``step`` asks for the beginning of
    one, ``row`` for one row.
    """
    execution = selectors.get(request.user, pk)
    window = shown_log.within(
        execution,
        first=_number(request, "from"),
        last=_number(request, "to") or _NO_ROW,
        seek=request.GET.get("seek", "first"),
        step=_number(request, "step") if request.GET.get("step") else None,
        row=_number(request, "row") if request.GET.get("row") else None,
    )
    shown_log.anchored(window)
    shown = {"execution": execution, "entries": window.entries}
    return fragment(request, "automation/partials/_log_entries.html", shown)


@require_GET
def execution_log_output(request: HttpRequest, pk: UUID, seq: int, stream: str) -> HttpResponse:
    """Show the whole of one output in place of its head and tail."""
    execution = selectors.get(request.user, pk)
    text = printed(shown_log.whole_output(execution, seq=seq, stream=stream))
    lines = text.splitlines(keepends=True)
    blocks = [
        "".join(lines[start : start + _BLOCK_LINES]) for start in range(0, len(lines), _BLOCK_LINES)
    ]
    shown = {"execution": execution, "seq": seq, "stream": stream, "blocks": blocks}
    return fragment(request, "automation/partials/_log_whole_output.html", shown)


@require_GET
def execution_log_text(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    """Hand the log over as text, for a ticket or a colleague."""
    execution = selectors.get(request.user, pk)
    answer = StreamingHttpResponse(
        log_text.chunks(execution), content_type="text/plain; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{log_text.file_name(execution)}"'
    return answer


@require_GET
def execution_log_output_text(
    request: HttpRequest, pk: UUID, seq: int, stream: str
) -> HttpResponse:
    """Hand one output over as text."""
    execution = selectors.get(request.user, pk)
    text = printed(shown_log.whole_output(execution, seq=seq, stream=stream))
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    name = log_text.file_name(execution, f"{seq}-{stream}")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _number(request: HttpRequest, name: str) -> int:
    """Return a number that the page has sent; 0 for what is none."""
    text = request.GET.get(name, "")
    return min(int(text), _NO_ROW) if text.isascii() and text.isdigit() and len(text) < 12 else 0
