"""The page that says what the command guard thinks of a command; nothing is sent or kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from automation.engine.guard import Decision, Severity, weigh
from opsmanager.accounts import permissions, roles
from opsmanager.common.htmx import form_invalid, is_fragment

_PAGE = "automation/guard.html"
_PARTIAL = "automation/partials/_guard_try.html"
_MOST_LINES: Final = 50
"""What is weighed at once; the parser takes some milliseconds for each."""


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
    by_line = forms.BooleanField(
        required=False,
        label="A command on each line",
        help_text="Weighs each line by itself. Else it is one text, such as a loop over lines.",
    )


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """One command with what the guard says of it."""

    text: str
    decision: Decision
    before: str
    part: str
    """What gave offence, where it stands in the text as it is written."""
    after: str

    @property
    def gravity(self) -> str:
        """What the severity means; empty for a command that may be sent."""
        severity = self.decision.severity
        return _GRAVITY[severity] if severity else ""


_GRAVITY: Final = {
    Severity.DENY: "It would destroy a machine, or open it to strangers.",
    Severity.HOLD: "It could lock everybody out, or take away what is hard to bring back.",
    Severity.OPAQUE: "Nobody can tell what would run.",
    Severity.READING: "It changes the server, though it was announced as reading.",
}

EXAMPLES: Final = (
    ("Remove a folder of one's own", "rm -rf /tmp/build"),
    ("Remove what the server needs", "ls /tmp && sudo rm -rf /etc"),
    ("Hidden in a loop", 'for d in /var /usr; do rm -r "$d"/*; done'),
    ("Run what the network says", "curl -s https://example.com/install.sh | sh"),
    ("Write over a disk", "dd if=/dev/zero of=/dev/sda bs=1M"),
    ("Lock everybody out", "systemctl stop ssh"),
)
"""Commands to try with one click: the title, and the command."""


@require_http_methods(["GET", "POST"])
def guard(request: HttpRequest) -> HttpResponse:
    """Show the form; answer it with the guard's decision."""
    permissions.require(
        request.user, roles.VIEW_RUNBOOKS, "Trying a command is for those who may view runbooks."
    )
    form = GuardForm(_asked(request))
    context: dict[str, object] = {"form": form, "examples": EXAMPLES}
    if not form.is_bound:
        return render(request, _PAGE, context)
    if not form.is_valid():
        return form_invalid(request, page=_PAGE, partial=_PARTIAL, context=context)
    # A form sends line ends as CRLF, which a shell would take for something else.
    text = form.cleaned_data["command"].replace("\r\n", "\n")
    texts = [text]
    if form.cleaned_data["by_line"]:
        texts = [line for line in text.split("\n") if line.strip()]
    context["further"] = max(len(texts) - _MOST_LINES, 0)
    reading = form.cleaned_data["reading"]
    context["weighed"] = [_weighed(each, reading=reading) for each in texts[:_MOST_LINES]]
    return render(request, _PARTIAL if is_fragment(request) else _PAGE, context)


def _asked(request: HttpRequest) -> Mapping[str, str] | None:
    """Return what was sent, or the example that a link names; ``None`` for an empty form."""
    if request.method == "POST":
        return request.POST
    number = request.GET.get("example", "")
    if number.isascii() and number.isdigit() and int(number[:4]) < len(EXAMPLES):
        return {"command": EXAMPLES[int(number[:4])][1]}
    return None


def _weighed(text: str, *, reading: bool) -> Weighed:
    decision = weigh(text, not reading)
    part = decision.part
    before, part, after = text.partition(part) if part else (text, "", "")
    return Weighed(text=text, decision=decision, before=before, part=part, after=after)
