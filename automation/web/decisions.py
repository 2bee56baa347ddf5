"""Deciding on the monitor how an UNKNOWN execution ended."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from automation.models import Execution
from automation.selectors import executions as selectors
from automation.services import decisions, retrying
from automation.services.decisions import Decision
from automation.web import log, monitor
from automation.web.confirmation import require_name_typed
from automation.web.decision_form import DecisionForm
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import form_invalid, go_to
from opsmanager.common.problems import Invalid, NotFound, NotPermitted, Problem


@require_POST
def execution_decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Settle an UNKNOWN execution; show it, or the new one when it is run again."""
    execution = selectors.get(request.user, pk)
    retrying.require_retry_permission(user_of(request))
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            decided = _decide(request, execution, form)
        except (NotFound, NotPermitted):
            raise
        except Invalid as problem:
            form.refuse(problem.details or {"": [problem.message]})
        except Problem as problem:
            form.add_error(None, problem.message)
        else:
            return go_to(request, "automation:execution_detail", pk=decided.pk)
    execution = selectors.get(request.user, pk)
    return form_invalid(
        request,
        page="automation/execution_detail.html",
        partial="automation/partials/_decision_form.html",
        context={
            **log.context(execution, after=0),
            **monitor.state(request, execution, decision=form),
        },
    )


def _decide(request: HttpRequest, execution: Execution, form: DecisionForm) -> Execution:
    outcome = Decision(form.cleaned_data["outcome"])
    if outcome is Decision.RUN_AGAIN:
        require_name_typed(request, execution.server)
    return decisions.decide(
        actor=user_of(request),
        execution=execution,
        outcome=outcome,
        reason=form.cleaned_data["reason"],
        is_confirmed=True,
    )
