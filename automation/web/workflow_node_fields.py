"""The fields of a node in the builder of workflows, of whatever kind."""

from typing import Final

from django import forms

from automation.workflows import Join, OnFailure

KINDS: Final = {
    "runbook": "Run a runbook",
    "template": "Run a template",
    "wait": "Wait some time",
    "approval": "Ask for an approval",
    "note": "Write a note",
}
SEVERAL: Final = "several"
"""The place that stands for the servers that are named one a line."""
OWN: Final = {
    "runbook": ("runbook", "where", "servers", "parameters", "is_dry_run"),
    "template": ("template", "where", "servers", "parameters", "is_dry_run"),
    "wait": ("seconds",),
    "approval": ("approvals", "expires_after", "message"),
    "note": ("text",),
}
"""The fields of each kind, in order."""
FURTHER: Final = ("key", "join", "on_failure")
"""Those that few need."""
SPREAD: Final = ("max_parallel", "stop_after_failures")
"""Those that few need where it runs something."""


class NodeFields(forms.Form):
    """All of them; a form keeps those of its kind."""

    prefix = "node"

    kind = forms.ChoiceField(choices=list(KINDS.items()), widget=forms.HiddenInput)
    was = forms.CharField(required=False, widget=forms.HiddenInput)
    """The key of the node that is changed; empty for a new one."""
    title = forms.CharField(
        required=False, max_length=200, help_text="What people read, such as “Look at the disks”"
    )
    runbook = forms.ChoiceField(required=False)
    template = forms.ChoiceField(required=False)
    where = forms.ChoiceField(required=False, label="Where")
    servers = forms.CharField(
        required=False,
        label="Several servers",
        strip=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="One a line; it runs on each by itself",
    )
    max_parallel = forms.IntegerField(
        required=False, label="At once", help_text="On several servers: how many at a time at most"
    )
    stop_after_failures = forms.IntegerField(
        required=False,
        label="Stop after failures",
        help_text="On several servers: the rest is left out once so many have failed",
    )
    parameters = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 5, "spellcheck": "false", "autocapitalize": "off"}),
        help_text="One a line, such as minSizeMb: 100; a value may be “{{ inputs.name }}”",
    )
    is_dry_run = forms.BooleanField(
        required=False, label="Dry run: show what it would change, and change nothing"
    )
    seconds = forms.IntegerField(required=False, label="Seconds")
    approvals = forms.IntegerField(
        required=False, label="Approvals", help_text="How many different people must approve"
    )
    expires_after = forms.IntegerField(
        required=False,
        label="Expires after",
        help_text="In seconds: without enough approvals by then it has failed; a day without it",
    )
    message = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="What is asked",
    )
    text = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="May name results, such as “{{ results.check.summary }}”",
    )
    key = forms.CharField(
        required=False,
        max_length=50,
        widget=forms.TextInput({"autocapitalize": "off", "spellcheck": "false"}),
        help_text="By which conditions name it, such as clean_up; empty makes one of the title",
    )
    join = forms.ChoiceField(
        choices=[
            (Join.ALL.value, "Once it is known of all of them"),
            (Join.ANY.value, "As soon as one fits"),
        ],
        label="It starts",
        help_text="Where it comes after several",
    )
    on_failure = forms.ChoiceField(
        choices=[
            (OnFailure.STOP.value, "Stop the workflow, unless something follows that"),
            (OnFailure.CONTINUE.value, "Go on"),
        ],
        label="When it fails",
    )
