"""The form in which a person says how an UNKNOWN execution ended."""

from collections.abc import Mapping
from typing import Any

from django import forms

from automation.services.decisions import Decision


class DecisionForm(forms.Form):
    """What was seen on the server, and what follows from it."""

    outcome = forms.ChoiceField(
        choices=[
            (Decision.SUCCESS.value, "It succeeded"),
            (Decision.FAILED.value, "It failed"),
            (Decision.RUN_AGAIN.value, "Run it again"),
        ],
        error_messages={
            "required": "Say how it ended, or to run it again.",
            "invalid_choice": "Choose one of the three answers.",
        },
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        max_length=2000,
        label="What did you see on the server?",
        help_text="Kept with the execution and in the audit trail",
        error_messages={"required": "Say why: what did you see on the server?"},
        widget=forms.Textarea({"rows": 2}),
    )

    def refuse(self, details: Mapping[str, Any]) -> None:
        """Show what the service says, each sentence beside its field."""
        for name, sentences in details.items():
            for sentence in sentences if isinstance(sentences, list) else [str(sentences)]:
                self.add_error(name if name in self.fields else None, sentence)
