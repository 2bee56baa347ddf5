"""The page on which a rollback shows its plan, and is asked for."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from automation.models import Execution
from automation.selectors import executions as selectors
from automation.selectors import monitor
from automation.services import rollbacks
from automation.web.confirmation import require_name_typed
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import form_invalid, go_to
from opsmanager.common.problems import NotFound, NotPermitted, Problem


class RollbackForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(
        required=False,
        max_length=2000,
        help_text="Why you take it back; kept with the execution and in the audit trail",
    )


@require_http_methods(["GET", "POST"])
def execution_rollback(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what a rollback would take back (GET), or ask for it (POST)."""
    execution = selectors.get(request.user, pk)
    rollbacks.require_rollback_permission(user_of(request))
    if request.method == "GET":
        context = _context(execution, RollbackForm())
        return render(request, "automation/execution_rollback.html", context)
    form = RollbackForm(request.POST)
    if form.is_valid():
        try:
            require_name_typed(request, execution.server)
            rollbacks.roll_back(
                actor=user_of(request),
                execution=execution,
                reason=form.cleaned_data["reason"],
                is_confirmed=True,
            )
        except (NotFound, NotPermitted):
            raise
        except Problem as problem:
            form.add_error(None, problem.message)
        else:
            return go_to(request, "automation:execution_detail", pk=pk)
    return form_invalid(
        request,
        page="automation/execution_rollback.html",
        partial="automation/partials/_rollback_form.html",
        context=_context(execution, form),
    )


def _context(execution: Execution, form: RollbackForm) -> dict[str, Any]:
    later = Execution.objects.filter(
        server=execution.server,
        changes=True,
        is_dry_run=False,
        queued_at__gt=execution.queued_at,
        started_at__isnull=False,
    ).select_related("runbook")
    return {
        "execution": execution,
        "sentence": monitor.sentence(execution),
        "plan": rollbacks.plan(execution),
        "form": form,
        "later": list(later.order_by("-queued_at")[:5]),
    }
