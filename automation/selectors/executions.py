"""Executions as pages and clients ask for them."""

from typing import Any, Final
from uuid import UUID

from django.db.models import (
    DateTimeField,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
)

from automation.models import Approval, CatalogEntry, Execution, ExecutionLog, Priority
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.common.compiled import Compiled
from opsmanager.common.problems import NotFound
from opsmanager.common.search import Found, holding, terms
from opsmanager.common.uuids import as_uuid
from servers.models import Server
from servers.selectors import limits


def visible_to(user: permissions.Actor) -> QuerySet[Execution]:
    """Return the executions that the user may see, newest first."""
    rows = _joined().order_by("-queued_at", "-pk")
    if not permissions.may(user, roles.VIEW_EXECUTIONS):
        return rows.none()
    return limits.within(user, rows, server="server")


def may_see_all(user: permissions.Actor) -> bool:
    """Whether there is no execution that the user may not see."""
    return permissions.may(user, roles.VIEW_EXECUTIONS) and limits.has_none(user)


def get(user: permissions.Actor, pk: UUID | str) -> Execution:
    """Return an execution that the user may see. Raises :class:`NotFound`."""
    if may_see_all(user):
        execution = _BY_KEY.one(pk=pk)
        if execution is not None and not execution.was_asked_for:  # type: ignore[attr-defined]
            execution.approval_asked = None  # type: ignore[attr-defined]
    else:
        execution = visible_to(user).filter(pk=pk).first()
    if execution is None:
        raise NotFound("There is no such execution, or you may not see it.")
    return execution


def _joined() -> QuerySet[Execution]:
    return Execution.objects.select_related("runbook", "server", "triggered_by_user", "batch")


def _with_key(pk: Value) -> QuerySet[Execution]:
    asked = Approval.objects.filter(execution=OuterRef("pk"))
    return _joined().annotate(was_asked_for=Exists(asked)).filter(pk=pk).order_by()


# For whoever may see all of them, as nearly everybody may who asks. It finds out along the way
# whether approvals have anything to do with it, as they seldom do.
_BY_KEY: Final[Compiled[Execution]] = Compiled(_with_key, pk=UUIDField())


def hold(pk: UUID, *joined: str) -> Execution:
    """Return an execution that nobody else changes or deletes until the transaction ends.

    With what is ``joined``, as it was before any wait. Raises :class:`NotFound` when it was
    deleted meanwhile.
    """
    rows = Execution.objects.select_for_update(of=("self",))
    execution = (rows.select_related(*joined) if joined else rows).filter(pk=pk).first()
    if execution is None:
        raise NotFound("The execution was deleted a moment ago.")
    return execution


def search(rows: QuerySet[Execution], text: str) -> QuerySet[Execution]:
    """Return the rows that hold all terms, or the one with this id.

    Each term is part of the runbook's id or title or the server's name, or its words are in the
    reason, the summary or the error message; one that is a runbook's id stands for it alone.
    Runbooks and servers are few: they are looked up first, so that one index answers for each
    condition.
    """
    uuid = as_uuid(text.strip())
    if uuid:
        return rows.filter(pk=uuid)
    wanted = terms(text)
    runbooks = CatalogEntry.objects.values_list("pk", "runbook_id", "title")
    known = list(runbooks) if wanted else []
    for term in wanted:
        rows = Found.among(rows.filter(_telling_of(term, known)))
    return rows


def _telling_of(term: str, runbooks: list[tuple[UUID, str, str]]) -> Q:
    part = term.lower()
    named = {pk: key for pk, key, title in runbooks if part in key.lower() or part in title.lower()}
    if len(named) == len(runbooks):
        # Of a letter that every runbook has, no index needs to be asked.
        return Q()
    exactly = [pk for pk, runbook_id in named.items() if runbook_id == term.upper()]
    there = list(Server.objects.filter(name__icontains=term).values_list("pk", flat=True))
    if exactly and not there:
        return Q(runbook__in=exactly)
    found = holding(term)
    if named:
        found = Q(runbook__in=list(named)) | found
    return Q(server__in=there) | found if there else found


def logs(execution: Execution, *, after: int = 0) -> QuerySet[ExecutionLog]:
    """Return the rows of its log with a ``seq`` above ``after``, in order."""
    return _logs(execution.pk, execution.queued_at, after)


def all_logs(execution: Execution, *, after: int = 0) -> list[ExecutionLog]:
    """Return the same, read at once."""
    return _LOGS.all(execution=execution.pk, queued_at=execution.queued_at, after=after)


def _logs(execution: Any, queued_at: Any, after: Any) -> QuerySet[ExecutionLog]:
    return ExecutionLog.objects.filter(
        execution=execution, queued_at=queued_at, seq__gt=after
    ).order_by("seq")


_LOGS: Final[Compiled[ExecutionLog]] = Compiled(
    _logs, execution=UUIDField(), queued_at=DateTimeField(), after=IntegerField()
)


def without_later(rows: QuerySet[Execution], later: QuerySet[Execution]) -> QuerySet[Execution]:
    """Return the rows after which none of ``later`` ran with the same runbook and server."""
    followed = later.filter(
        runbook=OuterRef("runbook"), server=OuterRef("server"), queued_at__gt=OuterRef("queued_at")
    )
    return rows.filter(~Exists(followed))


def may_cancel(user: User, execution: Execution) -> bool:
    """Whether the user may cancel it: those who may cancel any, and who started it."""
    if execution.triggered_by_user_id == user.pk:
        return permissions.may(user, roles.EXECUTE_RUNBOOKS)
    return permissions.may(user, roles.CANCEL_EXECUTIONS)


def priority_name(execution: Execution) -> str:
    """Return the priority as the API names it."""
    return Priority(execution.priority).name
