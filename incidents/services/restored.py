"""After a restore: alerts that a backup holds start nothing, and rules only suggest."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models.functions import Now

from incidents.models import Delivery, Incident, RemediationRule, RuleMode
from opsmanager.audit import trail

_ACTOR: Final = "COMMAND:after_restore"
_ALERTS: Final = (
    "The database was restored from a backup, in which these alerts waited. What they told is not "
    "taken in a second time; an alert that still fires is sent again."
)


@dataclass(frozen=True, kw_only=True)
class Settled:
    """How many rows of each kind were settled."""

    deliveries: int
    """Alerts that waited to be taken in."""
    rules: int
    """Rules that started something by themselves, and only suggest it now."""


@transaction.atomic
def settle() -> Settled:
    """Have nothing started for what the backup knows of; web, workers and beat are stopped."""
    Incident.objects.filter(look_again_at__isnull=False).update(look_again_at=None)
    waiting = Delivery.objects.filter(handled_at=None)
    deliveries = waiting.update(handled_at=Now(), message=_ALERTS)
    rules = RemediationRule.objects.filter(mode=RuleMode.AUTOMATIC).order_by("rank", "pk")
    held = list(rules.select_for_update(of=("self",)))
    for rule in held:
        rule.mode = RuleMode.SUGGEST
        rule.save(update_fields=["mode", "updated_at"])
        trail.record(
            "INCIDENT_RULE_MODE_CHANGED",
            actor=_ACTOR,
            target=rule,
            message="The database was restored: it only suggests, until somebody switches it on.",
            mode=rule.mode,
        )
    return Settled(deliveries=deliveries, rules=len(held))
