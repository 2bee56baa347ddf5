"""The executions that analytics count, and how they are laid out over periods."""

from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import DateTimeField, F, Func, IntegerField, QuerySet, Value

from automation.models import CatalogEntry, Execution
from automation.selectors import executions
from automation.selectors.analytics.span import Span
from opsmanager.accounts import permissions


def runs(
    user: permissions.Actor, *, runbook: CatalogEntry | None = None, server_id: UUID | None = None
) -> QuerySet[Execution]:
    """Return what the user may see and analytics count: no dry runs."""
    rows = executions.visible_to(user).filter(is_dry_run=False)
    if runbook is not None:
        rows = rows.filter(runbook=runbook)
    if server_id is not None:
        rows = rows.filter(server_id=server_id)
    return rows


def within(rows: QuerySet[Execution], span: Span) -> QuerySet[Execution]:
    """Return the rows that were queued in the span, in no order."""
    return rows.filter(queued_at__gte=span.start, queued_at__lt=span.end).order_by()


def by_period(
    rows: QuerySet[Execution], span: Span, *also: str
) -> QuerySet[Execution, dict[str, Any]]:
    """Return the rows of the span grouped by the number of their ``period``, from 0, and ``also``.

    The periods' beginnings are handed over as moments. So the database needs no calendar, and no
    other opinion on a zone than ours.
    """
    period = Func(
        F("queued_at"),
        Value(span.beginnings, output_field=ArrayField(DateTimeField())),
        function="width_bucket",
        output_field=IntegerField(),
    )
    grouped: QuerySet[Execution, dict[str, Any]] = within(rows, span).values(
        *also, period=period - 1
    )
    return grouped
