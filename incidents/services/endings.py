"""What an end of what a rule started means: fixed or not, resolved, tried again or stopped."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from automation.engine.results import Status, Verdict
from automation.models import Execution, WorkflowRun
from automation.selectors import workflow_runs
from incidents.models import (
    UNRESOLVED,
    DecisionOutcome,
    Incident,
    RemediationRule,
    RuleBreaker,
    RuleDecision,
)
from incidents.selectors import breakers, decisions
from incidents.services import incidents, rule_messages
from incidents.services.remediation import hold_rule
from opsmanager.audit import trail
from opsmanager.common.problems import InvalidState
from servers.models import Server


def did_fix(execution: Execution) -> bool | None:
    """Return whether an execution that has ended fixed what it was for.

    By its verdict; a runbook that assesses nothing fixes by succeeding. What nobody knows the end
    of has not fixed. ``None`` for what somebody cancelled: that says nothing of the runbook.
    """
    status = Status(execution.status)
    if status is Status.CANCELLED:
        return None
    if execution.verdict:
        return status is Status.SUCCESS and Verdict(execution.verdict) is Verdict.FIXED
    return status is Status.SUCCESS and execution.assessment_before is None


def did_run_fix(run: WorkflowRun) -> bool | None:
    """Return whether a run of a workflow that has ended fixed what it was for.

    By what was said last of each server: FIXED at least once, and of none that it is still broken.
    Where nothing in it assesses anything, by having changed something and succeeded.
    """
    status = Status(run.status)
    if status is Status.CANCELLED:
        return None
    if status is not Status.SUCCESS or run.is_dry_run:
        return False
    last = workflow_runs.last_verdicts(run)
    if not last:
        return workflow_runs.has_changed_something(run)
    return Verdict.FIXED in last and set(last) <= {Verdict.FIXED, Verdict.NOTHING_TO_FIX}


def take_end(execution: Execution) -> None:
    """Note what came of an execution that a rule started or suggested; told twice, it is one end.

    In the transaction of the end, or of what became known of it later.
    """
    if execution.is_final and execution.incident_id is not None:
        with transaction.atomic():
            _take(Q(execution=execution), execution.incident_id, fixed=did_fix(execution))


@transaction.atomic
def take_run_end(run: WorkflowRun) -> None:
    """Note what came of the run of a workflow that a rule started or suggested, as above."""
    if run.is_final and run.incident_id is not None:
        _take(Q(workflow_run=run), run.incident_id, fixed=did_run_fix(run))


def _take(of: Q, incident_id: UUID, *, fixed: bool | None) -> None:
    """Note at a decision what came of what it started."""
    incident = (
        Incident.objects.select_for_update(of=("self",), no_key=True).filter(pk=incident_id).first()
    )
    row = (
        RuleDecision.objects.filter(of, incident=incident).select_related("rule", "server").first()
    )
    if incident is None or row is None:
        return
    if row.ended_at is not None and row.did_fix == fixed:
        return
    is_first = row.ended_at is None
    changed = {"did_fix": fixed, **({"ended_at": Now()} if is_first else {})}
    RuleDecision.objects.filter(pk=row.pk).update(**changed)
    if fixed:
        _fixed(row.rule, incident)
    elif is_first:
        _ask_later(row.rule, incident)
    if row.outcome == DecisionOutcome.STARTED and fixed is False and row.server is not None:
        _stop_where_useless(row.rule, row.server, incident)


def _fixed(rule: RemediationRule, incident: Incident) -> None:
    said = f"The rule {rule.name} fixed it."
    if not rule.resolves:
        incidents.write(
            incident, "RULE", f"{said} It is left to you to resolve it.", actor=_named(rule)
        )
        _look_soon(incident)
        return
    try:
        incidents.close(incident, said, actor=_named(rule))
    except InvalidState:
        incidents.write(incident, "RULE", said, actor=_named(rule))
    else:
        rule_messages.resolved(rule, incident, said)


def _ask_later(rule: RemediationRule, incident: Incident) -> None:
    """Have the rules asked again: others may act now, this one once its time has come."""
    incidents.write(
        incident,
        "RULE",
        f"The rule {rule.name} did not fix it."
        + (f" It may try again after {rule.retry_minutes} min." if rule.retry_minutes else ""),
        actor=_named(rule),
    )
    _look_soon(incident)


def _look_soon(incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk, status__in=UNRESOLVED).update(look_again_at=Now())


def _stop_where_useless(rule: RemediationRule, server: Server, incident: Incident) -> None:
    """Stop the rule for the server after so many runs in a row that did not fix."""
    hold_rule(rule.pk)
    last = decisions.last_verdicts(rule, server, rule.breaker_after)
    if len(last) < rule.breaker_after or any(last) or breakers.open_one(rule, server):
        return
    runs = "The last run" if len(last) == 1 else f"The last {len(last)} runs"
    breaker = RuleBreaker.objects.create(
        rule=rule,
        server=server,
        message=f"{runs} of the rule {rule.name} on {server.name} did not fix it, so it was "
        "stopped there.",
    )
    incidents.write(incident, "RULE", breaker.message, actor=_named(rule))
    trail.record(
        "INCIDENT_RULE_BREAKER_OPENED",
        actor=_named(rule),
        target=rule,
        message=breaker.message,
        server=server.name,
        incident=str(incident.pk),
    )
    rule_messages.stopped(breaker, incident)


def _named(rule: RemediationRule) -> str:
    return f"rule:{rule.name}"
