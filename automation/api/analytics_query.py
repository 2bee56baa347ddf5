"""What a request for analytics asks for: which executions, over which span of time."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request

from automation.api.queries import RUNBOOK
from automation.models import Execution
from automation.selectors import runbooks
from automation.selectors.analytics import span as spans
from automation.selectors.analytics.runs import runs
from automation.selectors.analytics.span import Grouping, Span
from opsmanager.accounts import permissions, roles
from opsmanager.common.api.query import Query
from opsmanager.common.api.query_fields import LocalWhen, Text, Uuid, Whole, Word

_DAYS = "A day is its midnight in the time zone."


class AnalyticsQuery(Query):
    """Of analytics."""

    runbook_id = Text(help_text=RUNBOOK, allow_empty=False)
    server_id = Uuid()
    start_date = LocalWhen(help_text=f"Of being queued; included. {_DAYS} 30 days ago without.")
    end_date = LocalWhen(help_text=f"Of being queued; not included. {_DAYS} Now without.")
    group_by = Word(Grouping, help_text="The periods of the timeline.")
    timezone = Text(allow_empty=False, help_text="An IANA name; UTC without.")


class MostUsedQuery(AnalyticsQuery):
    """Of what was used most."""

    limit = Whole(1, 100, default=10, help_text="How many runbooks and servers.")


def asked_for(request: Request, asked: dict[str, Any]) -> tuple[QuerySet[Execution], Span]:
    """Return the executions that are counted, and the span.

    Raises :class:`NotPermitted`, :class:`NotFound` for the runbook, :class:`Invalid`.
    """
    permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
    span = spans.span(
        start=asked.get("start_date"),
        end=asked.get("end_date"),
        zone=spans.zone(asked.get("timezone", "UTC")),
        grouping=Grouping(asked.get("group_by", Grouping.DAY)),
        now=timezone.now(),
    )
    runbook = asked.get("runbook_id")
    rows = runs(
        request.user,
        runbook=runbooks.get(request.user, runbook) if runbook else None,
        server_id=asked.get("server_id"),
    )
    return rows, span
