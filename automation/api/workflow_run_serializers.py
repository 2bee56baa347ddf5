"""Runs of workflows as JSON, and what is sent about them."""

from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from automation.api import examples
from automation.api.serializers import PRIORITIES, UserSerializer
from automation.engine.results import Status
from automation.models import Priority, Trigger, WorkflowRun
from automation.models.workflow import STATUSES
from automation.selectors import workflow_steps
from automation.workflows import Phase
from opsmanager.common.api.case import ModelSerializer, Serializer

_KINDS: Final = ["run", "wait", "note"]


class WorkflowCountsSerializer(Serializer):
    """How many steps are in which phase: of nodes for several servers, each of these."""

    waiting = serializers.IntegerField(source="WAITING")
    ready = serializers.IntegerField(source="READY")
    running = serializers.IntegerField(source="RUNNING")
    succeeded = serializers.IntegerField(source="SUCCEEDED")
    failed = serializers.IntegerField(source="FAILED")
    skipped = serializers.IntegerField(source="SKIPPED")
    cancelled = serializers.IntegerField(source="CANCELLED")


class WorkflowRunSerializer(ModelSerializer):
    """One run of a workflow; ``workflowId`` is null once that was deleted."""

    workflow_id = serializers.UUIDField(read_only=True, allow_null=True)
    status = serializers.ChoiceField([*STATUSES], read_only=True)
    triggered_by = serializers.ChoiceField(Trigger.values, read_only=True)
    triggered_by_user = UserSerializer(read_only=True, allow_null=True)
    on_behalf_of = UserSerializer(read_only=True, allow_null=True)
    retried_by = UserSerializer(read_only=True, allow_null=True)
    cancel_requested_by = UserSerializer(read_only=True, allow_null=True)
    priority = serializers.SerializerMethodField(method_name="get_priority")
    inputs = serializers.DictField(read_only=True)
    duration_ms = serializers.SerializerMethodField(method_name="get_duration_ms")
    progress = serializers.IntegerField(
        read_only=True, help_text="The share of its nodes that have ended, 0 to 100"
    )
    counts = WorkflowCountsSerializer(read_only=True)

    class Meta:
        model = WorkflowRun
        fields: ClassVar = [
            "id",
            "workflow_id",
            "name",
            "version",
            "status",
            "message",
            "inputs",
            "triggered_by",
            "trigger_name",
            "triggered_by_user",
            "on_behalf_of",
            "api_token_id",
            "api_token_name",
            "schedule_id",
            "incident_id",
            "reason",
            "priority",
            "is_dry_run",
            "started_at",
            "finished_at",
            "duration_ms",
            "cancel_requested_at",
            "cancel_requested_by",
            "retried_by",
            "retries",
            "revision",
            "progress",
            "counts",
        ]
        read_only_fields: ClassVar = fields

    @extend_schema_field(serializers.ChoiceField(PRIORITIES))
    def get_priority(self, run: WorkflowRun) -> str:
        """HIGH, NORMAL or LOW."""
        return Priority(run.priority).name

    def get_duration_ms(self, run: WorkflowRun) -> int | None:
        """From its start to its end, with what was tried again; null until then."""
        if run.finished_at is None:
            return None
        return round((run.finished_at - run.started_at).total_seconds() * 1000)


class WorkflowStepSerializer(Serializer):
    """Where a node of a run stands; of one for several servers, also each of them (``item``)."""

    key = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(_KINDS)
    item = serializers.CharField(
        allow_blank=True, help_text="The server's name; empty for the node as a whole"
    )
    phase = serializers.ChoiceField(list(Phase))
    reason = serializers.CharField(
        allow_blank=True, help_text="Why it was skipped, failed, or was not begun"
    )
    summary = serializers.CharField(allow_blank=True)
    execution_id = serializers.UUIDField(allow_null=True)
    execution_status = serializers.ChoiceField(list(Status), allow_null=True)
    server_id = serializers.UUIDField(allow_null=True)
    server_name = serializers.CharField(allow_null=True)
    approval_id = serializers.UUIDField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="When a wait is over")
    begun_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class WorkflowRunDetailSerializer(WorkflowRunSerializer):
    """A run with each of its steps, and the definition that it began with."""

    definition = serializers.DictField(read_only=True)
    steps = serializers.SerializerMethodField(method_name="get_steps")

    class Meta(WorkflowRunSerializer.Meta):
        fields: ClassVar = [*WorkflowRunSerializer.Meta.fields, "definition", "steps"]
        read_only_fields: ClassVar = fields

    @extend_schema_field(WorkflowStepSerializer(many=True))
    def get_steps(self, run: WorkflowRun) -> Any:
        """Its nodes in an order in which they may follow one another."""
        nodes = run.definition["nodes"]
        steps = [
            {
                "key": step.key,
                "title": nodes[step.key].get("title", ""),
                "kind": nodes[step.key]["kind"],
                "item": step.item,
                "phase": step.phase,
                "reason": step.reason,
                "summary": (step.result or {}).get("summary", ""),
                "execution_id": step.execution_id,
                "execution_status": step.execution.status if step.execution else None,
                "server_id": step.server_id,
                "server_name": step.server.name if step.server else step.item or None,
                "approval_id": step.approval_id,  # type: ignore[attr-defined] # of the query
                "due_at": step.due_at,
                "begun_at": step.begun_at,
                "ended_at": step.ended_at,
            }
            for step in workflow_steps.shown(run)
        ]
        return WorkflowStepSerializer.json_of_each(steps)


@extend_schema_serializer(component_name="WorkflowStart", examples=examples.WORKFLOW_RUN)
class WorkflowStartSerializer(Serializer):
    """A start of a workflow."""

    inputs = serializers.DictField(required=False, default=dict, help_text="By their names")
    is_dry_run = serializers.BooleanField(required=False, default=None, allow_null=True)
    confirm = serializers.BooleanField(
        required=False,
        default=False,
        help_text="That it is meant, where a runbook is dangerous or a server in production",
    )
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    priority = serializers.ChoiceField(PRIORITIES, required=False, default="NORMAL")
    incident_id = serializers.UUIDField(required=False, allow_null=True, default=None)


@extend_schema_serializer(component_name="WorkflowRetry", examples=examples.WORKFLOW_RETRY)
class WorkflowRetrySerializer(Serializer):
    """Going on with a run that has ended."""

    node = serializers.CharField(
        required=False,
        allow_null=True,
        default=None,
        max_length=50,
        help_text="From which one on; without it, from all that failed or was cancelled",
    )
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    confirm = serializers.BooleanField(required=False, default=False)
