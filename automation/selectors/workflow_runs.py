"""Runs of workflows as pages and clients ask for them, and those that have news."""

from functools import lru_cache
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject, Now

from automation.engine.results import Status, Verdict
from automation.models import ApprovalState, Execution, WorkflowRun, WorkflowStep
from automation.workflows import Phase
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.common.problems import NotFound

_LIVE = (Status.PENDING, Status.RUNNING)


def visible_to(user: permissions.Actor) -> QuerySet[WorkflowRun]:
    """Return the runs that the user may see, newest first."""
    rows = WorkflowRun.objects.select_related(
        "workflow", "triggered_by_user", "on_behalf_of", "retried_by", "cancel_requested_by"
    ).order_by("-started_at", "-pk")
    may_see = permissions.may(user, roles.VIEW_WORKFLOWS)
    return rows if may_see and permissions.may(user, roles.VIEW_EXECUTIONS) else rows.none()


def get(user: permissions.Actor, pk: UUID | str) -> WorkflowRun:
    """Return a run that the user may see. Raises :class:`NotFound`."""
    run = visible_to(user).filter(pk=pk).first()
    if run is None:
        raise NotFound("There is no such run of a workflow, or you may not see it.")
    return run


def search(rows: QuerySet[WorkflowRun], text: str) -> QuerySet[WorkflowRun]:
    """Return the rows with the text in the workflow's name, the reason or how it ended."""
    text = text.strip()
    if not text:
        return rows
    return rows.filter(
        Q(name__icontains=text) | Q(reason__icontains=text) | Q(message__icontains=text)
    )


def standing_along(pk: UUID) -> Subquery:
    """Return a subquery that finds how far a run has moved, for the query of a session.

    As JSON: ``live`` and ``revision``.
    """
    rows = WorkflowRun.objects.filter(pk=pk).order_by()
    found = JSONObject(live=Q(status=Status.RUNNING), revision=F("revision"))
    return Subquery(rows.values(standing=found))


def may_cancel(user: User, run: WorkflowRun) -> bool:
    """Whether the user may cancel it: those who may cancel any, and who started it."""
    if user.pk in (run.triggered_by_user_id, run.retried_by_id):
        return permissions.may(user, roles.EXECUTE_RUNBOOKS)
    return permissions.may(user, roles.CANCEL_EXECUTIONS)


def due() -> QuerySet[WorkflowRun]:
    """Return the runs that have not ended and with which there is something to do."""
    return _due().all()


@lru_cache(maxsize=1)
def _due() -> QuerySet[WorkflowRun]:
    """Return the query, which is asked often and takes longer to put together than to answer."""
    running = WorkflowStep.objects.filter(run=OuterRef("pk"), phase=Phase.RUNNING, is_spread=False)
    has_ended = Q(execution__isnull=False) & ~Q(execution__status__in=[*_LIVE, Status.UNKNOWN])
    is_decided = Q(approvals__isnull=False) & ~Q(approvals__state=ApprovalState.PENDING)
    is_lost = Q(execution__isnull=True, due_at__isnull=True, approvals__isnull=True)
    news = running.filter(has_ended | Q(due_at__lte=Now()) | is_decided | is_lost)
    is_to_cancel = Q(cancel_requested_at__isnull=False) & (
        Exists(_uncancelled(OuterRef("pk"))) | Exists(running.filter(execution__isnull=True))
    )
    return WorkflowRun.objects.filter(
        ~Exists(running) | Exists(news) | is_to_cancel, status=Status.RUNNING
    )


def to_cancel(run: WorkflowRun) -> QuerySet[Execution]:
    """Return what a cancelled run started and nobody has asked to end."""
    return _uncancelled(run.pk).select_related("runbook", "server", "triggered_by_user")


def last_verdicts(run: WorkflowRun) -> list[Verdict]:
    """Return what was said last of each server on which something was assessed."""
    rows = Execution.objects.filter(workflow_run_id=run.pk, is_dry_run=False).exclude(verdict="")
    last = rows.order_by("server_id", "-finished_at", "-pk").distinct("server_id")
    return [Verdict(verdict) for verdict in last.values_list("verdict", flat=True)]


def has_changed_something(run: WorkflowRun) -> bool:
    """Return whether a runbook that changes servers succeeded in it."""
    rows = Execution.objects.filter(workflow_run_id=run.pk, is_dry_run=False, changes=True)
    return rows.filter(status=Status.SUCCESS).exists()


def _uncancelled(run: UUID | OuterRef) -> QuerySet[Execution]:
    return Execution.objects.filter(
        workflow_run_id=run,
        workflow_steps__phase=Phase.RUNNING,
        status__in=_LIVE,
        cancel_requested_at__isnull=True,
    )
