"""What lists of channels and deliveries can be asked for."""

from opsmanager.common.api.query import PagedQuery
from opsmanager.common.api.query_fields import Flag, Ordering, Text, Uuid, When, Words
from opsmanager.notifications.message import ALL
from opsmanager.notifications.models import DeliveryState


class ChannelsQuery(PagedQuery):
    """Of channels."""

    is_active = Flag()
    ordering = Ordering("name", "created_at")

    filters = {"is_active": "is_active"}


class DeliveriesQuery(PagedQuery):
    """Of deliveries; ``search`` looks into titles and channels' names."""

    channel_id = Uuid()
    state = Words(DeliveryState.values)
    event = Words(ALL)
    start_date = When(help_text="Included.")
    end_date = When(help_text="Not included.")
    search = Text()
    ordering = Ordering("created_at", "state", "event")

    filters = {
        "channel_id": "channel",
        "state": "state__in",
        "event": "event__in",
        "start_date": "created_at__gte",
        "end_date": "created_at__lt",
    }


class EventsQuery(PagedQuery):
    """Of the kinds of events."""
