"""What requests about executions hold, as JSON."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from automation.api import examples
from automation.api.serializers import PRIORITIES
from automation.services.decisions import Decision
from opsmanager.common.api.case import Serializer


class TargetSerializer(Serializer):
    """On which server, with which parameters."""

    server_id = serializers.UUIDField()
    parameters = serializers.DictField(required=False, default=dict)


@extend_schema_serializer(component_name="Validation", examples=examples.TARGET)
class ValidateSerializer(TargetSerializer):
    """What is to be tried out."""


@extend_schema_serializer(component_name="DryRun", examples=examples.TARGET)
class DryRunSerializer(TargetSerializer):
    """A dry run."""

    incident_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


@extend_schema_serializer(component_name="Launch", examples=examples.LAUNCH)
class LaunchSerializer(DryRunSerializer):
    """A launch."""

    runbook_id = serializers.CharField(max_length=100)
    dry_run_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The dry run that this is to repeat exactly; what differs is warned of",
    )
    is_dry_run = serializers.BooleanField(required=False, default=None, allow_null=True)
    priority = serializers.ChoiceField(PRIORITIES, required=False, default="NORMAL")
    confirm = serializers.BooleanField(required=False, default=False)
    force = serializers.BooleanField(required=False, default=False)


@extend_schema_serializer(examples=examples.RETRY)
class RetrySerializer(Serializer):
    """Running an execution again, under the conditions of a launch."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    confirm = serializers.BooleanField(required=False, default=False)
    force = serializers.BooleanField(required=False, default=False)


@extend_schema_serializer(component_name="Rollback", examples=examples.ROLLBACK)
class RollbackRequestSerializer(Serializer):
    """Taking an execution back."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    confirm = serializers.BooleanField(required=False, default=False)


@extend_schema_serializer(examples=examples.DECISION)
class DecisionSerializer(Serializer):
    """How an UNKNOWN execution ended, by a person who has looked at the server."""

    outcome = serializers.ChoiceField(list(Decision))
    reason = serializers.CharField(max_length=2000)
    confirm = serializers.BooleanField(required=False, default=False)
