"""The page that says what the command guard thinks of a command; nothing is sent or kept."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from automation.engine.guard import Decision, weigh
from opsmanager.accounts import permissions, roles
from opsmanager.common.htmx import form_invalid, is_fragment

_PAGE = "automation/guard.html"
_PARTIAL = "automation/partials/_guard_try.html"


class GuardForm(forms.Form):
    """A command, and whether it is announced as one that only reads."""

    command = forms.CharField(
        # Longer ones the guard itself refuses, and says so.
        max_length=100_000,
        strip=False,
        label="Command",
        help_text="As the server's shell gets it. It is only weighed: nothing is sent or kept.",
        widget=forms.Textarea(
            attrs={"rows": 5, "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}
        ),
    )
    reading = forms.BooleanField(
        required=False,
        label="A reading command",
        help_text="One announced as changing nothing is refused when it changes something.",
    )


@require_http_methods(["GET", "POST"])
def guard(request: HttpRequest) -> HttpResponse:
    """Show the form; answer it with the guard's decision."""
    permissions.require(
        request.user, roles.VIEW_RUNBOOKS, "Trying a command is for those who may view runbooks."
    )
    form = GuardForm(request.POST) if request.method == "POST" else GuardForm()
    if not form.is_bound:
        return render(request, _PAGE, {"form": form})
    if not form.is_valid():
        return form_invalid(request, page=_PAGE, partial=_PARTIAL, context={"form": form})
    # A form sends line ends as CRLF, which a shell would take for something else.
    text = form.cleaned_data["command"].replace("\r\n", "\n")
    decision = weigh(text, not form.cleaned_data["reading"])
    context = {"form": form, "decision": decision, **_marked(text, decision)}
    return render(request, _PARTIAL if is_fragment(request) else _PAGE, context)


def _marked(text: str, decision: Decision) -> dict[str, str]:
    """Return the command in three pieces, the middle one what gave offence, if it stands there."""
    before, part, after = text.partition(decision.part) if decision.part else (text, "", "")
    return {"before": before, "part": part, "after": after}
