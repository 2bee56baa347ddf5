"""The form of a rule: its conditions and parameters as lines that a person reads and writes."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django import forms

from automation.models import CatalogEntry, Template, Workflow
from incidents.models import RemediationRule, Severity
from opsmanager.common.problems import Problem
from servers.models import ServerGroup

CONDITIONS: Final = ("sources", "severities", "labels", "title", "server_group")
"""The fields that say which incidents it is for."""
ACTION: Final = ("runbook", "template", "workflow", "parameters", "server_template")
"""The fields that say what it starts."""
_LINES: Final = {"rows": 4, "spellcheck": "false", "autocomplete": "off"}
_WIRE: Final = {
    "runbookId": "runbook",
    "templateId": "template",
    "workflowId": "workflow",
    "serverGroupId": "server_group",
    "serverTemplate": "server_template",
    "perHour": "per_hour",
    "atOnce": "at_once",
    "groupLimit": "group_limit",
    "groupPercent": "group_percent",
    "breakerAfter": "breaker_after",
    "retryMinutes": "retry_minutes",
}


def _number(least: int, most: int, label: str, help_text: str, unit: str, **options: Any) -> Any:
    return forms.IntegerField(
        min_value=least,
        max_value=most,
        label=label,
        help_text=help_text,
        widget=forms.NumberInput({"data-unit": unit}),
        **options,
    )


class _RunbookField(forms.ModelChoiceField[CatalogEntry]):
    """A runbook by its title."""

    def label_from_instance(self, obj: CatalogEntry) -> str:
        """Return its title."""
        return obj.title


class RuleForm(forms.Form):
    """A rule, but for its mode."""

    name = forms.CharField(max_length=100, help_text="As the timeline and the audit trail call it")
    description = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea({"rows": 2}),
        help_text="Why it is there, for who meets it at night",
    )
    rank = forms.IntegerField(
        min_value=0,
        max_value=32767,
        initial=100,
        help_text="Rules are asked from low to high; the first that starts something ends it",
    )
    sources = forms.CharField(
        required=False,
        max_length=1000,
        help_text="Names of sources with commas, such as prometheus, manual; empty for all",
    )
    severities = forms.MultipleChoiceField(
        required=False,
        choices=Severity.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked stands for all",
    )
    labels = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(_LINES),
        help_text="One a line: alertname = DiskFull, or name = *.service; * stands for any text",
    )
    title = forms.CharField(
        required=False,
        max_length=300,
        label="Title of the incident",
        help_text="The whole title, * standing for any text, such as *is down*; capitals don't "
        "matter",
    )
    server_group = forms.ModelChoiceField(
        ServerGroup.objects.all(),
        required=False,
        empty_label="Any server",
        help_text="The incident's server must be of this group",
    )
    runbook = _RunbookField(
        CatalogEntry.objects.none(),
        required=False,
        empty_label="None: a template or workflow",
        help_text="What is started",
    )
    template = forms.ModelChoiceField(
        Template.objects.all(),
        required=False,
        empty_label="None: a runbook or workflow",
        help_text="Saved parameters, in place of a runbook; those below are laid over them",
    )
    workflow = forms.ModelChoiceField(
        Workflow.objects.none(),
        required=False,
        empty_label="None: a runbook or template",
        help_text="Several runbooks, in place of one; the parameters are its inputs, such as "
        "server = {{ server.name }}",
    )
    parameters = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(_LINES),
        help_text="One a line: serviceName = {{ labels.name }}. What stands in {{ }} comes from "
        'the incident: labels, title, severity, source, server.name; | before(":") and | after(":")'
        ' cut, | default("nginx") helps out',
    )
    server_template = forms.CharField(
        required=False,
        max_length=300,
        label="Server",
        help_text="Empty for the incident's own; else its name or alias, such as "
        '{{ labels.instance | before(":") }}',
    )
    per_hour = _number(1, 10_000, "At most", "More than that wait", "an hour", initial=6)
    at_once = _number(1, 10_000, "At once", "More than that wait", "at once", initial=1)
    group_limit = _number(
        1, 10_000, "Of a group", "Empty for no limit", "servers at once", required=False
    )
    group_percent = _number(
        1, 100, "Part of a group", "Empty for no limit; one is always allowed", "%", required=False
    )
    breaker_after = _number(
        1, 100, "Stop after", "In a row, on one server, that did not fix it", "runs", initial=3
    )
    retry_minutes = _number(
        0, 1440, "Try again after", "0 for when the alert comes again", "min", initial=10
    )
    resolves = forms.BooleanField(
        required=False, initial=True, label="Resolve the incident once it is FIXED"
    )
    acts_while_flapping = forms.BooleanField(
        required=False, label="Act although the incident opens and resolves again and again"
    )

    def __init__(self, *args: Any, runbooks: Any, workflows: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, rows in {"runbook": runbooks, "workflow": workflows}.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    def clean_sources(self) -> list[str]:
        """Return the slugs."""
        return [word.strip() for word in self.cleaned_data["sources"].split(",") if word.strip()]

    def clean_labels(self) -> dict[str, str]:
        """Return the labels by name."""
        return dict(_pairs(self.cleaned_data["labels"]))

    def clean_parameters(self) -> dict[str, Any]:
        """Return the parameters by name; a list or an object is JSON."""
        return {name: _value(text) for name, text in _pairs(self.cleaned_data["parameters"])}

    def take(self, problem: Problem) -> None:
        """Show what the service refused, each sentence at its field."""
        placed = False
        for name, sentences in problem.details.items():
            field = _WIRE.get(name, name)
            if field in self.fields and isinstance(sentences, list):
                for sentence in sentences:
                    self.add_error(field, str(sentence))
                placed = True
        if not placed:
            self.add_error(None, problem.message)


def initial_of(rule: RemediationRule) -> dict[str, Any]:
    """Return what the form of a rule begins with."""
    plain = {
        name: getattr(rule, name)
        for name in RuleForm.base_fields
        if name not in ("sources", "labels", "parameters")
    }
    return {
        **plain,
        "sources": ", ".join(rule.sources),
        "labels": lines(rule.labels),
        "parameters": lines(rule.parameters),
    }


def lines(values: Mapping[str, Any]) -> str:
    """Return values by name as lines that the form reads."""
    return "\n".join(f"{name} = {_written(value)}" for name, value in values.items())


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _pairs(text: str) -> list[tuple[str, str]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, mark, value = (part.strip() for part in line.partition("="))
        if not name or not mark:
            raise forms.ValidationError(f"Line {number} needs a name, = and a value.")
        found.append((name, value))
    return found


def _value(text: str) -> Any:
    if text.startswith(("[", "{")) and not text.startswith("{{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
