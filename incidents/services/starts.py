"""Starting what a rule has planned for an incident: by itself, or by a person who takes it up."""

from typing import Any

from automation.models import CatalogEntry, Execution, Trigger, Workflow, WorkflowRun
from automation.services import conditions, executions, workflow_checks, workflow_runs
from automation.services.conditions import Check
from automation.services.executions import Launch
from automation.services.workflow_runs import WorkflowLaunch
from incidents.models import Incident, RemediationRule
from incidents.services.plans import Plan
from opsmanager.accounts.models import User
from servers.models import Server

Started = Execution | WorkflowRun


def checks(
    rule: RemediationRule, incident: Incident, plan: Plan, server: Server, *, owner: User
) -> list[Check]:
    """Return what must hold for each launch, as its owner: permissions, the cooldown and so on.

    In a transaction that holds the rule the answer is good until that ends.
    """
    if isinstance(plan.action, CatalogEntry):
        common = _common(rule, incident, actor=owner)
        return executions.checks(_launch(rule, plan, plan.action, server, common))
    return [
        *workflow_checks.checks(
            plan.action, plan.parameters, actor=owner, is_confirmed=rule.is_confirmed
        ),
        conditions.check("notInMaintenance", lambda: conditions.require_no_maintenance(server)),
    ]


def by_itself(
    rule: RemediationRule, incident: Incident, plan: Plan, server: Server, *, owner: User
) -> Started:
    """Start what the guards have let pass in this transaction: they asked all that it asks."""
    common = _common(rule, incident, actor=owner)
    if isinstance(plan.action, CatalogEntry):
        return executions.stored(_launch(rule, plan, plan.action, server, common))
    return workflow_runs.start(_workflow_launch(plan, plan.action, common))


def by_hand(
    rule: RemediationRule,
    incident: Incident,
    plan: Plan,
    server: Server,
    *,
    actor: User,
    idempotency_key: str | None,
) -> Started:
    """Start it for a person, under their own name; what has to be meant is meant.

    Raises the :class:`Problem` that says why not.
    """
    common = {
        **_common(rule, incident, actor=actor),
        "is_confirmed": True,
        "trigger": Trigger.MANUAL,
        "trigger_name": "",
        "idempotency_key": idempotency_key,
    }
    if isinstance(plan.action, CatalogEntry):
        return executions.launch(_launch(rule, plan, plan.action, server, common))
    return workflow_runs.start(_workflow_launch(plan, plan.action, common))


def wants_its_page(plan: Plan, server: Server, *, actor: User) -> bool:
    """Return whether a person starts it on its own page, which asks whether they mean it.

    A runbook in production: there they type the server's name. A workflow that is dangerous or
    acts in production.
    """
    if isinstance(plan.action, CatalogEntry):
        return server.is_production
    found = workflow_checks.checks(plan.action, plan.parameters, actor=actor, is_confirmed=False)
    return any(check.name == "confirmed" and not check.ok for check in found)


def _common(rule: RemediationRule, incident: Incident, *, actor: User) -> dict[str, Any]:
    return {
        "actor": actor,
        "is_confirmed": rule.is_confirmed,
        "incident_id": incident.pk,
        "reason": f"For the incident: {incident.title}",
        "trigger": Trigger.INCIDENT,
        "trigger_name": rule.name,
    }


def _launch(
    rule: RemediationRule, plan: Plan, runbook: CatalogEntry, server: Server, common: dict[str, Any]
) -> Launch:
    template = rule.template
    return Launch(
        **common,
        runbook=runbook,
        server=server,
        parameters=plan.parameters,
        template_id=template.pk if template else None,
        saved_secrets=template.secret_parameters if template else None,
    )


def _workflow_launch(plan: Plan, workflow: Workflow, common: dict[str, Any]) -> WorkflowLaunch:
    return WorkflowLaunch(**common, workflow=workflow, inputs=plan.parameters)
