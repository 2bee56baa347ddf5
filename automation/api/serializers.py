"""Runbooks, executions and their logs as JSON."""

from typing import Any, ClassVar

from drf_spectacular.utils import (
    PolymorphicProxySerializer,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from automation.api import execution_approval
from automation.engine.kinds import Category
from automation.engine.results import (
    ActionStatus,
    CancelOutcome,
    ErrorCode,
    Status,
    StepType,
    Verdict,
)
from automation.models import CatalogEntry, Execution, ExecutionLog, Priority, Trigger
from automation.selectors import executions as selectors
from automation.selectors import waiting
from automation.services.decisions import Decision
from opsmanager.common.api.case import ModelSerializer, Serializer
from opsmanager.common.api.envelopes import ErrorSerializer
from servers.models import Platform

PRIORITIES = [priority.name for priority in Priority]


class RunbookSerializer(ModelSerializer):
    """A runbook in the library; rates are 0 to 1, null before there is anything to count."""

    category = serializers.ChoiceField(list(Category), read_only=True)
    platforms = serializers.ListField(
        child=serializers.ChoiceField(Platform.values), read_only=True
    )
    success_rate = serializers.FloatField(read_only=True, allow_null=True)
    fix_rate = serializers.FloatField(read_only=True, allow_null=True)
    total_executions = serializers.IntegerField(read_only=True)

    class Meta:
        model = CatalogEntry
        fields: ClassVar = [
            "id",
            "runbook_id",
            "title",
            "summary",
            "category",
            "platforms",
            "changes",
            "is_active",
            "dangerous",
            "timeout_seconds",
            "max_retries",
            "cooldown_minutes",
            "approvals",
            "success_rate",
            "fix_rate",
            "total_executions",
        ]


@extend_schema_serializer(component_name="RunbookParameter")
class ParameterSerializer(Serializer):
    """One parameter of a runbook."""

    name = serializers.CharField()
    type = serializers.CharField()
    required: Any = serializers.BooleanField()
    default = serializers.JSONField()
    description = serializers.CharField()
    unit = serializers.CharField()
    secret = serializers.BooleanField()
    constraints = serializers.DictField()
    schema = serializers.DictField()


@extend_schema_serializer(component_name="RunbookStep")
class StepSerializer(Serializer):
    """One step of a runbook."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    reversible = serializers.BooleanField()


class AssessmentSerializer(Serializer):
    """What a runbook's own look at the problem found."""

    healthy = serializers.BooleanField()
    summary = serializers.CharField()
    values = serializers.DictField()


class UserSerializer(Serializer):
    """Who did something."""

    id = serializers.UUIDField()
    username = serializers.CharField()


class ExecutionSerializer(ModelSerializer):
    """One run of one runbook on one server."""

    runbook_uuid = serializers.UUIDField(source="runbook.pk", read_only=True)
    runbook_id = serializers.CharField(source="runbook.runbook_id", read_only=True)
    runbook_title = serializers.CharField(source="runbook.title", read_only=True)
    server_id = serializers.UUIDField(read_only=True)
    server_name = serializers.CharField(source="server.name", read_only=True)
    incident_id = serializers.UUIDField(read_only=True, allow_null=True)
    batch_id = serializers.UUIDField(read_only=True, allow_null=True)
    triggered_by = serializers.ChoiceField(Trigger.values, read_only=True)
    triggered_by_user = UserSerializer(read_only=True, allow_null=True)
    status = serializers.ChoiceField(list(Status), read_only=True)
    verdict = serializers.ChoiceField(list(Verdict), read_only=True, allow_blank=True)
    error_code = serializers.ChoiceField(list(ErrorCode), read_only=True, allow_blank=True)
    priority = serializers.SerializerMethodField(method_name="get_priority")
    parameters = serializers.DictField(read_only=True)
    result_data = serializers.DictField(read_only=True)
    progress = serializers.IntegerField(read_only=True)
    duration_ms = serializers.IntegerField(read_only=True, allow_null=True)
    success = serializers.BooleanField(read_only=True, allow_null=True)
    waiting_for = serializers.SerializerMethodField(method_name="get_waiting_for")
    approval = serializers.SerializerMethodField(method_name="get_approval")
    rollback_status = serializers.ChoiceField(
        [*Status], read_only=True, allow_blank=True, help_text="Where its rollback stands"
    )
    decision = serializers.ChoiceField(list(Decision), read_only=True, allow_blank=True)
    cancel_outcome = serializers.ChoiceField(list(CancelOutcome), read_only=True, allow_blank=True)
    assessment_before = AssessmentSerializer(read_only=True, allow_null=True)
    assessment_after = AssessmentSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Execution
        fields: ClassVar = [
            "id",
            "runbook_uuid",
            "runbook_id",
            "runbook_title",
            "server_id",
            "server_name",
            "incident_id",
            "batch_id",
            "schedule_id",
            "template_id",
            "workflow_run_id",
            "workflow_node",
            "triggered_by",
            "trigger_name",
            "triggered_by_user",
            "api_token_id",
            "api_token_name",
            "reason",
            "status",
            "verdict",
            "priority",
            "parameters",
            "is_dry_run",
            "current_step",
            "total_steps",
            "progress",
            "queued_at",
            "started_at",
            "finished_at",
            "duration_ms",
            "success",
            "result_summary",
            "result_data",
            "error_code",
            "error_message",
            "waiting_for",
            "approval",
            "warnings",
            "attempt",
            "retry_of",
            "dry_run",
            "rollback_performed",
            "rollback_status",
            "rollback_message",
            "rollback_reason",
            "rollback_by",
            "rollback_at",
            "decision",
            "decision_reason",
            "decided_by",
            "decided_at",
            "cancel_outcome",
            "assessment_before",
            "assessment_after",
        ]
        read_only_fields: ClassVar = fields

    @extend_schema_field(serializers.ChoiceField(PRIORITIES))
    def get_priority(self, execution: Execution) -> str:
        """HIGH, NORMAL or LOW."""
        return selectors.priority_name(execution)

    def get_waiting_for(self, execution: Execution) -> str:
        """Why it does not run yet; empty once it does."""
        known: str | None = getattr(execution, "waiting_for", None)
        return waiting.waiting_for(execution) if known is None else known

    @extend_schema_field(execution_approval.ExecutionApprovalSerializer(allow_null=True))
    def get_approval(self, execution: Execution) -> Any:
        """What was asked of other people; null where nothing was."""
        return execution_approval.shown(execution)


class ConditionSerializer(Serializer):
    """One condition for an execution to run, with what is the case and whether that holds it."""

    name = serializers.CharField()
    holds = serializers.BooleanField()
    value = serializers.CharField()
    message = serializers.CharField()


class ExecutionDetailSerializer(ExecutionSerializer):
    """An execution with the conditions that it waits for."""

    why = serializers.SerializerMethodField()

    class Meta(ExecutionSerializer.Meta):
        fields: ClassVar = [*ExecutionSerializer.Meta.fields, "why"]
        read_only_fields: ClassVar = fields

    @extend_schema_field(ConditionSerializer(many=True))
    def get_why(self, execution: Execution) -> list[dict[str, Any]]:
        """Each condition for it to run; empty once it does not wait any more."""
        return [condition.as_json() for condition in waiting.why(execution)]


@extend_schema_serializer(component_name="ExecutionLog")
class LogSerializer(ModelSerializer):
    """One action of an execution: one row of its log."""

    step_type = serializers.ChoiceField(list(StepType), read_only=True)
    status = serializers.ChoiceField(list(ActionStatus), read_only=True)
    duration_ms = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = ExecutionLog
        fields: ClassVar = [
            "seq",
            "attempt",
            "step_number",
            "step_name",
            "step_type",
            "command",
            "changes",
            "stdout",
            "stderr",
            "exit_code",
            "status",
            "started_at",
            "finished_at",
            "duration_ms",
            "error_message",
        ]
        read_only_fields: ClassVar = fields


@extend_schema_serializer(component_name="ExecutionLogs")
class LogsSerializer(Serializer):
    """The log of an execution, or the part of it that was asked for."""

    logs = LogSerializer(many=True)
    total = serializers.IntegerField()


class RunbookDetailSerializer(RunbookSerializer):
    """A runbook with all that it takes to run it."""

    description = serializers.CharField()
    parameters = ParameterSerializer(many=True)
    parameters_schema = serializers.DictField()
    steps = StepSerializer(many=True)
    irreversible = serializers.CharField()
    estimated_duration = serializers.FloatField()
    recent_executions = ExecutionSerializer(many=True)

    class Meta(RunbookSerializer.Meta):
        fields: ClassVar = [
            *RunbookSerializer.Meta.fields,
            "description",
            "parameters",
            "parameters_schema",
            "steps",
            "irreversible",
            "estimated_duration",
            "recent_executions",
        ]


class PlannedStepSerializer(Serializer):
    """A step that a rollback would take back."""

    number = serializers.IntegerField()
    title = serializers.CharField()


class RollbackPlanSerializer(Serializer):
    """What a rollback would take back, latest first; ``whyNot`` says why nothing can be."""

    possible = serializers.BooleanField()
    steps = PlannedStepSerializer(many=True)
    why_not = serializers.CharField(allow_blank=True)


@extend_schema_serializer(component_name="ValidationChecks")
class ChecksSerializer(Serializer):
    """Which conditions of a launch hold."""

    server_compatibility = serializers.BooleanField()
    permissions = serializers.BooleanField()
    rate_limit_ok = serializers.BooleanField()
    parameters_valid = serializers.BooleanField()
    server_reachable = serializers.BooleanField()


class ValidationSerializer(Serializer):
    """Whether a launch would be accepted."""

    valid = serializers.BooleanField()
    checks = ChecksSerializer()
    warnings = serializers.ListField(child=serializers.CharField())
    estimated_duration = serializers.FloatField()


class ValidationRefusedSerializer(ValidationSerializer):
    """A launch would not be accepted; ``errors`` says by condition why not."""

    errors: Any = serializers.DictField(child=ErrorSerializer())


NOT_VALID = PolymorphicProxySerializer(
    component_name="ValidationRefusedOrError",
    serializers=[ValidationRefusedSerializer, ErrorSerializer],
    resource_type_field_name=None,
)
"""A 400 of a validation: its result, or that the request itself can't be read."""
