"""Sources of alerts as JSON; tokens and secrets are shown once, where they are made."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from incidents.models import Delivery, Source
from incidents.selectors import sources as selectors
from incidents.services.sources import LONGEST_SECRET
from incidents.sources.alert import SEVERITIES
from incidents.sources.generic import LONGEST_EXPRESSION
from incidents.sources.registry import FORMS, SIGNATURE, TOKEN
from opsmanager.common.api.case import ModelSerializer, Serializer


class MappingField(serializers.DictField):
    """Where in the JSON of a generic source each field stands: JMESPath by name."""

    def __init__(self, **options: Any) -> None:
        child = serializers.CharField(allow_blank=True, max_length=LONGEST_EXPRESSION)
        super().__init__(child=child, **options)


@extend_schema_serializer(component_name="IncidentSource")
class SourceSerializer(ModelSerializer):
    """A system that sends alerts."""

    kind = serializers.CharField(help_text=f"One of: {', '.join(FORMS)}")
    url = serializers.SerializerMethodField(help_text="Where it sends to")
    proof = serializers.SerializerMethodField(help_text="token or signature")
    token_start = serializers.CharField(help_text="The first characters of its token, if any")
    has_secret = serializers.BooleanField(
        help_text="False for one that signs with a secret that nobody entered yet"
    )
    has_previous = serializers.BooleanField(
        help_text="Whether the token or secret before the present one is still good"
    )
    mapping = MappingField()

    class Meta:
        model = Source
        fields: ClassVar = [
            "id",
            "name",
            "slug",
            "kind",
            "url",
            "proof",
            "token_start",
            "has_secret",
            "has_previous",
            "is_active",
            "mapping",
            "grace_minutes",
            "last_seen_at",
            "last_error",
            "last_error_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = fields

    def get_url(self, source: Source) -> str:
        """Return where it sends to."""
        return selectors.url_of(source)

    def get_proof(self, source: Source) -> str:
        """Return how it proves who it is."""
        return SIGNATURE if source.signs else TOKEN


def _secret() -> serializers.CharField:
    return serializers.CharField(
        write_only=True,
        required=False,
        default="",
        allow_blank=True,
        trim_whitespace=False,
        max_length=LONGEST_SECRET,
        help_text="The secret that it signs with, where the sender makes it (PagerDuty); else "
        "leave it out, and one is made",
    )


_LONGEST_GRACE = 1440


@extend_schema_serializer(
    component_name="NewIncidentSource",
    examples=[
        OpenApiExample(
            "An Alertmanager",
            value={"name": "Alertmanager", "slug": "alertmanager", "kind": "alertmanager"},
            request_only=True,
        ),
        OpenApiExample(
            "A script of one's own",
            value={
                "name": "Backups",
                "slug": "backups",
                "kind": "generic",
                "proof": "signature",
                "mapping": {"title": "message", "severity": "level", "labels": "tags"},
            },
            request_only=True,
        ),
    ],
)
class NewSourceSerializer(Serializer):
    """A source to be made."""

    name = serializers.CharField(max_length=100)
    slug = serializers.SlugField(
        max_length=60, help_text="The last part of its address: a to z, digits and dashes"
    )
    kind = serializers.CharField(max_length=40, help_text=f"One of: {', '.join(FORMS)}")
    proof = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=20,
        help_text="token or signature; by default what is usual for the kind",
    )
    secret = _secret()
    mapping = MappingField(required=False, default=dict)
    grace_minutes = serializers.IntegerField(
        required=False, default=5, min_value=0, max_value=_LONGEST_GRACE
    )


@extend_schema_serializer(component_name="IncidentSourceChange")
class SourceChangeSerializer(Serializer):
    """What of a source can be changed."""

    name = serializers.CharField(required=False, max_length=100)
    is_active = serializers.BooleanField(required=False)
    mapping = MappingField(required=False)
    grace_minutes = serializers.IntegerField(required=False, min_value=0, max_value=_LONGEST_GRACE)


@extend_schema_serializer(component_name="IncidentSourceRotation")
class RotationSerializer(Serializer):
    """A new token or secret is wanted."""

    secret = _secret()


class MadeSourceSerializer(serializers.Serializer[Any]):
    """A source with its new token or secret, of which one is given, this once."""

    source = SourceSerializer()  # type: ignore[assignment]  # the name is the envelope's
    token = serializers.CharField(
        allow_null=True, help_text="opsm_…, to be sent as Authorization: Bearer; shown this once"
    )
    secret = serializers.CharField(allow_null=True, help_text="To sign with; shown this once")


@extend_schema_serializer(component_name="IncidentSourceDelivery")
class DeliverySerializer(ModelSerializer):
    """A webhook that was proven genuine."""

    id = serializers.CharField()
    alerts = serializers.ListField(child=serializers.DictField())

    class Meta:
        model = Delivery
        fields: ClassVar = ["id", "received_at", "alerts", "handled_at", "message"]
        read_only_fields: ClassVar = fields


@extend_schema_serializer(
    component_name="IncidentSourceTry",
    examples=[
        OpenApiExample(
            "A mapping",
            value={
                "kind": "generic",
                "mapping": {"title": "message", "severity": "level"},
                "payload": {"message": "Disk full", "level": "critical"},
            },
            request_only=True,
        )
    ],
)
class TrySerializer(Serializer):
    """What a source may send, to be looked at."""

    kind = serializers.CharField(max_length=40, help_text=f"One of: {', '.join(FORMS)}")
    mapping = MappingField(required=False, default=dict)
    payload = serializers.JSONField(help_text="The body that it would send")


class AlertSerializer(Serializer):
    """An alert as it was understood."""

    fingerprint = serializers.CharField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    is_firing = serializers.BooleanField()
    is_acknowledged = serializers.BooleanField()
    description = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())
    url = serializers.CharField()
    began_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class TriedSerializer(serializers.Serializer[Any]):
    """The alerts that a body makes."""

    alerts = AlertSerializer(many=True)


class AcceptedSerializer(serializers.Serializer[Any]):
    """How many alerts were taken in."""

    accepted = serializers.IntegerField()
