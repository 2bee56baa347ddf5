"""What lists of servers, groups and credentials can be asked for."""

from opsmanager.common.api.query import PagedQuery
from opsmanager.common.api.query_fields import Flag, Ordering, Text, Uuid, Words
from servers.models import Environment, Platform


class ServersQuery(PagedQuery):
    """Of servers; ``search`` looks into name, host name and tags."""

    search = Text()
    environment = Words(Environment.values)
    platform = Words(Platform.values)
    zone = Text(help_text="Empty for the servers without one.")
    group_id = Uuid()
    is_active = Flag()
    ordering = Ordering("name", "hostname", "created_at")

    filters = {
        "environment": "environment__in",
        "platform": "platform__in",
        "zone": "zone",
        "group_id": "groups",
        "is_active": "is_active",
    }


class NamedQuery(PagedQuery):
    """Of what has a name and nothing else to look for."""

    ordering = Ordering("name")
