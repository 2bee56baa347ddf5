"""What may hold a rule back that fits an incident: a function each, which says why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils import timezone

from automation.services.conditions import Check
from incidents.matching import Condition
from incidents.models import DecisionOutcome, Incident, RemediationRule, RuleMode
from incidents.selectors import breakers, decisions
from incidents.services import starts
from incidents.services.plans import Plan
from servers.models import Server

HOUR: Final = timedelta(hours=1)
BUSY: Final = timedelta(seconds=15)
"""After how long it is asked again whether what runs has ended."""
_TENDED: Final = timedelta(minutes=1)
"""After how long it is asked again whether a maintenance has ended."""
PASSING: Final = frozenset(
    {
        "notInMaintenance",
        "rateLimitOk",
        "nothingRuns",
        "waited",
        "perHour",
        "atOnce",
        "groupLimit",
    }
)
"""The guards that come to hold by themselves, so that nobody is told."""


@dataclass(frozen=True, kw_only=True)
class Guard(Condition):
    """A guard, and what helps where it does not hold."""

    wait: timedelta | None = None
    """After how long it may hold; ``None`` where time alone does not help."""
    is_usual: bool = False
    """Whether holding back is the course of things, and nothing to tell anybody."""


def weigh(rule: RemediationRule, incident: Incident, plan: Plan) -> list[Guard]:
    """Return each guard and whether it holds now, in the order in which they are asked.

    In a transaction that holds the rule the answer is good until that ends.
    """
    return list(_weighed(rule, incident, plan))


def failing(guards: Sequence[Guard]) -> list[Guard]:
    """Return those that hold the rule back."""
    return [guard for guard in guards if not guard.holds]


def wait_of(guards: Sequence[Guard]) -> timedelta | None:
    """Return after how long they may all hold; ``None`` where time alone does not help."""
    waits = [guard.wait for guard in failing(guards)]
    known = [wait for wait in waits if wait is not None]
    return max(known) if known and len(known) == len(waits) else None


def _weighed(rule: RemediationRule, incident: Incident, plan: Plan) -> Iterator[Guard]:
    yield Guard(
        name="notResolved",
        holds=incident.is_open,
        message="The incident is open." if incident.is_open else "The incident is resolved.",
    )
    yield Guard(
        name="serverFound",
        holds=plan.server is not None,
        message=f"It is about {plan.server.name}." if plan.server else plan.no_server,
    )
    yield Guard(
        name="parametersFilled",
        holds=not plan.no_parameters,
        message=plan.no_parameters or "The incident has all that they name.",
    )
    if plan.server is not None and not plan.no_parameters:
        yield from _launchable(rule, incident, plan, plan.server)
    yield _steady(rule, incident)
    if plan.server is not None:
        yield _armed(rule, plan.server)
    yield _alone(incident)
    yield _waited(rule, incident)
    yield _in_an_hour(rule)
    live = decisions.live_servers(rule)
    yield _at_once(rule, len(live))
    if plan.server is not None:
        yield from _in_group(rule, plan.server, live)


def _launchable(
    rule: RemediationRule, incident: Incident, plan: Plan, server: Server
) -> Iterator[Guard]:
    """Return what must hold for each launch: its owner's permissions, the cooldown and so on."""
    if rule.owner is None:
        yield Guard(
            name="permissions",
            holds=False,
            message="Its owner was deleted, so nobody's permissions count. Save the rule again.",
        )
        return
    for check in starts.checks(rule, incident, plan, server, owner=rule.owner):
        yield _of_check(check, rule.owner.get_username())


def _of_check(check: Check, owner: str) -> Guard:
    problem = check.problem
    if problem is None:
        return Guard(name=check.name, holds=True, message="")
    said = problem.message
    if check.name == "permissions":
        said = f"It may do what its owner {owner} may, who is told: {said}"
    if check.name == "confirmed":
        said = f"{said} Switch the rule to automatic again, and say that you mean it."
    wait = timedelta(seconds=problem.retry_after) if problem.retry_after else None
    if check.name == "notInMaintenance":
        wait = _TENDED
    return Guard(name=check.name, holds=False, message=said, wait=wait)


def _steady(rule: RemediationRule, incident: Incident) -> Guard:
    if not incident.is_flapping:
        return Guard(name="notFlapping", holds=True, message="The incident is not flapping.")
    return Guard(
        name="notFlapping",
        holds=rule.acts_while_flapping,
        message="The incident opens and resolves again and again"
        + (", and the rule acts nonetheless." if rule.acts_while_flapping else "."),
    )


def _armed(rule: RemediationRule, server: Server) -> Guard:
    breaker = breakers.open_one(rule, server)
    return Guard(
        name="breakerClosed",
        holds=breaker is None,
        message=f"{breaker.message} Re-arm it once you know why."
        if breaker
        else f"It has not been stopped for {server.name}.",
    )


def _alone(incident: Incident) -> Guard:
    running = decisions.running_for(incident)
    return Guard(
        name="nothingRuns",
        holds=not running,
        message=f"{running} still runs for this incident."
        if running
        else "Nothing runs for this incident.",
        wait=BUSY,
        is_usual=True,
    )


def _waited(rule: RemediationRule, incident: Incident) -> Guard:
    """Return whether it is time to run again: an end is given time to show in the alerts."""
    run = decisions.last_run(rule, incident)
    if run is None or run.ended_at is None:
        return Guard(name="waited", holds=True, message="It has not run for this incident yet.")
    ended, now = run.ended_at, timezone.now()
    at = f"{ended:%H:%M:%S} UTC"
    did = "did its part" if run.did_fix else "did not fix it"
    again = (incident.last_seen_at is not None and incident.last_seen_at > ended) or (
        incident.timeline.filter(kind="REOPENED", at__gt=ended).exists()
    )
    if (run.did_fix or not rule.retry_minutes) and not again:
        return Guard(
            name="waited",
            holds=False,
            message=f"It {did} at {at}, and waits for the alert to come again.",
            is_usual=True,
        )
    left = ended + timedelta(minutes=rule.retry_minutes) - now
    if left > timedelta():
        return Guard(
            name="waited",
            holds=False,
            message=f"It {did} at {at}, and runs again after {rule.retry_minutes} min at the "
            "earliest.",
            wait=left,
            is_usual=True,
        )
    return Guard(name="waited", holds=True, message=f"It {did} at {at}, long enough ago.")


def _in_an_hour(rule: RemediationRule) -> Guard:
    counted = DecisionOutcome.SHADOW if rule.mode == RuleMode.SHADOW else DecisionOutcome.STARTED
    started = decisions.started_since(rule, counted, HOUR)
    message = f"{len(started)} started within the last hour, of {rule.per_hour} at most."
    if len(started) < rule.per_hour:
        return Guard(name="perHour", holds=True, message=message)
    left = started[-rule.per_hour] + HOUR - timezone.now()
    return Guard(name="perHour", holds=False, message=message, wait=max(left, BUSY))


def _at_once(rule: RemediationRule, live: int) -> Guard:
    return Guard(
        name="atOnce",
        holds=live < rule.at_once,
        message=f"{live} of it run now, of {rule.at_once} at most.",
        wait=BUSY,
    )


def _in_group(rule: RemediationRule, server: Server, live: Sequence[Server]) -> Iterator[Guard]:
    """Return, for each group that counts, whether another of its servers may be worked on."""
    if rule.group_limit is None and rule.group_percent is None:
        return
    groups = [rule.server_group] if rule.server_group else list(server.groups.all())
    busy = {each.pk for each in live} - {server.pk}
    for group in groups:
        members = set(group.servers.filter(is_active=True).values_list("pk", flat=True))
        most = _most(rule, len(members))
        count = len(busy & members)
        yield Guard(
            name="groupLimit",
            holds=count < most,
            message=f"It works on {count} other servers of the group {group.name}, of {most} at "
            "once at most.",
            wait=BUSY,
        )


def _most(rule: RemediationRule, members: int) -> int:
    limits = []
    if rule.group_limit is not None:
        limits.append(rule.group_limit)
    if rule.group_percent is not None:
        # One is always allowed: else a small group would never be helped.
        limits.append(max(1, members * rule.group_percent // 100))
    return min(limits)
