"""What did not help and still waits for somebody: runs, and rollbacks of them."""

from datetime import datetime

from django.db.models import Q, QuerySet

from automation.engine.results import Status, Verdict
from automation.models import Execution
from automation.selectors import executions
from opsmanager.accounts import permissions

BAD = Q(status__in=[Status.FAILED, Status.TIMEOUT, Status.UNKNOWN]) | Q(
    verdict__in=[Verdict.NOT_FIXED, Verdict.MADE_WORSE]
)
"""Runs that did not help, or of which nobody knows."""


def runs(user: permissions.Actor, *, since: datetime) -> QuerySet[Execution]:
    """Return the runs ended ``since`` that did not help and after which nothing better was run.

    What nobody knows the end of stays, however old it is.
    """
    is_due = Q(finished_at__gte=since) | Q(status=Status.UNKNOWN)
    rows = executions.visible_to(user).filter(BAD, is_due, is_dry_run=False)
    better = Execution.objects.filter(status=Status.SUCCESS, is_dry_run=False).exclude(
        verdict__in=[Verdict.NOT_FIXED, Verdict.MADE_WORSE]
    )
    return executions.without_later(rows, better)


def rollbacks(user: permissions.Actor, *, since: datetime) -> QuerySet[Execution]:
    """Return the executions whose rollback was asked for ``since`` and did not succeed."""
    return executions.visible_to(user).filter(
        rollback_status__in=[Status.FAILED, Status.UNKNOWN], rollback_at__gte=since
    )
