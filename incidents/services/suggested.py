"""Starting what a rule suggests: a person does it, under their own name and permissions."""

from django.db import transaction

from automation.models import Execution
from automation.services import executions
from incidents import matching
from incidents.models import DecisionOutcome, Incident, RemediationRule, RuleDecision, RuleMode
from incidents.services import incidents, plans
from opsmanager.accounts.models import User
from opsmanager.common.problems import InvalidState, Problem
from servers.selectors import groups as server_groups


def start(
    *,
    actor: User,
    rule: RemediationRule,
    incident: Incident,
    idempotency_key: str | None = None,
) -> Execution:
    """Run what the rule suggests for the incident. Raises a :class:`Problem` that says why not.

    What comes of it is noted at the suggestion, as of what the rule starts itself.
    """
    groups = set(server_groups.keys_of(incident.server))
    fits = all(each.holds for each in matching.conditions(rule, incident, groups))
    if not fits or rule.mode != RuleMode.SUGGEST or not incident.is_open:
        raise InvalidState("The rule no longer suggests this. Open the runbook from the library.")
    plan = plans.plan(rule, incident)
    if plan.server is None or plan.no_parameters:
        raise Problem(plan.no_server or plan.no_parameters)
    if plan.server.is_production:
        raise Problem(
            f"{plan.server.name} is a production server: run it from the runbook's page, where "
            "you confirm the server by its name."
        )
    asked = plans.launch_for(
        rule,
        incident,
        plan,
        plan.server,
        actor=actor,
        by_hand=True,
        idempotency_key=idempotency_key,
    )
    with transaction.atomic():
        execution = executions.launch(asked)
        rows = RuleDecision.objects.select_for_update().filter(
            rule=rule, incident=incident, outcome=DecisionOutcome.SUGGESTED
        )
        suggestion = rows.order_by("-at").first()
        if suggestion is not None and suggestion.execution_id is None:
            suggestion.execution = execution
            suggestion.save(update_fields=["execution"])
            incidents.write(
                incident,
                "RULE",
                f"What the rule {rule.name} suggests was started.",
                actor=actor,
                execution=execution,
            )
    return execution
