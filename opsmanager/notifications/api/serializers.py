"""Channels, deliveries and events as JSON; an address goes in and never comes out."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from opsmanager.common.api.case import ModelSerializer, Serializer
from opsmanager.notifications.message import ALL, CHOSEN, SEVERITIES
from opsmanager.notifications.models import Channel, Delivery, DeliveryState


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A channel in Slack",
            value={
                "name": "NOC in Slack",
                "url": "slack://T1JJ3T3L2/A1BRTD4JD/a-token-of-24-characters/#noc",
                "events": ["EXECUTION_FAILED", "EXECUTION_UNKNOWN"],
                "severities": ["CRITICAL", "HIGH"],
                "quietMinutes": 15,
            },
            request_only=True,
        )
    ]
)
class ChannelSerializer(ModelSerializer):
    """A channel. Its address can be written and is never shown; ``shownUrl`` says where it leads.

    Of the lists ``events``, ``severities``, ``runbookIds`` and ``groupIds`` an empty one stands for
    all; what is sent passes each that is not empty.
    """

    url = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="As Apprise writes it; needed once, then kept until another is given",
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(CHOSEN), required=False, help_text="Empty for all"
    )
    severities = serializers.ListField(
        child=serializers.ChoiceField(SEVERITIES), required=False, help_text="Empty for all"
    )
    runbook_ids = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        max_length=500,
        help_text="Such as SERVICE_RESTART; empty for all",
    )
    group_ids = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=500,
        help_text="Of server groups; empty for all",
    )

    class Meta:
        model = Channel
        fields: ClassVar = [
            "id",
            "name",
            "url",
            "shown_url",
            "is_active",
            "events",
            "severities",
            "runbook_ids",
            "group_ids",
            "quiet_minutes",
            "failures",
            "rests_until",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = ["shown_url", "failures", "rests_until"]


class DeliverySerializer(ModelSerializer):
    """One message to one channel: what was sent, and what came of it."""

    channel_name = serializers.CharField(source="channel.name", read_only=True)
    event = serializers.ChoiceField(ALL, read_only=True)
    severity = serializers.ChoiceField(SEVERITIES, read_only=True)
    state = serializers.ChoiceField(DeliveryState.values, read_only=True)

    class Meta:
        model = Delivery
        fields: ClassVar = [
            "id",
            "channel_id",
            "channel_name",
            "event",
            "severity",
            "title",
            "body",
            "url",
            "state",
            "error",
            "attempts",
            "repeats",
            "last_repeat_at",
            "resend_of_id",
            "created_at",
            "next_attempt_at",
            "sent_at",
        ]
        read_only_fields: ClassVar = fields


@extend_schema_serializer(component_name="NotificationEvent")
class EventSerializer(Serializer):
    """A kind of event that a channel can choose, in a sentence."""

    event = serializers.ChoiceField(CHOSEN)
    sentence = serializers.CharField()
