"""What may be written into a rule: checked when it is saved, each mistake at its field."""

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError

from automation import workflows
from automation.engine import params
from automation.engine.errors import ParametersInvalid
from automation.engine.runbook import Runbook
from automation.models import Workflow
from automation.selectors import runbooks
from automation.workflows import DefinitionInvalid
from incidents import parameters
from incidents.models import RemediationRule, Severity
from incidents.parameters import TemplateInvalid
from incidents.services.plans import runbook_of
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import Conflict, Invalid

FIELDS: Final = (
    "name",
    "description",
    "rank",
    "sources",
    "severities",
    "labels",
    "title",
    "server_group",
    "runbook",
    "template",
    "workflow",
    "parameters",
    "server_template",
    "per_hour",
    "at_once",
    "group_limit",
    "group_percent",
    "breaker_after",
    "retry_minutes",
    "resolves",
    "acts_while_flapping",
)
"""What a person writes of a rule; its mode is switched by itself."""
_WRITTEN: Final = ("name", "description", "title", "sources", "labels", "parameters")
_MOST_LABELS: Final = 50
_WIRE: Final = {
    "runbook": "runbookId",
    "template": "templateId",
    "workflow": "workflowId",
    "server_group": "serverGroupId",
}


def put(rule: RemediationRule, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write the fields into the rule, not saved, and return those that changed.

    Raises :class:`Invalid` with a list of sentences for each field that is wrong, by its name on
    the wire, :class:`Conflict` for a name that another rule has.
    """
    redactor = secrets_in_use.redactor()
    changed = {}
    for name in FIELDS:
        if name not in fields:
            continue
        value = redactor.value(fields[name]) if name in _WRITTEN else fields[name]
        if getattr(rule, name) != value:
            changed[name] = value
        setattr(rule, name, value)
    _check(rule)
    return changed


def _check(rule: RemediationRule) -> None:
    wrong: dict[str, list[str]] = {}
    _check_conditions(rule, wrong)
    if sum(each is not None for each in (rule.runbook, rule.template, rule.workflow)) != 1:
        wrong["runbookId"] = ["Choose a runbook, a template or a workflow, one of them."]
    else:
        _check_parameters(rule, wrong)
    try:
        parameters.check(rule.server_template)
    except TemplateInvalid as problem:
        wrong["serverTemplate"] = [str(problem)]
    is_taken = False
    try:
        rule.full_clean(exclude=["owner"], validate_constraints=False)
    except ValidationError as problem:
        for name, errors in problem.error_dict.items():
            is_taken = is_taken or any(error.code == "unique" for error in errors)
            texts = [text for error in errors for text in error.messages]
            wrong.setdefault(_wire(name), texts)
    if is_taken and set(wrong) == {"name"}:
        said = f"There is another rule called {rule.name}. Choose another name."
        raise Conflict(said, details={"name": [said]})
    if wrong:
        name, sentences = next(iter(wrong.items()))
        rest = f" See details for {len(wrong) - 1} more." if len(wrong) > 1 else ""
        raise Invalid(f"{name}: {sentences[0]}{rest}", details=wrong)


def _check_conditions(rule: RemediationRule, wrong: dict[str, list[str]]) -> None:
    unknown = [each for each in rule.severities if each not in Severity.values]
    if unknown:
        wrong["severities"] = [f"There is no severity {unknown[0]}."]
    labels = rule.labels
    if not isinstance(labels, dict) or not all(
        isinstance(text, str) and name for name, text in labels.items()
    ):
        wrong["labels"] = ["Give each label a name and the text that it must have."]
    elif len(labels) > _MOST_LABELS:
        wrong["labels"] = [f"Use at most {_MOST_LABELS} labels."]


def _check_parameters(rule: RemediationRule, wrong: dict[str, list[str]]) -> None:
    given = rule.parameters
    if not isinstance(given, dict):
        wrong["parameters"] = ["Give each parameter by its name."]
        return
    try:
        parameters.check(given)
    except TemplateInvalid as problem:
        wrong["parameters"] = [str(problem)]
        return
    if rule.workflow is not None:
        said = _mistakes_in_inputs(rule.workflow, given)
    else:
        said = _mistakes(rule, runbooks.code_of(runbook_of(rule)), given)
    if said:
        wrong["parameters"] = said


def _mistakes(rule: RemediationRule, kind: type[Runbook], given: dict[str, Any]) -> list[str]:
    """Return what is wrong with the parameters, those that an incident fills in left out."""
    secrets = {name for pair in params.secret_names(kind).items() for name in pair}
    hidden = sorted(secrets & given.keys())
    if hidden:
        return [f"{hidden[0]} is secret, and a rule is not. Save it in a template, and use that."]
    below = rule.template.parameters if rule.template else {}
    kept = rule.template.secret_parameters if rule.template else None
    try:
        params.parse(kind, {**below, **given}, kept=kept.names if kept else ())
    except ParametersInvalid as problem:
        open_ = {name for name, value in given.items() if parameters.has_template(value)}
        open_ |= {params.wire_name(name) for name in open_}
        return [
            f"{name}: {text}"
            for name, texts in problem.details.items()
            if name not in open_ and not (open_ and name == params.WHOLE)
            for text in texts
        ]
    return []


def _mistakes_in_inputs(workflow: Workflow, given: dict[str, Any]) -> list[str]:
    """Return what is wrong with the inputs, those that an incident fills in left out."""
    definition = workflows.parsed(workflow.definition)
    try:
        workflows.filled_in(definition, workflows.typed(definition, given))
    except DefinitionInvalid as problem:
        open_ = {name for name, value in given.items() if parameters.has_template(value)}
        names = [found.place.removeprefix("inputs.") for found in problem.findings]
        return [
            f"{name}: {found.sentence}"
            for name, found in zip(names, problem.findings, strict=True)
            if name not in open_ or name not in {wanted.name for wanted in definition.inputs}
        ]
    return []


def _wire(name: str) -> str:
    first, *rest = _WIRE.get(name, name).split("_")
    return first + "".join(word.capitalize() for word in rest)
