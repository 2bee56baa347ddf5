"""Channels and deliveries, for those who may see them."""

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound
from opsmanager.common.search import terms
from opsmanager.notifications.models import Channel, Delivery


def visible_to(user: permissions.Actor) -> QuerySet[Channel]:
    """Return the channels, by name. Raises :class:`NotPermitted`."""
    permissions.require_view(user, roles.VIEW_CHANNELS)
    return Channel.objects.order_by("name")


def with_last(rows: QuerySet[Channel]) -> QuerySet[Channel]:
    """Give each channel ``last_state``, ``last_at``, ``last_error``, of its last delivery."""
    last = Delivery.objects.filter(channel=OuterRef("pk")).order_by("-created_at")
    return rows.annotate(
        last_state=Subquery(last.values("state")[:1]),
        last_at=Subquery(last.values("created_at")[:1]),
        last_error=Subquery(last.values("error")[:1]),
    )


def get(user: permissions.Actor, pk: UUID) -> Channel:
    """Return a channel. Raises :class:`NotFound`, also for those who may see none."""
    may_see = permissions.may(user, roles.VIEW_CHANNELS)
    row = Channel.objects.filter(pk=pk).first() if may_see else None
    if row is None:
        raise NotFound("There is no such channel.")
    return row


def deliveries(user: permissions.Actor) -> QuerySet[Delivery]:
    """Return what was sent, or is to be, the newest first. Raises :class:`NotPermitted`."""
    permissions.require_view(user, roles.VIEW_DELIVERIES)
    return Delivery.objects.select_related("channel").order_by("-created_at", "-pk")


def delivery(user: permissions.Actor, pk: UUID) -> Delivery:
    """Return one delivery. Raises :class:`NotFound`, also for those who may see none."""
    may_see = permissions.may(user, roles.VIEW_DELIVERIES)
    found = Delivery.objects.select_related("channel").filter(pk=pk) if may_see else None
    row = found.first() if found is not None else None
    if row is None:
        raise NotFound("There is no such delivery. Old ones leave the log after some time.")
    return row


def search(rows: QuerySet[Delivery], text: str) -> QuerySet[Delivery]:
    """Return the deliveries whose title or channel holds all terms."""
    for term in terms(text):
        rows = rows.filter(title__icontains=term) | rows.filter(channel__name__icontains=term)
    return rows


def failing() -> QuerySet[Channel]:
    """Return the channels that did not take what was last sent, by name."""
    return Channel.objects.filter(is_active=True, failures__gt=0).order_by("name")
