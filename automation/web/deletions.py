"""The page on which an execution is deleted, after it said what goes."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from automation.selectors import executions as selectors
from automation.selectors import monitor
from automation.services import deleting
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import go_to


@require_http_methods(["GET", "POST"])
def execution_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what would be deleted, or why it can't be now (GET); delete it (POST)."""
    execution = selectors.get(request.user, pk)
    user = user_of(request)
    deleting.require_permission(user, execution)
    said = monitor.sentence(execution)
    if request.method == "POST":
        deleting.delete(actor=user, execution=execution)
        messages.success(request, f"Deleted: {said}")
        return go_to(request, "automation:execution_list")
    context = {
        "execution": execution,
        "sentence": said,
        "why_not": deleting.why_not(execution),
        "log_rows": selectors.logs(execution).count(),
    }
    return render(request, "automation/execution_delete.html", context)
