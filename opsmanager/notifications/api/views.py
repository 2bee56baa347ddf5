"""The endpoints of channels, deliveries and events, for those who may see them."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from opsmanager.common.pages import by_key
from opsmanager.notifications import channels, selectors
from opsmanager.notifications.api import serializers
from opsmanager.notifications.api.queries import ChannelsQuery, DeliveriesQuery, EventsQuery
from opsmanager.notifications.message import EVENTS, SENTENCES

_MAY_NOT = "Only administrators may change channels. Ask one of them."


class ChannelsView(APIView):
    """All channels, without their addresses."""

    @endpoint(
        "listNotificationChannels",
        tag="notifications",
        answers={200: page("channels", serializers.ChannelSerializer)},
        query=ChannelsQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List the channels."""
        asked = ChannelsQuery.of(request)
        return listed(
            asked,
            ChannelsQuery.narrow(selectors.visible_to(request.user), asked),
            name="channels",
            serializer=serializers.ChannelSerializer,
        )

    @endpoint(
        "createNotificationChannel",
        tag="notifications",
        takes=serializers.ChannelSerializer,
        answers={201: one("channel", serializers.ChannelSerializer)},
        fails=(403, 409),
        leads_to=(
            "getNotificationChannel id=channel/id",
            "updateNotificationChannel id=channel/id",
            "deleteNotificationChannel id=channel/id",
            "testNotificationChannel id=channel/id",
        ),
    )
    def post(self, request: Request) -> Response:
        """Make a channel. Its address is sealed at once and never shown again."""
        permissions.require(request.user, "notifications.add_channel", _MAY_NOT)
        asked = serializers.ChannelSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = channels.save(actor=user_of(request), **asked.validated_data)
        return Response({"channel": serializers.ChannelSerializer.json_of(row)}, status=201)


class ChannelView(APIView):
    """One channel, without its address."""

    @endpoint(
        "getNotificationChannel",
        tag="notifications",
        answers={200: one("channel", serializers.ChannelSerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a channel."""
        row = selectors.get(request.user, pk)
        return Response({"channel": serializers.ChannelSerializer.json_of(row)})

    @endpoint(
        "updateNotificationChannel",
        tag="notifications",
        takes=serializers.ChannelSerializer,
        answers={200: one("channel", serializers.ChannelSerializer)},
        fails=(403, 404, 409),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a channel; an address that is not given stays."""
        row = selectors.get(request.user, pk)
        permissions.require(request.user, roles.MANAGE_CHANNELS, _MAY_NOT)
        asked = serializers.ChannelSerializer(row, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        kept = {
            name: getattr(row, name)
            for name in ("name", "is_active", "quiet_minutes", *channels.LISTS)
        }
        row = channels.save(actor=user_of(request), channel=row, **(kept | asked.validated_data))
        return Response({"channel": serializers.ChannelSerializer.json_of(row)})

    @endpoint("deleteNotificationChannel", tag="notifications", answers={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a channel and the log of what was sent to it; what waits is not sent."""
        row = selectors.get(request.user, pk)
        permissions.require(request.user, "notifications.delete_channel", _MAY_NOT)
        channels.delete(actor=user_of(request), channel=row)
        return Response(status=204)


class ChannelTestView(APIView):
    """Trying a channel."""

    @endpoint(
        "testNotificationChannel",
        tag="notifications",
        answers={202: one("delivery", serializers.DeliverySerializer)},
        leads_to=("getNotificationDelivery id=delivery/id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Send a message to a channel; ask for the delivery until it is SENT or FAILED."""
        row = selectors.get(request.user, pk)
        permissions.require(request.user, roles.MANAGE_CHANNELS, _MAY_NOT)
        delivery = channels.test(actor=user_of(request), channel=row)
        delivery.refresh_from_db()
        shown = serializers.DeliverySerializer.json_of(delivery)
        return Response({"delivery": shown}, status=202)


class DeliveriesView(APIView):
    """What was sent."""

    @endpoint(
        "listNotificationDeliveries",
        tag="notifications",
        answers={200: page("deliveries", serializers.DeliverySerializer)},
        query=DeliveriesQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List deliveries, newest first. ``startDate`` is included, ``endDate`` is not."""
        asked = DeliveriesQuery.of(request)
        rows = DeliveriesQuery.narrow(selectors.deliveries(request.user), asked)
        return listed(
            asked,
            selectors.search(rows, asked.get("search", "")),
            name="deliveries",
            serializer=serializers.DeliverySerializer,
            prepare=by_key,
        )


class DeliveryView(APIView):
    """One delivery."""

    @endpoint(
        "getNotificationDelivery",
        tag="notifications",
        answers={200: one("delivery", serializers.DeliverySerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show what was sent to a channel, and what came of it."""
        row = selectors.delivery(request.user, pk)
        return Response({"delivery": serializers.DeliverySerializer.json_of(row)})


class ResendView(APIView):
    """Sending again."""

    @endpoint(
        "resendNotification",
        tag="notifications",
        answers={202: one("delivery", serializers.DeliverySerializer)},
        fails=(403, 404, 409),
        leads_to=("getNotificationDelivery id=delivery/id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Send a message again, as it was, in a delivery of its own."""
        row = selectors.delivery(request.user, pk)
        permissions.require(request.user, roles.RESEND_DELIVERIES, _MAY_NOT)
        again = channels.resend(actor=user_of(request), delivery=row)
        again.refresh_from_db()
        return Response({"delivery": serializers.DeliverySerializer.json_of(again)}, status=202)


class EventsView(APIView):
    """What channels can be told of."""

    @endpoint(
        "listNotificationEvents",
        tag="notifications",
        answers={200: page("notificationEvents", serializers.EventSerializer)},
        query=EventsQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List the kinds of events, each with a sentence."""
        permissions.require_view(request.user, roles.VIEW_CHANNELS)
        asked = EventsQuery.of(request)
        start = (asked["page"] - 1) * asked["limit"]
        shown = EVENTS[start : start + asked["limit"]]
        rows = [{"event": event.value, "sentence": SENTENCES[event]} for event in shown]
        return Response(
            {
                "notificationEvents": serializers.EventSerializer.json_of_each(rows),
                "total": len(EVENTS),
                "page": asked["page"],
                "limit": asked["limit"],
            }
        )
