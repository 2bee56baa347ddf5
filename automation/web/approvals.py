"""The pages of approvals: what waits for other people, what would happen, and what they say."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from automation.models import Approval, ApprovalState, Execution
from automation.selectors import approvals as selectors
from automation.services import approval_rules as rules
from automation.services import approvals
from automation.services.executions import Launch, launch
from automation.web.approval_forms import ApprovalForm, BypassForm, ReviewForm, VoteForm
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.filters import Filters, choice
from opsmanager.common.form_key import key_of
from opsmanager.common.htmx import form_invalid, go_to, is_fragment
from opsmanager.common.pages import LongPaginator
from opsmanager.common.problems import Invalid, InvalidState
from servers.selectors import servers

_PAGE = 25
_OPEN = 100
"""Shown at once of what waits, and of what is to be reviewed."""
_STATES = tuple((state.value, state.label) for state in ApprovalState)
_REASON = "To see what would happen, before it is approved."


@require_GET
def approval_list(request: HttpRequest) -> HttpResponse:
    """Show what waits for people, then what is to be reviewed, then what was decided."""
    permissions.require_view(request.user, roles.VIEW_APPROVALS)
    asked = request.GET
    rows = selectors.search(selectors.visible_to(request.user), asked.get("search", ""))
    state = asked.get("state", "")
    is_all = state not in ApprovalState.values
    decided = rows.filter(state__in=selectors.DECIDED) if is_all else rows.filter(state=state)
    if is_all:
        decided = decided.exclude(pk__in=selectors.unreviewed(rows).values("pk"))
    page = LongPaginator(decided, _PAGE).get_page(asked.get("page"))
    is_first = is_all and page.number == 1
    open_rows: list[Approval] = []
    if is_first:
        waiting = rows.filter(state=ApprovalState.PENDING).order_by("expires_at", "pk")
        open_rows = [*waiting[:_OPEN], *selectors.unreviewed(rows)[:_OPEN]]
    context: dict[str, Any] = {
        "page": page,
        "rows": [*open_rows, *page.object_list],
    }
    if is_fragment(request):
        return render(request, "automation/partials/_approval_table.html", context)
    context["filters"] = Filters(
        url="automation:approval_list",
        table="approval_table",
        hint="Search approvals",
        search=asked.get("search", ""),
        choices=(choice(asked, "state", "State", _STATES, everything="Any state"),),
    )
    return render(request, "automation/approval_list.html", context)


@require_GET
def approval_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what is going to happen, who asked and why, and what was said so far."""
    approval = selectors.get(request.user, pk)
    return render(request, "automation/approval_detail.html", _context(request, approval))


@require_POST
def approval_vote(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Approve it, or reject it with a reason."""
    approval = selectors.get(request.user, pk)
    rules.require_granting(request.user)
    approves = request.POST.get("answer") == "approve"

    def vote(form: ApprovalForm) -> str:
        after = approvals.vote(
            actor=user_of(request), approval=approval, approves=approves, **form.cleaned_data
        )
        if not approves:
            return "You have rejected it."
        left = after.needed - after.given  # type: ignore[attr-defined] # as `counted` has it
        return f"You have approved it. {left} more must." if left > 0 else "You have approved it."

    return _said(request, approval, "vote", VoteForm(request.POST), vote)


@require_POST
def approval_bypass(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on without approval, with a reason."""
    approval = selectors.get(request.user, pk)
    rules.require_bypassing(request.user)

    def bypass(form: ApprovalForm) -> str:
        approvals.bypass(actor=user_of(request), approval=approval, **form.cleaned_data)
        return "It goes on without approval. Somebody else reviews that."

    return _said(request, approval, "bypass", BypassForm(request.POST), bypass)


@require_POST
def approval_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Note what somebody else makes of it that it went ahead."""
    approval = selectors.get(request.user, pk)
    rules.require_granting(request.user)

    def review(form: ApprovalForm) -> str:
        approvals.review(actor=user_of(request), approval=approval, **form.cleaned_data)
        return "Your review is kept."

    return _said(request, approval, "review", ReviewForm(request.POST), review)


@require_POST
def approval_dry_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show by a dry run what would happen: same runbook, same server, same parameters."""
    asked = selectors.get(request.user, pk).execution
    if asked is None:
        raise InvalidState("Of a workflow's step there is no dry run. Look at the workflow's run.")
    dry_run = launch(
        Launch(
            actor=user_of(request),
            runbook=asked.runbook,
            server=asked.server,
            parameters=asked.parameters,
            saved_secrets=asked.secret_parameters,
            is_dry_run=True,
            reason=_REASON,
            idempotency_key=key_of(request),
        )
    )
    return go_to(request, "automation:execution_detail", pk=dry_run.pk)


def _said(
    request: HttpRequest,
    approval: Approval,
    name: str,
    form: ApprovalForm,
    do: Callable[[ApprovalForm], str],
) -> HttpResponse:
    """Do what a form asks for, or show it again with what is wrong."""
    if form.is_valid():
        try:
            said = do(form)
        except Invalid as problem:
            form.refuse(problem)
        else:
            messages.success(request, said)
            return go_to(request, "automation:approval_detail", pk=approval.pk)
    return form_invalid(
        request,
        page="automation/approval_detail.html",
        partial=f"automation/partials/_approval_{name}.html",
        context=_context(request, approval, **{f"{name}_form": form}),
    )


def _context(request: HttpRequest, approval: Approval, **forms: ApprovalForm) -> dict[str, Any]:
    user = user_of(request)
    execution = approval.execution
    left = (approval.expires_at - timezone.now()).total_seconds()
    return {
        "vote_form": VoteForm(auto_id="vote_%s"),
        "bypass_form": BypassForm(auto_id="bypass_%s"),
        "review_form": ReviewForm(auto_id="review_%s"),
        **forms,
        "approval": approval,
        "execution": execution,
        "seconds_left": max(left, 0) if approval.is_pending else None,
        "people": selectors.people(approval.needed),
        "why_no_vote": rules.why_no_vote(user, approval),
        "may_bypass": rules.may_bypass(user, approval),
        "may_review": rules.may_review(user, approval),
        "dry_runs": selectors.dry_runs(user, approval),
        "may_try": approval.is_pending and execution is not None and _may_try(request, execution),
    }


def _may_try(request: HttpRequest, execution: Execution) -> bool:
    may_run = permissions.may(request.user, roles.EXECUTE_RUNBOOKS)
    return may_run and servers.may_operate(user_of(request), execution.server)
