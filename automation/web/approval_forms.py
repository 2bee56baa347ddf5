"""The forms of an approval: what a person says, and why."""

from django import forms

from automation.services.approval_rules import LEAST_REASON
from opsmanager.common.problems import Invalid

_LONGEST = 2000


class ApprovalForm(forms.Form):
    """What a person writes about an approval."""

    def refuse(self, problem: Invalid) -> None:
        """Show what the service says, each sentence beside its field."""
        for name, sentences in (problem.details or {"": [problem.message]}).items():
            for sentence in sentences:
                self.add_error(name if name in self.fields else None, sentence)


class VoteForm(ApprovalForm):
    """To approve, or to reject with a reason."""

    reason = forms.CharField(
        required=False,
        max_length=_LONGEST,
        help_text="Needed to reject: who asked reads it. Kept in the audit trail.",
        widget=forms.Textarea({"rows": 2}),
    )


class BypassForm(ApprovalForm):
    """To go on without approval."""

    reason = forms.CharField(
        min_length=LEAST_REASON,
        max_length=_LONGEST,
        label="Why can't it wait?",
        help_text="Others are told at once and review it later",
        error_messages={
            "required": "Say why it can't wait.",
            "min_length": f"Say in at least {LEAST_REASON} characters why it can't wait.",
        },
        widget=forms.Textarea({"rows": 2}),
    )


class ReviewForm(ApprovalForm):
    """What somebody else makes of it."""

    note = forms.CharField(
        max_length=_LONGEST,
        label="What do you make of it?",
        help_text="Whether it was right to go on, and what follows from it",
        error_messages={"required": "Say what you make of it: was it right to go on?"},
        widget=forms.Textarea({"rows": 2}),
    )
