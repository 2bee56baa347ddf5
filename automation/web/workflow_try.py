"""Trying an expression of a workflow on its page; nothing is kept."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from automation import workflows
from automation.selectors import workflow_runs as selectors
from automation.services import workflow_tryout
from automation.workflows import TextUnreadable
from automation.workflows.expressions import LONGEST
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import Problem
from opsmanager.common.templatetags.times import moment

_PARTIAL = "automation/partials/_workflow_try.html"
_LONGEST_KNOWN = 100_000
_LATELY = 20
"""Runs that are offered."""


class TryForm(forms.Form):
    """An expression, with what it may name."""

    prefix = "try"

    expression = forms.CharField(
        max_length=LONGEST,
        strip=False,
        widget=forms.TextInput({"autocapitalize": "off", "spellcheck": "false"}),
        help_text="Such as results.check.result.fullestDiskPercent > 80, or a text with {{ … }}",
    )
    run = forms.ChoiceField(
        required=False,
        label="An earlier run",
        help_text="Its inputs and results count, as far as none are given below",
    )
    inputs = forms.CharField(
        required=False,
        strip=False,
        max_length=_LONGEST_KNOWN,
        widget=forms.Textarea({"rows": 2, "spellcheck": "false"}),
        help_text="One a line, such as server: web-1",
    )
    results = forms.CharField(
        required=False,
        strip=False,
        max_length=_LONGEST_KNOWN,
        widget=forms.Textarea({"rows": 5, "spellcheck": "false"}),
        help_text="By the keys of nodes, in YAML or JSON: what an execution shows as its result",
    )

    def __init__(self, *args: Any, user: permissions.Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lately = selectors.visible_to(user)[:_LATELY]
        choices = [(str(run.pk), f"{run.name}, {moment(run.started_at)}") for run in lately]
        field = self.fields["run"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "None"), *choices]

    def clean_inputs(self) -> dict[str, Any]:
        """Return them as an object."""
        return _object(self.cleaned_data["inputs"])

    def clean_results(self) -> dict[str, Any]:
        """Return them as an object."""
        return _object(self.cleaned_data["results"])


@require_POST
def workflow_try(request: HttpRequest) -> HttpResponse:
    """Say what an expression gives, or why it gives nothing."""
    permissions.require_view(request.user, roles.VIEW_WORKFLOWS)
    form = TryForm(request.POST, user=request.user)
    context: dict[str, Any] = {"try_form": form}
    if form.is_valid():
        values = form.cleaned_data
        text = values["expression"]
        name = "template" if "{{" in text else "expression"
        try:
            run = selectors.get(request.user, values["run"]) if values["run"] else None
            tried = workflow_tryout.tried(
                **{name: text}, inputs=values["inputs"], results=values["results"], run=run
            )
        except Problem as problem:
            form.add_error("expression", problem.shown)
        else:
            shown = json.dumps(tried.value, indent=2, ensure_ascii=False)
            context |= {"value": shown, "kind": tried.kind}
    return render(request, _PARTIAL, context, status=422 if form.errors else 200)


def _object(text: str) -> dict[str, Any]:
    try:
        found = workflows.load_value(text)
    except TextUnreadable as problem:
        raise ValidationError(str(problem)) from None
    if not isinstance(found, dict | None):
        raise ValidationError("Write names with their values, such as server: web-1.")
    return found or {}
