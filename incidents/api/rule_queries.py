"""What lists of rules, decisions and breakers can be asked for."""

from incidents.models import DecisionOutcome, RuleMode
from opsmanager.common.api.query import PagedQuery
from opsmanager.common.api.query_fields import Flag, Ordering, Text, Uuid, Words


class RulesQuery(PagedQuery):
    """Of rules; ``search`` looks into name, description, runbook and template."""

    search = Text()
    mode = Words(RuleMode.values)
    ordering = Ordering("rank", "name", "created_at")

    filters = {"mode": "mode__in"}


class DecisionsQuery(PagedQuery):
    """Of what a rule decided."""

    incident_id = Uuid()
    server_id = Uuid()
    outcome = Words(DecisionOutcome.values)
    ordering = Ordering("at")

    filters = {
        "incident_id": "incident_id",
        "server_id": "server_id",
        "outcome": "outcome__in",
    }


class BreakersQuery(PagedQuery):
    """Of rules that were stopped."""

    rule_id = Uuid()
    server_id = Uuid()
    is_open = Flag(help_text="Whether it waits for a person to re-arm it.")
    ordering = Ordering("opened_at")

    filters = {"rule_id": "rule_id", "server_id": "server_id"}
