"""What must hold before a workflow starts, so that it does not stop half way for a slip."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from automation.models import Workflow
from automation.selectors import access, runbooks
from automation.services import conditions, workflow_places
from automation.services.conditions import Check
from automation.workflows import Definition, DefinitionInvalid, InputType, Run, filled_in, parsed
from opsmanager.accounts.models import User
from opsmanager.common.problems import (
    ConfirmationNeeded,
    Invalid,
    InvalidState,
    NotPermitted,
    Problem,
)
from opsmanager.common.sandbox import TemplateInvalid
from servers.models import Server


def inputs_of(definition: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every input. Raises :class:`Invalid` with what is wrong, by place."""
    try:
        return filled_in(definition, given)
    except DefinitionInvalid as problem:
        details: dict[str, list[str]] = {}
        for finding in problem.findings:
            details.setdefault(finding.place, []).append(finding.sentence)
        raise Invalid("Some inputs are missing or wrong.", details=details) from problem


@dataclass
class Risks:
    """What has to be meant."""

    dangerous: dict[str, None] = field(default_factory=dict)
    """The titles of runbooks."""
    production: dict[UUID, Server] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """Return a clause for each."""
        return [
            *(f"{title} is dangerous" for title in self.dangerous),
            *(f"{server.name} is a production server" for server in self.production.values()),
        ]


def checks(
    workflow: Workflow, given: Mapping[str, Any], *, actor: User, is_confirmed: bool
) -> list[Check]:
    """Return what must hold for what starts by itself and whether it does; nothing is started.

    As far as it is known before anything has run.
    """
    refused: NotPermitted | None = None
    wrong: Invalid | None = None
    risks = Risks()
    try:
        access.require_running(actor)
        definition = parsed(workflow.definition)
        risks = risks_of(definition, inputs_of(definition, given), actor=actor)
    except NotPermitted as found:
        refused = found
    except Invalid as found:
        wrong = said_whole(found)
    return [
        Check(name="permissions", ok=refused is None, problem=refused),
        conditions.check("workflowActive", lambda: require_active(workflow)),
        Check(name="parametersValid", ok=wrong is None, problem=wrong),
        conditions.check("confirmed", lambda: require_meant(risks, is_confirmed=is_confirmed)),
    ]


def said_whole(problem: Invalid) -> Invalid:
    """Let its sentence say the details, too: of what runs by itself nobody sees more."""
    said = [f"{place}: {' '.join(all_)}" for place, all_ in problem.details.items()]
    problem.message = " ".join([problem.message, *said])
    return problem


def require_active(workflow: Workflow) -> None:
    """Raise :class:`InvalidState` for a workflow that somebody has switched off."""
    if not workflow.is_active:
        raise InvalidState(
            f"{workflow.name} is switched off. Somebody who may change workflows can switch it on.",
            code="WORKFLOW_INACTIVE",
        )


def require_runnable(
    definition: Definition,
    inputs: Mapping[str, Any],
    *,
    actor: User,
    is_confirmed: bool,
    only: Collection[str] | None = None,
) -> None:
    """Raise unless the actor may run all that its inputs and nodes name, and means it.

    ``only`` are the nodes that are still to run, where not all are. What depends on results is
    looked at once they are known. Raises what :func:`risks_of` does, and
    :class:`ConfirmationNeeded`.
    """
    require_meant(risks_of(definition, inputs, actor=actor, only=only), is_confirmed=is_confirmed)


def require_meant(found: Risks, *, is_confirmed: bool) -> None:
    """Raise :class:`ConfirmationNeeded` where there are risks and nobody has said so."""
    risks = found.sentences()
    if risks and not is_confirmed:
        raise ConfirmationNeeded(
            f"{' and '.join(risks)}: say that you mean it (confirm: true).",
            details={"confirm": [f"{risk}." for risk in risks]},
        )


def risks_of(
    definition: Definition,
    inputs: Mapping[str, Any],
    *,
    actor: User,
    only: Collection[str] | None = None,
) -> Risks:
    """Return what has to be meant, as far as it is known by now; ``only`` as above.

    Raises :class:`Invalid` for what is not there for the actor, :class:`NotPermitted` for what
    they may not run, both with what is wrong by node.
    """
    _require_places(definition, inputs, actor)
    wrong: dict[str, list[str]] = {}
    refused: dict[str, list[str]] = {}
    risks = Risks()
    for key, node in definition.nodes.items():
        if not isinstance(node, Run) or (only is not None and key not in only):
            continue
        try:
            _add_risks(risks, node, inputs, actor)
        except NotPermitted as problem:
            refused[f"nodes.{key}"] = [problem.message]
        except Problem as problem:
            wrong[f"nodes.{key}"] = [problem.message]
    if wrong:
        raise Invalid("The workflow can't run as it is.", details=wrong)
    if refused:
        first = next(iter(refused.values()))[0]
        raise NotPermitted(f"The workflow would stop half way. {first}", details=refused)
    return risks


def _require_places(definition: Definition, inputs: Mapping[str, Any], actor: User) -> None:
    """Raise :class:`Invalid` for inputs that name a server or group that is not there."""
    wrong: dict[str, list[str]] = {}
    for wanted in definition.inputs:
        value = inputs[wanted.name]
        try:
            if value is not None and wanted.type is InputType.SERVER:
                workflow_places.server(actor, value)
            elif value is not None and wanted.type is InputType.GROUP:
                workflow_places.group(actor, value)
        except Problem as problem:
            wrong[f"inputs.{wanted.name}"] = [problem.message]
    if wrong:
        raise Invalid("Some inputs name what is not there.", details=wrong)


def _add_risks(risks: Risks, node: Run, inputs: Mapping[str, Any], actor: User) -> None:
    """Add why a node wants to be meant. Raises the :class:`Problem` of what is not there."""
    template = workflow_places.template(actor, node.template) if node.template else None
    entry = template.runbook if template else workflow_places.runbook(actor, node.runbook or "")
    servers = _servers(node, inputs, actor)
    for server in servers:
        access.require_launch(actor, entry, runbooks.code_of(entry), server)
        conditions.require_compatible(entry, server)
    if node.is_dry_run:
        return
    if entry.dangerous:
        risks.dangerous[entry.title] = None
    risks.production |= {server.pk: server for server in servers if server.is_production}


def _servers(node: Run, inputs: Mapping[str, Any], actor: User) -> list[Server]:
    """Return where it runs, as far as that is known by now."""
    known = {"inputs": inputs, "results": {}}
    try:
        if node.for_each is None:
            return [workflow_places.server(actor, node.server or "", known)]
        return workflow_places.each(actor, node.for_each, known)
    except TemplateInvalid:
        return []
