"""Events of the trail and what a verification found, as JSON."""

from typing import ClassVar

from rest_framework import serializers

from opsmanager.audit.models import OUTCOMES, AuditEvent
from opsmanager.common.api.case import ModelSerializer, Serializer


class AuditEventSerializer(ModelSerializer):
    """Who did what, on what, with what result, when and from where."""

    seq = serializers.IntegerField(read_only=True)
    outcome = serializers.ChoiceField(OUTCOMES, read_only=True)
    details = serializers.DictField(read_only=True)

    class Meta:
        model = AuditEvent
        fields: ClassVar = [
            "seq",
            "at",
            "verb",
            "outcome",
            "actor_type",
            "actor_id",
            "actor_name",
            "address",
            "target_type",
            "target_id",
            "target_name",
            "message",
            "details",
        ]
        read_only_fields: ClassVar = fields


class AuditProblemSerializer(Serializer):
    """Something in the trail that is not as it was written, and its place."""

    code = serializers.CharField()
    message = serializers.CharField()
    seal = serializers.IntegerField(allow_null=True)
    first_seq = serializers.IntegerField(allow_null=True)
    last_seq = serializers.IntegerField(allow_null=True)
    month = serializers.DateField(allow_null=True)


class AuditHeadSerializer(Serializer):
    """The newest seal of the chain."""

    n = serializers.IntegerField()
    chain = serializers.CharField()
    last_seq = serializers.IntegerField()
    at = serializers.DateTimeField()


class AuditVerificationSerializer(Serializer):
    """What a look at the whole trail found."""

    is_whole = serializers.BooleanField()
    at = serializers.DateTimeField()
    seals = serializers.IntegerField()
    anchors = serializers.IntegerField(help_text="With how many anchors it was compared")
    head = AuditHeadSerializer(allow_null=True)
    problems = AuditProblemSerializer(many=True)
