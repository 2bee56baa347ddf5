"""Re-arming a rule that was stopped for a server."""

from django.db import transaction
from django.db.models.functions import Now

from incidents.models import UNRESOLVED, Incident, RemediationRule, RuleBreaker
from incidents.selectors import access, breakers
from incidents.services import incidents
from incidents.services.remediation import hold_rule
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import Invalid, InvalidState
from servers.models import Server

_LONGEST = 2000


@transaction.atomic
def rearm(*, actor: User, rule: RemediationRule, server: Server, reason: str) -> RuleBreaker:
    """Let the rule act on the server again; its open incidents are looked at anew.

    Raises :class:`NotPermitted`, :class:`Invalid` without a reason, :class:`InvalidState` when it
    is not stopped there.
    """
    access.require_managing(actor)
    reason = reason.strip()
    if not 0 < len(reason) <= _LONGEST:
        said = f"Say why it may act there again, in 1 to {_LONGEST} characters."
        raise Invalid(said, details={"reason": [said]})
    hold_rule(rule.pk)
    breaker = breakers.open_one(rule, server)
    if breaker is None:
        raise InvalidState(
            f"The rule {rule.name} is not stopped for {server.name}, so there is nothing to re-arm."
        )
    masked = secrets_in_use.masked(reason)
    RuleBreaker.objects.filter(pk=breaker.pk).update(
        rearmed_at=Now(), rearmed_by=actor, rearm_reason=masked
    )
    trail.record(
        "INCIDENT_RULE_BREAKER_REARMED",
        actor=actor,
        target=rule,
        message=masked,
        server=server.name,
    )
    held = Incident.objects.filter(decisions__rule=rule, server=server, status__in=UNRESOLVED)
    for incident in held.distinct():
        incidents.write(
            incident,
            "RULE",
            f"The rule {rule.name} was re-armed for {server.name}: {masked}",
            actor=actor,
        )
    Incident.objects.filter(pk__in=held.values("pk")).update(look_again_at=Now())
    breaker.refresh_from_db()
    return breaker
