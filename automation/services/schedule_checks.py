"""What is looked at before a schedule is stored, so that it is refused now and not at night."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automation import cron, workflows
from automation.engine import params
from automation.engine.runbook import Runbook
from automation.models import CatalogEntry, Schedule, SecretParameters, Workflow
from automation.selectors import access, runbooks
from automation.services import conditions, secret_parameters, starting, workflow_checks
from automation.services.starting import Wanted
from opsmanager.accounts.models import User
from opsmanager.common.problems import ConfirmationNeeded, Conflict, Invalid
from servers.models import Server

_LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A schedule's parameters as they are stored, and its expression in its normal form."""

    cron_expression: str
    parameters: dict[str, Any]
    """Those that were given, without the secret ones: a template's or a default may change."""
    runbook: CatalogEntry | None = None
    """``None`` for a workflow."""
    values: Runbook | None = None
    gives_secrets: bool = False

    def sealed(self, *, kept: SecretParameters | None) -> SecretParameters | None:
        """Return the secret parameters sealed: those given now, else those kept of this runbook."""
        if self.runbook is None or self.values is None:
            return None
        if self.gives_secrets:
            return secret_parameters.sealed(self.runbook, self.values, kept=None)
        return kept if kept is not None and kept.runbook_id == self.runbook.pk else None


def checked(row: Schedule, *, actor: User, parameters: Mapping[str, Any] | None) -> Checked:
    """Check a schedule that is not stored yet. Raises a :class:`Problem`."""
    expression = _require_fields(row)
    if row.workflow is not None:
        given = dict(row.parameters if parameters is None else parameters)
        inputs = _inputs(row.workflow, given, actor)
        return Checked(cron_expression=expression, parameters=inputs)
    what = starting.wanted(row)
    kind = runbooks.code_of(what.runbook)
    _require_place(what)
    if what.server is not None:
        access.require_launch(actor, what.runbook, kind, what.server)
    else:
        access.require_running(actor)
    given = dict(row.parameters if parameters is None else parameters)
    values, gives = _parsed(row, what, kind, given)
    names = {params.wire_name(name) if name in kind.model_fields else name for name in given}
    dumped = params.dump(values)
    return Checked(
        cron_expression=expression,
        runbook=what.runbook,
        values=values,
        parameters={name: value for name, value in dumped.items() if name in names},
        gives_secrets=gives,
    )


def require_confirmation(row: Schedule, *, actor: User) -> None:
    """Raise :class:`Invalid` for what is dangerous or in production, unconfirmed."""
    if row.is_dry_run:
        return
    if row.workflow is not None:
        _require_workflow_meant(row, row.workflow, actor)
        return
    what = starting.wanted(row)
    servers = [what.server] if what.server else []
    if what.group is not None:
        # One in production is as good as all of them.
        members = Server.objects.filter(groups=what.group, is_active=True)
        servers = sorted(members, key=lambda server: (not server.is_production, server.name))[:1]
    for server in servers:
        try:
            conditions.require_confirmation(what.runbook, server, is_confirmed=row.is_confirmed)
        except ConfirmationNeeded as problem:
            raise Invalid(problem.message, code=problem.code, details=problem.details) from problem


def _require_fields(row: Schedule) -> str:
    """Return the normal form of the expression; raise for all fields that are wrong at once."""
    wrong: dict[str, list[str]] = {}
    name = row.name.strip()
    if not 0 < len(name) <= _LONGEST_NAME:
        wrong["name"] = [f"Give it a name of at most {_LONGEST_NAME} characters."]
    expression = row.cron_expression
    try:
        expression = cron.normalised(row.cron_expression)
    except cron.CronInvalid as problem:
        wrong["cronExpression"] = [str(problem)]
    try:
        cron.zone(row.timezone)
    except cron.ZoneInvalid as problem:
        wrong["timezone"] = [str(problem)]
    if sum(each is not None for each in (row.runbook, row.template, row.workflow)) != 1:
        wrong["runbookId"] = ["Name a runbook or a template or a workflow, one of them."]
    if row.workflow is not None and (row.server is not None or row.server_group is not None):
        place = "serverId" if row.server is not None else "serverGroupId"
        wrong[place] = ["A workflow says itself where it runs. Name no server and no group."]
    if row.server is not None and row.server_group is not None:
        wrong["serverGroupId"] = ["Name a server or a group, one of them."]
    _raise(wrong)
    if Schedule.objects.filter(name=name).exclude(pk=row.pk).exists():
        said = f"There is a schedule {name} already. Choose another name."
        raise Conflict(said, details={"name": [said]})
    return expression


def _inputs(workflow: Workflow, given: Mapping[str, Any], actor: User) -> dict[str, Any]:
    """Return the inputs that were given, if the workflow could start with them now."""
    definition = workflows.parsed(workflow.definition)
    try:
        inputs = workflow_checks.inputs_of(definition, given)
        workflow_checks.risks_of(definition, inputs, actor=actor)
    except Invalid as problem:
        raise _of_parameters(problem) from problem
    return {name: value for name, value in given.items() if value is not None}


def _of_parameters(problem: Invalid) -> Invalid:
    """Return the problem with inputs called what they are of a schedule: its parameters."""
    details = {
        f"parameters.{place.removeprefix('inputs.')}"
        if place.startswith("inputs.")
        else place: said
        for place, said in problem.details.items()
    }
    return Invalid(problem.message, code=problem.code, details=details)


def _require_workflow_meant(row: Schedule, workflow: Workflow, actor: User) -> None:
    definition = workflows.parsed(workflow.definition)
    try:
        workflow_checks.require_runnable(
            definition,
            workflow_checks.inputs_of(definition, row.parameters),
            actor=actor,
            is_confirmed=row.is_confirmed,
        )
    except ConfirmationNeeded as problem:
        raise Invalid(problem.message, code=problem.code, details=problem.details) from problem


def _require_place(what: Wanted) -> None:
    if what.server is None and what.group is None:
        _raise({"serverId": ["Choose the server or the group on which it runs."]})
    if what.server is not None and what.server.platform not in what.runbook.platforms:
        said = (
            f"{what.runbook.title} is for {' and '.join(what.runbook.platforms)}; "
            f"{what.server.name} is {what.server.platform}. Choose another server."
        )
        _raise({"serverId": [said]})


def _parsed(
    row: Schedule, what: Wanted, kind: type[Runbook], given: Mapping[str, Any]
) -> tuple[Runbook, bool]:
    """Return the parameters, the template's included, and whether a secret is among the given."""
    secret = params.secret_names(kind)
    # An empty field of a form is no secret.
    gives = any(given.get(name) for pair in secret.items() for name in pair)
    kept = what.secrets if what.secrets and what.secrets.runbook_id == what.runbook.pk else None
    filled = {
        name: value
        for name, value in given.items()
        if value or not (name in secret or name in secret.values())
    }
    of_template = row.template.parameters if row.template else {}
    own = {params.wire_name(name) if name in kind.model_fields else name for name in filled}
    laid_over = {name: value for name, value in of_template.items() if name not in own}
    try:
        values = conditions.parsed(
            kind, {**laid_over, **filled}, kept=kept.names if kept and not gives else ()
        )
    except Invalid as problem:
        details = {f"parameters.{name}": said for name, said in problem.details.items()}
        details["parameters"] = [
            sentence if name == params.WHOLE else f"{name}: {sentence}"
            for name, said in problem.details.items()
            for sentence in said
        ]
        raise Invalid(problem.message, details=details) from problem
    return values, gives


def _raise(wrong: Mapping[str, list[str]]) -> None:
    if wrong:
        raise Invalid(
            " ".join(sentence for said in wrong.values() for sentence in said), details=wrong
        )
