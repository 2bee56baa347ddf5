"""The page on which a workflow is made and changed, by its builder or as a text."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from automation.models import Workflow
from automation.selectors import workflows as selectors
from automation.services import workflow_texts, workflows
from automation.web.workflow_builder import SAVE, Builder
from automation.web.workflow_try import TryForm
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import form_invalid, go_to, is_fragment
from opsmanager.common.problems import Problem

_PAGE = "automation/workflow_form.html"
_PARTIAL = "automation/partials/_workflow_builder.html"


@require_http_methods(["GET", "POST"])
def workflow_new(request: HttpRequest) -> HttpResponse:
    """Make a workflow."""
    workflows.require_managing(request.user)
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def workflow_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a workflow."""
    workflow = selectors.get(request.user, pk)
    workflows.require_managing(request.user)
    return _edit(request, workflow)


def _edit(request: HttpRequest, workflow: Workflow | None) -> HttpResponse:
    user = user_of(request)
    context: dict[str, Any] = {
        "workflow": workflow,
        "version": workflow.version if workflow else "",
    }
    if request.method == "GET":
        before = workflows.definition_of(workflow) if workflow else None
        context |= {"builder": Builder.of(user, before), "try_form": TryForm(user=user)}
        return render(request, _PAGE, context)
    file = request.FILES.get("file")
    builder = Builder.sent(
        user, request.POST.dict(), file if isinstance(file, UploadedFile) else None
    )
    # The version on which the work began, also after somebody else has saved another.
    seen = request.POST.get("version", "")
    context |= {"builder": builder, "version": seen, "try_form": TryForm(user=user)}
    if builder.act == SAVE and builder.is_ready:
        try:
            saved = workflows.save(
                actor=user,
                definition=workflow_texts.read(builder.text),
                workflow=workflow,
                seen_version=_number(seen) if workflow else None,
            )
        except Problem as problem:
            builder.refuse(problem)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return go_to(request, "automation:workflow_detail", pk=saved.pk)
    if not builder.is_ready:
        return form_invalid(request, page=_PAGE, partial=_PARTIAL, context=context)
    return render(request, _PARTIAL if is_fragment(request) else _PAGE, context)


def _number(text: str) -> int | None:
    return int(text[:9]) if text.isascii() and text.isdecimal() else None
