"""What the page of the trail can be asked for."""

from opsmanager.audit.models import OUTCOMES
from opsmanager.common.api.query import Query
from opsmanager.common.api.query_fields import Text, Texts, When, Words


class EventFilters(Query):
    """The fields above the list; those left empty ask for nothing."""

    search = Text()
    actor = Text()
    verb = Texts()
    target = Texts()
    outcome = Words(OUTCOMES)
    since = When()
    until = When()

    filters = {
        "verb": "verb__in",
        "target": "target_id__in",
        "outcome": "outcome__in",
        "since": "at__gte",
        "until": "at__lt",
    }
