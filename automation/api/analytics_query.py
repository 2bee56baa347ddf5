"""What a request for analytics asks for: which executions, over which span of time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request

from automation.models import Execution
from automation.selectors import runbooks
from automation.selectors.analytics import span as spans
from automation.selectors.analytics.runs import runs
from automation.selectors.analytics.span import Grouping, Span
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import Invalid
from opsmanager.common.uuids import as_uuid

FILTERS: Final = ("runbookId", "serverId", "startDate", "endDate", "groupBy", "timezone")
_USUAL: Final = 10
_MOST: Final = 100


def asked_for(request: Request) -> tuple[QuerySet[Execution], Span]:
    """Return the executions that are counted, and the span.

    Raises :class:`NotPermitted`, :class:`NotFound` for the runbook, :class:`Invalid`.
    """
    permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
    asked = request.query_params
    server = asked.get("serverId", "")
    server_id = as_uuid(server)
    if server and server_id is None:
        raise _refused("serverId", "Use a UUID.")
    runbook = asked.get("runbookId", "")
    span = spans.span(
        start=_time(asked, "startDate"),
        end=_time(asked, "endDate"),
        zone=spans.zone(asked.get("timezone") or "UTC"),
        grouping=_grouping(asked.get("groupBy") or Grouping.DAY),
        now=timezone.now(),
    )
    rows = runs(
        request.user,
        runbook=runbooks.get(request.user, runbook) if runbook else None,
        server_id=server_id,
    )
    return rows, span


def limit(request: Request) -> int:
    """Return how many entries are asked for, 1 to 100. Raises :class:`Invalid`."""
    text = request.query_params.get("limit", "")
    if not text:
        return _USUAL
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _MOST:
        raise _refused("limit", f"Use a whole number between 1 and {_MOST}.")
    return int(text)


def _time(asked: Mapping[str, str], name: str) -> datetime | None:
    """Return a time; a date is its midnight, and without an offset it is one of the zone."""
    text = asked.get(name, "")
    if not text:
        return None
    try:
        # A + of an offset arrives as a space when the client did not encode it.
        time = parse_datetime(text.replace(" ", "+")) or parse_datetime(text)
    except ValueError:
        time = None
    if time is None:
        raise _refused(
            name, "Use a date or time in ISO 8601, such as 2026-11-01 or 2026-11-01T03:00:00Z."
        )
    return time


def _grouping(text: str) -> Grouping:
    try:
        return Grouping(text)
    except ValueError:
        raise _refused("groupBy", f"Use one of: {', '.join(Grouping)}.") from None


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(f"{name} can't be read. {sentence}", details={name: [sentence]})
