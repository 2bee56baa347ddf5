"""Why each rule did or did not act on an incident: its conditions and guards, as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from automation.models import CatalogEntry
from incidents import matching
from incidents.matching import Condition
from incidents.models import Incident, RemediationRule, RuleDecision, RuleMode
from incidents.selectors import decisions, rules
from incidents.services import guards, plans, starts
from incidents.services.plans import Plan
from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from servers.models import Server
from servers.selectors import groups as server_groups


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What one rule says of one incident."""

    rule: RemediationRule
    fits: bool
    conditions: Sequence[Condition]
    """What it asks of the incident, and where it fits an open one, its guards."""
    message: str
    """In a sentence, what follows from them."""
    decision: RuleDecision | None
    """What it decided last."""
    server: Server | None = None
    """Where it would run now."""
    plan: Plan | None = None
    """What it would run."""
    url: str = ""
    """The page that starts it, with everything filled in, where it suggests it."""
    wants_its_page: bool = False
    """Whether it is started there, where somebody has to mean it."""

    @property
    def is_suggested(self) -> bool:
        """Whether a person may start now what it suggests."""
        return bool(self.url)

    @property
    def breaker(self) -> bool:
        """Whether it was stopped for the server, and waits to be re-armed."""
        return any(each.name == "breakerClosed" for each in self.failing)

    @property
    def failing(self) -> list[Condition]:
        """What does not hold."""
        return [condition for condition in self.conditions if not condition.holds]


def why(user: permissions.Actor, incident: Incident) -> list[Reason]:
    """Return what each rule that the user may see says, those that fit first."""
    latest: dict[object, RuleDecision] = {}
    for row in decisions.of_incident(user, incident):
        latest.setdefault(row.rule_id, row)
    groups = set(server_groups.keys_of(incident.server))
    found = []
    for rule in rules.visible_to(user):
        asked = matching.conditions(rule, incident, groups)
        if all(condition.holds for condition in asked):
            found.append(_fitting(user, rule, incident, asked, latest.get(rule.pk)))
        else:
            found.append(
                Reason(
                    rule=rule,
                    fits=False,
                    conditions=asked,
                    message=" ".join(c.message for c in asked if not c.holds),
                    decision=latest.get(rule.pk),
                )
            )
    return sorted(found, key=lambda reason: not reason.fits)


def _fitting(
    user: permissions.Actor,
    rule: RemediationRule,
    incident: Incident,
    asked: list[Condition],
    decision: RuleDecision | None,
) -> Reason:
    plan = plans.plan(rule, incident)
    weighed = guards.weigh(rule, incident, plan) if incident.is_open else []
    url = _page(rule, incident, plan)
    return Reason(
        rule=rule,
        fits=True,
        conditions=[*asked, *weighed],
        message=_sentence(rule, incident, guards.failing(weighed)),
        decision=decision,
        server=plan.server,
        plan=plan,
        url=url,
        wants_its_page=bool(url)
        and plan.server is not None
        and isinstance(user, User)
        and starts.wants_its_page(plan, plan.server, actor=user),
    )


def _page(rule: RemediationRule, incident: Incident, plan: Plan) -> str:
    if (
        plan.server is None
        or plan.no_parameters
        or rule.mode != RuleMode.SUGGEST
        or not incident.is_open
    ):
        return ""
    if isinstance(plan.action, CatalogEntry):
        page = reverse("automation:runbook_detail", args=[plan.action.runbook_id])
        query = {**plan.parameters, "server": plan.server.pk}
    else:
        page = reverse("automation:workflow_run_start", args=[plan.action.pk])
        query = {f"input-{name}": value for name, value in plan.parameters.items()}
    return f"{page}?{urlencode({**query, 'incident': incident.pk}, doseq=True)}"


def _sentence(rule: RemediationRule, incident: Incident, failing: Sequence[Condition]) -> str:
    if not incident.is_open:
        return "It fits. The incident is resolved, so it does nothing."
    if rule.mode == RuleMode.OFF:
        return "It fits, and is switched off."
    held = " ".join(condition.message for condition in failing)
    if rule.mode == RuleMode.SUGGEST:
        return f"It fits, and suggests it. {held}".strip()
    if rule.mode == RuleMode.SHADOW:
        return f"It fits, and only records what it would do. {held}".strip()
    return f"It fits, and is held back: {held}" if held else "It fits, and nothing holds it back."
