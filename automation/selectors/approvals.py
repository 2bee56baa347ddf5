"""Approvals as pages and clients ask for them: what waits, for whom, and who may not give it."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce, Now

from automation.engine.results import Status
from automation.models import Approval, ApprovalState, ApprovalVote, CatalogEntry, Execution
from automation.selectors import executions
from opsmanager.accounts import permissions, roles
from opsmanager.common.compiled import Compiled
from opsmanager.common.problems import NotFound
from servers.models import Server
from servers.selectors import limits

_JOINED = (
    "execution__runbook",
    "execution__server",
    "execution__triggered_by_user",
    "execution__secret_parameters",
    "execution__dry_run",
    "step__run",
    "asked_by",
    "bypassed_by",
    "reviewed_by",
)
DECIDED = tuple(state for state in ApprovalState if state is not ApprovalState.PENDING)


def visible_to(user: permissions.Actor) -> QuerySet[Approval]:
    """Return the approvals of what the user may see, newest first.

    Each has ``given``: how many have approved it so far.
    """
    rows = counted(Approval.objects.select_related(*_JOINED)).order_by("-asked_at", "-pk")
    if not permissions.may(user, roles.VIEW_APPROVALS):
        return rows.none()
    if not permissions.may(user, roles.VIEW_EXECUTIONS):
        rows = rows.filter(execution__isnull=True)
    if not permissions.may(user, roles.VIEW_WORKFLOWS):
        rows = rows.filter(step__isnull=True)
    return limits.within(user, rows, server="execution__server")


def get(user: permissions.Actor, pk: UUID | str) -> Approval:
    """Return an approval that the user may see. Raises :class:`NotFound`."""
    approval = with_votes(visible_to(user)).filter(pk=pk).first()
    if approval is None:
        raise NotFound("There is no such approval, or you may not see it.")
    return approval


def with_votes(rows: QuerySet[Approval]) -> QuerySet[Approval]:
    """Return the rows, each with what people said."""
    return rows.prefetch_related("votes__user")


def search(rows: QuerySet[Approval], text: str) -> QuerySet[Approval]:
    """Return the rows with the text in title or message, or asked for by a user of that name."""
    text = text.strip()
    if not text:
        return rows
    return rows.filter(
        Q(title__icontains=text)
        | Q(message__icontains=text)
        | Q(asked_by__username__icontains=text)
        | Q(step__run__name__icontains=text)
    )


def of_execution(user: permissions.Actor, execution: Execution) -> Approval | None:
    """Return what was asked of people for an execution, if the user may see that."""
    return visible_to(user).filter(execution=execution).first()


def for_me(user: permissions.Actor) -> QuerySet[Approval]:
    """Return what waits for this user: not asked for by them, and they have not said yet."""
    if not permissions.may(user, roles.GRANT_APPROVALS):
        return Approval.objects.none()
    rows = visible_to(user).filter(state=ApprovalState.PENDING, expires_at__gt=Now())
    return rows.exclude(_asked_by(user)).exclude(votes__user=user.pk)


def to_review(user: permissions.Actor) -> QuerySet[Approval]:
    """Return what went ahead without its approval and this user may look at afterwards."""
    if not permissions.may(user, roles.GRANT_APPROVALS):
        return Approval.objects.none()
    return unreviewed(visible_to(user)).exclude(bypassed_by=user.pk)


def unreviewed(rows: QuerySet[Approval]) -> QuerySet[Approval]:
    """Return those that went ahead without approval and that nobody has looked at yet."""
    return rows.filter(state=ApprovalState.BYPASSED, reviewed_at__isnull=True)


def mine(user: permissions.Actor, rows: QuerySet[Approval], *, which: bool) -> QuerySet[Approval]:
    """Return those of the rows that wait for this user's approval or review, or the others."""
    keys = Q(pk__in=for_me(user).values("pk")) | Q(pk__in=to_review(user).values("pk"))
    return rows.filter(keys if which else ~keys)


def askers(approval: Approval) -> set[UUID]:
    """Return the users who may not approve it: who asked, and for whom it starts by itself."""
    found = {approval.asked_by_id}
    for subject in (approval.execution, approval.step.run if approval.step else None):
        if subject is not None:
            found |= {subject.triggered_by_user_id, subject.on_behalf_of_id}
    return {pk for pk in found if pk is not None}


def is_over(approval: Approval) -> bool:
    """Whether its time is up by the database's clock, marked already or not."""
    return Approval.objects.filter(pk=approval.pk, expires_at__lte=Now()).exists()


def counted(rows: QuerySet[Approval]) -> QuerySet[Approval]:
    """Return the rows, each with ``given``: how many have approved it so far."""
    said = ApprovalVote.objects.filter(approval=OuterRef("pk"), approves=True).order_by()
    count = said.values("approval").annotate(count=Count("pk")).values("count")
    return rows.annotate(given=Coalesce(Subquery(count), 0))


def needed_for(entry: CatalogEntry, server: Server | None, *, changes: bool) -> int:
    """Return how many other people must approve a run that is no dry run; 0 for none.

    What only reads (``changes`` is false) is not held up by its server.
    """
    return max(entry.approvals, server.approvals if server and changes else 0)


def people(needed: int) -> str:
    """Say how many: such as "1 other person"."""
    return "1 other person" if needed == 1 else f"{needed} other people"


def is_awaited(execution: Execution) -> bool:
    """Whether an execution waits for people, and so has no place in the queue yet."""
    return Status(execution.status) is Status.PENDING and execution.waiting_since is None


def pending_of(listed: Iterable[Execution]) -> dict[UUID, Approval]:
    """Return, by execution, the approvals that those wait for; no query where none does."""
    waiting = [row for row in listed if is_awaited(row)]
    unknown = [row for row in waiting if not hasattr(row, "approval_asked")]
    if unknown:
        with_approvals(unknown)
    found = {row.pk: row.approval_asked for row in waiting}  # type: ignore[attr-defined]
    return {pk: asked for pk, asked in found.items() if asked is not None and asked.is_pending}


def with_approvals(listed: Iterable[Execution]) -> list[Execution]:
    """Return the executions, each with ``approval_asked``, which has ``given``, or ``None``."""
    rows = list(listed)
    if not rows:
        return rows
    if len(rows) == 1:
        asked: Iterable[Approval] = _OF_ONE.all(execution=rows[0].pk)
    else:
        asked = _with_asker(execution__in=[row.pk for row in rows])
    found = {row.execution_id: row for row in asked}
    for row in rows:
        row.approval_asked = found.get(row.pk)  # type: ignore[attr-defined]
    return rows


def _with_asker(**which: Any) -> QuerySet[Approval]:
    return counted(Approval.objects.filter(**which).select_related("asked_by"))


_OF_ONE: Final[Compiled[Approval]] = Compiled(
    lambda execution: _with_asker(execution=execution), execution=UUIDField()
)


def dry_runs(user: permissions.Actor, approval: Approval) -> list[Execution]:
    """Return the dry runs that show what would happen, newest first.

    That which it is to repeat exactly, and those of the same runbook, server and parameters since
    it was asked for.
    """
    asked = approval.execution
    if asked is None:
        return []
    same = Q(
        runbook=asked.runbook_id,
        server=asked.server_id,
        parameters=asked.parameters,
        is_dry_run=True,
        queued_at__gte=approval.asked_at,
    )
    return list(executions.visible_to(user).filter(Q(pk=asked.dry_run_id) | same)[:5])


def _asked_by(user: permissions.Actor) -> Q:
    return (
        Q(asked_by=user.pk)
        | Q(execution__triggered_by_user=user.pk)
        | Q(execution__on_behalf_of=user.pk)
        | Q(step__run__triggered_by_user=user.pk)
        | Q(step__run__on_behalf_of=user.pk)
    )
