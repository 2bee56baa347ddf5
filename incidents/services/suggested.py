"""Starting what a rule suggests: a person does it, under their own name and permissions."""

from django.db import transaction

from automation.models import CatalogEntry
from incidents import matching
from incidents.models import DecisionOutcome, Incident, RemediationRule, RuleDecision, RuleMode
from incidents.services import incidents, plans, starts
from incidents.services.plans import Plan
from incidents.services.starts import Started
from opsmanager.accounts.models import User
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import InvalidState, Problem
from servers.models import Server
from servers.selectors import groups as server_groups


def start(
    *,
    actor: User,
    rule: RemediationRule,
    incident: Incident,
    idempotency_key: str | None = None,
) -> Started:
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
    if starts.wants_its_page(plan, plan.server, actor=actor):
        raise Problem(_to_be_meant(plan, plan.server))
    with transaction.atomic():
        started = starts.by_hand(
            rule, incident, plan, plan.server, actor=actor, idempotency_key=idempotency_key
        )
        rows = RuleDecision.objects.select_for_update().filter(
            rule=rule, incident=incident, outcome=DecisionOutcome.SUGGESTED
        )
        last = rows.order_by("-at").first()
        if last is None or not last.began(started):
            # A person may have been quicker than whoever asks the rules.
            suggestion = last if last and not last.has_begun else _suggestion(rule, incident, plan)
            suggestion.take(started)
            suggestion.save()
            incidents.write(
                incident,
                "RULE",
                f"What the rule {rule.name} suggests was started.",
                actor=actor,
                execution=suggestion.execution,
                workflow_run=suggestion.workflow_run,
            )
    return started


def _suggestion(rule: RemediationRule, incident: Incident, plan: Plan) -> RuleDecision:
    return RuleDecision(
        rule=rule,
        incident=incident,
        server=plan.server,
        outcome=DecisionOutcome.SUGGESTED,
        message=secrets_in_use.masked(plans.decided(rule, plan, DecisionOutcome.SUGGESTED)),
        parameters=secrets_in_use.redactor().value(plan.parameters),
    )


def _to_be_meant(plan: Plan, server: Server) -> str:
    if isinstance(plan.action, CatalogEntry):
        return (
            f"{server.name} is a production server: run it from the runbook's page, where "
            "you confirm the server by its name."
        )
    return (
        f"The workflow {plan.action.name} is dangerous or acts in production: start it from its "
        "own page, where you say that you mean it."
    )
