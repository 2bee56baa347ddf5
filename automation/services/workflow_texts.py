"""Workflows as they are sent: read, judged, and refused with a sentence for each place."""

from collections.abc import Iterable
from typing import Any, Final

from automation import workflows
from automation.services.workflow_library import UsersLibrary
from automation.workflows import (
    Definition,
    DefinitionInvalid,
    Finding,
    Form,
    TextUnreadable,
    WorkflowError,
)
from opsmanager.accounts.models import User
from opsmanager.common.problems import Invalid

WHOLE: Final = "definition"
"""The place, in the details of a refusal, of what is wrong with the whole."""


def read(raw: Any) -> Definition:
    """Return the workflow that JSON or, where it is a text, YAML says; not yet judged.

    Raises :class:`Invalid` with all that can't be read, by place.
    """
    try:
        return loaded(raw)
    except WorkflowError as problem:
        raise refusal(findings_of(problem)) from problem


def loaded(raw: Any) -> Definition:
    """Return the same as :func:`read`. Raises :class:`WorkflowError`."""
    return workflows.load(raw, Form.YAML) if isinstance(raw, str) else workflows.parsed(raw)


def findings_of(problem: WorkflowError) -> list[Finding]:
    """Return what could not be read, as one would say what is wrong with a workflow."""
    if isinstance(problem, DefinitionInvalid):
        return problem.findings
    return [Finding(place="", sentence=str(problem))]


def judged(user: User, raw: Any) -> tuple[Definition | None, list[Finding]]:
    """Return the workflow that JSON or YAML says, as far as it can be read, and what is wrong.

    Runbooks, templates, servers and groups are those that the user may see.
    """
    try:
        definition = loaded(raw)
    except (DefinitionInvalid, TextUnreadable) as problem:
        return None, findings_of(problem)
    return definition, workflows.check(definition, UsersLibrary(user))


def require_sound(user: User, definition: Definition) -> None:
    """Raise :class:`Invalid` with all that is wrong with a workflow, by place."""
    findings = workflows.check(definition, UsersLibrary(user))
    if findings:
        raise refusal(findings)


def refusal(findings: Iterable[Finding]) -> Invalid:
    """Return the problem that says all of these."""
    details: dict[str, list[str]] = {}
    for finding in findings:
        details.setdefault(finding.place or WHOLE, []).append(finding.sentence)
    first, sentences = next(iter(details.items()))
    count = sum(map(len, details.values()))
    more = f" There {'is 1 more' if count == 2 else f'are {count - 1} more'}." if count > 1 else ""
    said = f"{sentences[0]}" if first == WHOLE else f"{first}: {sentences[0]}"
    return Invalid(f"The workflow can't be used. {said}{more}", details=details)
