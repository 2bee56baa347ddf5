"""Reads of sources of alerts, for who may change them."""

from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from incidents.models import Delivery, Source
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound


def visible_to(user: permissions.Actor) -> QuerySet[Source]:
    """Return the sources that the user may see: all, or none."""
    rows = Source.objects.order_by("name")
    return rows if permissions.may(user, roles.MANAGE_SOURCES) else rows.none()


def with_waiting(rows: QuerySet[Source]) -> QuerySet[Source]:
    """Add how many deliveries wait for a worker, as ``waiting``."""
    return rows.annotate(waiting=Count("deliveries", filter=Q(deliveries__handled_at=None)))


def get(user: permissions.Actor, pk: UUID) -> Source:
    """Return a source that the user may see. Raises :class:`NotFound`."""
    source = visible_to(user).filter(pk=pk).first()
    if source is None:
        raise NotFound("There is no such source of alerts, or you may not see it.")
    return source


def deliveries(source: Source) -> QuerySet[Delivery]:
    """Return what came of a source within the last days, the newest first."""
    return source.deliveries.order_by("-received_at", "-pk")


def url_of(source: Source) -> str:
    """Return the address that the source sends to."""
    return f"{settings.PUBLIC_URL}/api/v1/incidents/webhooks/{source.slug}"
