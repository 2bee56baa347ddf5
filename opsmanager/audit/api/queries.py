"""What the list of audit events can be asked for."""

from opsmanager.audit.models import OUTCOMES
from opsmanager.common.api.query import PagedQuery
from opsmanager.common.api.query_fields import Ordering, Text, Texts, When, Words


class EventsQuery(PagedQuery):
    """Of events; ``search`` looks into verb, names, message and the target's id."""

    verb = Texts()
    actor = Text(help_text="By user name or id, or by kind and name: WORKER:host-1.")
    target_type = Texts()
    target_id = Texts()
    outcome = Words(OUTCOMES)
    address = Text(help_text="The IP address that it was asked for from.")
    start_date = When(help_text="Included.")
    end_date = When(help_text="Not included.")
    search = Text()
    ordering = Ordering("seq", "at", "verb", "actor_name", "outcome")

    filters = {
        "verb": "verb__in",
        "target_type": "target_type__in",
        "target_id": "target_id__in",
        "outcome": "outcome__in",
        "start_date": "at__gte",
        "end_date": "at__lt",
    }
