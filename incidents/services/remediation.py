"""Asking the remediation rules about an incident, and doing what they decide."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from incidents import matching
from incidents.matching import Condition
from incidents.models import (
    UNRESOLVED,
    DecisionOutcome,
    Incident,
    RemediationRule,
    RuleDecision,
    RuleMode,
)
from incidents.selectors import decisions, rules
from incidents.services import guards, incidents, plans, rule_messages, starts
from incidents.services.guards import Guard
from incidents.services.plans import Plan
from opsmanager.common import locks, secrets_in_use
from servers.selectors import groups as server_groups

log = structlog.get_logger(__name__)

_AT_A_TIME: Final = 200
_LEASE: Final = timedelta(minutes=1)
"""After how long an incident is looked at again whose worker was lost meanwhile."""
_OUTCOMES: Final = {
    RuleMode.AUTOMATIC: DecisionOutcome.STARTED,
    RuleMode.SUGGEST: DecisionOutcome.SUGGESTED,
    RuleMode.SHADOW: DecisionOutcome.SHADOW,
}
_FOR_A_SUGGESTION: Final = frozenset(
    {"notResolved", "serverFound", "parametersFilled", "parametersValid", "serverCompatibility"}
)
"""The guards that count before a person is asked: the rest is theirs to weigh."""


def consider(incident: Incident) -> list[RuleDecision]:
    """Ask the rules about an incident that was opened, seen again or is due to be looked at.

    In transactions of its own, one for each rule, after that of whoever calls: whatever a rule
    meets, the alert is kept. Does nothing for an incident that is resolved. Returns what was
    decided, anew or again.
    """
    asked = list(rules.asked().values_list("pk", flat=True))
    if not asked and incident.look_again_at is None:
        return []
    due = timezone.now() + _LEASE
    Incident.objects.filter(pk=incident.pk, status__in=UNRESOLVED).update(look_again_at=due)
    decided: list[RuleDecision] = []
    waits: list[timedelta] = []
    for pk in asked:
        try:
            answer = _ask(pk, incident.pk)
        except Exception:
            # One rule that can't be asked takes nothing away from the others.
            log.exception("rule not asked", rule=str(pk), incident=str(incident.pk))
            continue
        if answer.wait is not None:
            waits.append(answer.wait)
        if answer.decision is not None:
            decided.append(answer.decision)
            if answer.decision.outcome == DecisionOutcome.STARTED:
                break
    # Where somebody has asked for another look meanwhile, that stays.
    Incident.objects.filter(pk=incident.pk, look_again_at=due).update(
        look_again_at=Now() + min(waits) if waits else None
    )
    return decided


def look_again() -> int:
    """Ask the rules about the incidents that are due; returns how many those were."""
    due = Incident.objects.filter(look_again_at__lte=Now(), status__in=UNRESOLVED)
    count = 0
    for incident in due.order_by("look_again_at")[:_AT_A_TIME]:
        # Another worker, which began at another tick, may have come to it first.
        mine = Incident.objects.filter(pk=incident.pk, look_again_at=incident.look_again_at)
        if mine.update(look_again_at=timezone.now() + _LEASE):
            consider(incident)
            count += 1
    return count


def hold_rule(rule: UUID) -> None:
    """Let what is decided for one rule come one after the other, in this transaction."""
    locks.hold(f"rule:{rule}")


class _Answer:
    """What a rule answers: a decision that is new or holds still, and when to ask again."""

    def __init__(self, decision: RuleDecision | None = None, wait: timedelta | None = None) -> None:
        self.decision = decision
        self.wait = wait


@transaction.atomic
def _ask(rule_id: UUID, incident_id: UUID) -> _Answer:
    # The incident first, here as at the end of what was started: so that neither waits for ever.
    incident = (
        Incident.objects.select_for_update(of=("self",), no_key=True)
        .select_related("server")
        .get(pk=incident_id)
    )
    if not incident.is_open:
        return _Answer()
    groups = set(server_groups.keys_of(incident.server))
    rule = rules.asked().filter(pk=rule_id).first()
    if rule is None or not all(c.holds for c in matching.conditions(rule, incident, groups)):
        return _Answer()
    hold_rule(rule.pk)
    # While it waited its turn it may have been changed or switched off.
    rule = rules.asked().filter(pk=rule_id).first()
    fits = matching.conditions(rule, incident, groups) if rule else []
    if rule is None or not all(condition.holds for condition in fits):
        return _Answer()
    if rule.mode == RuleMode.SHADOW and decisions.was_shown(rule, incident):
        return _Answer()  # said once each time that it opens
    plan = plans.plan(rule, incident)
    return _decide(rule, incident, plan, fits, guards.weigh(rule, incident, plan))


def _decide(
    rule: RemediationRule,
    incident: Incident,
    plan: Plan,
    fits: list[Condition],
    weighed: list[Guard],
) -> _Answer:
    if rule.mode == RuleMode.SUGGEST:
        weighed = [guard for guard in weighed if guard.name in _FOR_A_SUGGESTION]
    failing = guards.failing(weighed)
    wait = guards.wait_of(weighed)
    if failing and all(guard.is_usual for guard in failing):
        return _Answer(wait=wait)
    outcome = DecisionOutcome.HELD if failing else _OUTCOMES[RuleMode(rule.mode)]
    said = " ".join(guard.message for guard in failing) or plans.decided(rule, plan, outcome)
    row = RuleDecision(
        rule=rule,
        incident=incident,
        server=plan.server,
        outcome=outcome,
        message=secrets_in_use.masked(said),
        conditions=secrets_in_use.redactor().value([c.as_json() for c in (*fits, *weighed)]),
        parameters=secrets_in_use.redactor().value(plan.parameters),
    )
    before = _same_before(row)
    if before is not None:
        return _Answer(_renew(before, row), wait)
    if outcome == DecisionOutcome.STARTED:
        _start(row, plan)
    row.save()
    row.refresh_from_db(fields=["at"])
    _tell(row, failing)
    return _Answer(row, wait)


def _same_before(row: RuleDecision) -> RuleDecision | None:
    """Return the decision that holds on, where nothing new was decided."""
    lately = decisions.since_last_run(row.rule, row.incident)
    if row.outcome == DecisionOutcome.HELD:
        held = (each for each in lately if each.outcome == DecisionOutcome.HELD)
        return next((each for each in held if _failed(each) == _failed(row)), None)
    if row.outcome != DecisionOutcome.SUGGESTED:
        return None
    return next((each for each in lately if each.outcome == DecisionOutcome.SUGGESTED), None)


def _failed(row: RuleDecision) -> list[str]:
    return [condition["name"] for condition in row.conditions if not condition["holds"]]


def _renew(before: RuleDecision, row: RuleDecision) -> RuleDecision:
    fresh = {
        "server": row.server,
        "message": row.message,
        "conditions": row.conditions,
        "parameters": row.parameters,
    }
    for name, value in fresh.items():
        setattr(before, name, value)
    before.at = timezone.now()
    before.save(update_fields=[*fresh, "at"])
    return before


def _start(row: RuleDecision, plan: Plan) -> None:
    """Launch it; the guards have just asked all that a launch asks, in this transaction."""
    if plan.server is None or row.rule.owner is None:
        raise ValueError("The guards let nothing pass without a server and an owner.")
    row.take(starts.by_itself(row.rule, row.incident, plan, plan.server, owner=row.rule.owner))


def _tell(row: RuleDecision, failing: list[Guard]) -> None:
    """Write the timeline, and tell the channels; that something is held back once an incident."""
    rule, incident = row.rule, row.incident
    said = row.message
    if row.outcome == DecisionOutcome.HELD:
        said = f"The rule {rule.name} fits, and is held back: {row.message}"
    incidents.write(
        incident,
        "RULE",
        said,
        actor=f"rule:{rule.name}",
        execution=row.execution,
        workflow_run=row.workflow_run,
    )
    if row.outcome == DecisionOutcome.STARTED and row.server is not None:
        rule_messages.started(rule, incident, row.server, said)
    if row.outcome != DecisionOutcome.HELD or rule.mode != RuleMode.AUTOMATIC:
        return
    if all(guard.name in guards.PASSING for guard in failing):
        return
    earlier = RuleDecision.objects.filter(incident=incident, outcome=DecisionOutcome.HELD)
    if all(set(_failed(each)) <= guards.PASSING for each in earlier.exclude(pk=row.pk)):
        rule_messages.held(rule, incident, row.server, row.message)
