"""Trying an expression of a workflow against inputs and results, before it is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automation import workflows
from automation.models import WorkflowRun
from automation.services.workflow_rows import Steps
from automation.workflows.filters import kind
from opsmanager.common.problems import Invalid
from opsmanager.common.sandbox import TemplateInvalid


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came out of an expression, and what people call such a value."""

    value: Any
    kind: str


def tried(
    *,
    expression: str | None = None,
    template: str | None = None,
    inputs: Mapping[str, Any],
    results: Mapping[str, Any],
    run: WorkflowRun | None = None,
) -> Tried:
    """Return what an expression, such as a condition, or a template gives. Nothing is kept.

    Of a ``run`` its inputs and results count, as far as no others are given. Raises
    :class:`Invalid` with the sentence why it gives nothing, and unless just one is given.
    """
    if (expression is None) == (template is None):
        said = "Give either an expression or a template."
        raise Invalid(said, details={"expression": [said]})
    earlier = Steps(run).state().results() if run else {}
    known = {
        "inputs": {**(run.inputs if run else {}), **inputs},
        "results": {**earlier, **results},
    }
    place = "template" if expression is None else "expression"
    try:
        if expression is not None:
            value = workflows.value_of(expression, known)
        else:
            value = workflows.filled(template, known)
    except TemplateInvalid as problem:
        raise Invalid(str(problem), details={place: [str(problem)]}) from problem
    return Tried(value=value, kind=kind(value))
