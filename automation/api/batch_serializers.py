"""Batches as JSON."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from automation.api.examples import BATCH
from automation.api.serializers import (
    PRIORITIES,
    ExecutionSerializer,
    UserSerializer,
)
from automation.models import Batch, Priority
from opsmanager.common.api.case import ModelSerializer, Serializer

_STEP_STATUSES = (
    "PENDING",
    "RUNNING",
    "SUCCESS",
    "FAILED",
    "CANCELLED",
    "TIMEOUT",
    "UNKNOWN",
    "SKIPPED",
    "PLANNED",
)


class RefusalSerializer(Serializer):
    """A server on which the launch was refused, and why."""

    server_id = serializers.UUIDField()
    server_name = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class BatchSerializer(ModelSerializer):
    """One launch on several servers, and how its executions stand."""

    runbook_uuid = serializers.UUIDField(source="runbook.pk", read_only=True)
    runbook_id = serializers.CharField(source="runbook.runbook_id", read_only=True)
    runbook_title = serializers.CharField(source="runbook.title", read_only=True)
    started_by = UserSerializer(read_only=True, allow_null=True)
    priority = serializers.SerializerMethodField(method_name="get_priority")
    parameters = serializers.DictField(read_only=True)
    refusals = RefusalSerializer(many=True, read_only=True)
    total = serializers.IntegerField(read_only=True)
    succeeded = serializers.IntegerField(read_only=True)
    failed = serializers.IntegerField(read_only=True)
    running = serializers.IntegerField(read_only=True)
    waiting = serializers.IntegerField(read_only=True)

    class Meta:
        model = Batch
        fields: ClassVar = [
            "id",
            "runbook_uuid",
            "runbook_id",
            "runbook_title",
            "started_by",
            "schedule_id",
            "trigger_name",
            "api_token_id",
            "api_token_name",
            "reason",
            "priority",
            "parameters",
            "is_dry_run",
            "max_parallel",
            "stop_after_failures",
            "refusals",
            "total",
            "succeeded",
            "failed",
            "running",
            "waiting",
            "created_at",
            "stopped_at",
            "stop_reason",
        ]
        read_only_fields: ClassVar = fields

    @extend_schema_field(serializers.ChoiceField(PRIORITIES))
    def get_priority(self, batch: Batch) -> str:
        """HIGH, NORMAL or LOW."""
        return Priority(batch.priority).name


@extend_schema_serializer(component_name="BatchOutput")
class SayingSerializer(Serializer):
    """Servers on which a step said the same, and the end of what it said."""

    servers = serializers.ListField(child=serializers.CharField())
    output = serializers.CharField()


@extend_schema_serializer(component_name="BatchStep")
class ColumnSerializer(Serializer):
    """One step over all servers; ``sayings`` begins with the most common one."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    summary = serializers.CharField()
    sayings = SayingSerializer(many=True)


@extend_schema_serializer(component_name="BatchStepState")
class StepStateSerializer(Serializer):
    """One step on one server."""

    number = serializers.IntegerField()
    status = serializers.ChoiceField(_STEP_STATUSES)
    duration_ms = serializers.IntegerField(allow_null=True)


@extend_schema_serializer(component_name="BatchServer")
class RowSerializer(Serializer):
    """One server's execution and its steps."""

    execution = ExecutionSerializer()
    steps = StepStateSerializer(many=True)


class BatchDetailSerializer(BatchSerializer):
    """A batch as servers x steps."""

    steps = ColumnSerializer(source="grid.columns", many=True, read_only=True)
    servers = RowSerializer(source="grid.rows", many=True, read_only=True)

    class Meta(BatchSerializer.Meta):
        fields: ClassVar = [*BatchSerializer.Meta.fields, "steps", "servers"]
        read_only_fields: ClassVar = fields


@extend_schema_serializer(examples=BATCH)
class BatchLaunchSerializer(Serializer):
    """A launch on several servers, named one by one or by their group."""

    runbook_id = serializers.CharField(max_length=100)
    server_ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=1000
    )
    server_group_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    parameters = serializers.DictField(required=False, default=dict)
    is_dry_run = serializers.BooleanField(required=False, default=None, allow_null=True)
    priority = serializers.ChoiceField(PRIORITIES, required=False, default="NORMAL")
    confirm = serializers.BooleanField(required=False, default=False)
    force = serializers.BooleanField(required=False, default=False)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    incident_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    max_parallel = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=1000
    )
    stop_after_failures = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=1000
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Want servers or a group, and not both."""
        if bool(attrs["server_ids"]) == bool(attrs["server_group_id"]):
            raise serializers.ValidationError(
                {"serverIds": ["Name servers (serverIds) or a group (serverGroupId), one of them."]}
            )
        return attrs
