"""Takes back what people were asked, once what it was for does not happen any more."""

from django.db.models import QuerySet
from django.db.models.functions import Now

from automation.models import Approval, ApprovalState
from opsmanager.audit import trail


def withdraw(rows: QuerySet[Approval], *, actor: trail.Actor, why: str = "") -> int:
    """Withdraw those of the approvals that still wait; return how many.

    Inside the caller's transaction, which holds what they are for.
    """
    pending = rows.filter(state=ApprovalState.PENDING)
    held = list(pending.select_for_update(of=("self",)).order_by("pk"))
    Approval.objects.filter(pk__in=[row.pk for row in held]).update(
        state=ApprovalState.WITHDRAWN, decided_at=Now()
    )
    for row in held:
        trail.record("AUTOMATION_APPROVAL_WITHDRAWN", actor=actor, target=row, message=why)
    return len(held)
