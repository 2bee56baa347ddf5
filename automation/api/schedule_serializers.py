"""Schedules and their slots as JSON, and what is sent about them."""

from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from automation.api import examples
from automation.api.serializers import PRIORITIES, UserSerializer
from automation.api.template_serializers import (
    DESCRIPTION_LENGTH,
    NAME_LENGTH,
    WhereSerializer,
)
from automation.models import (
    MissedPolicy,
    OverlapPolicy,
    Priority,
    Schedule,
    ScheduleSlot,
    SlotState,
)
from automation.selectors import schedules as selectors
from opsmanager.common.api.case import ModelSerializer, Serializer


class ScheduleSerializer(ModelSerializer):
    """What runs by itself, and when; ``runbookId``, ``templateId`` or ``workflowId`` says what."""

    runbook_uuid = serializers.UUIDField(source="runbook.pk", read_only=True, default=None)
    runbook_id = serializers.CharField(source="runbook.runbook_id", read_only=True, default=None)
    runbook_title = serializers.SerializerMethodField(method_name="get_runbook_title")
    template_id = serializers.UUIDField(read_only=True, allow_null=True)
    template_name = serializers.CharField(source="template.name", read_only=True, default=None)
    workflow_id = serializers.UUIDField(read_only=True, allow_null=True)
    workflow_name = serializers.CharField(source="workflow.name", read_only=True, default=None)
    server_id = serializers.UUIDField(read_only=True, allow_null=True)
    server_name = serializers.CharField(source="server.name", read_only=True, default=None)
    server_group_id = serializers.UUIDField(read_only=True, allow_null=True)
    server_group_name = serializers.CharField(
        source="server_group.name", read_only=True, default=None
    )
    parameters = serializers.DictField(read_only=True, help_text="Of a workflow its inputs")
    saved_secrets = serializers.SerializerMethodField(method_name="get_saved_secrets")
    in_words = serializers.SerializerMethodField(method_name="get_in_words")
    priority = serializers.SerializerMethodField(method_name="get_priority")
    missed = serializers.ChoiceField(MissedPolicy.values, read_only=True)
    overlap = serializers.ChoiceField(OverlapPolicy.values, read_only=True)
    owner = UserSerializer(read_only=True, allow_null=True)
    next_runs = serializers.SerializerMethodField(method_name="get_next_runs")
    next_run_at = serializers.SerializerMethodField(method_name="get_next_run_at")
    last_run_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_state = serializers.ChoiceField(SlotState.values, read_only=True, allow_null=True)

    class Meta:
        model = Schedule
        fields: ClassVar = [
            "id",
            "name",
            "description",
            "runbook_uuid",
            "runbook_id",
            "runbook_title",
            "template_id",
            "template_name",
            "workflow_id",
            "workflow_name",
            "server_id",
            "server_name",
            "server_group_id",
            "server_group_name",
            "parameters",
            "saved_secrets",
            "cron_expression",
            "timezone",
            "in_words",
            "is_active",
            "is_dry_run",
            "is_confirmed",
            "missed",
            "overlap",
            "max_parallel",
            "priority",
            "owner",
            "next_run_at",
            "next_runs",
            "last_run_at",
            "last_state",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = fields

    def get_runbook_title(self, schedule: Schedule) -> str:
        """The title of what it runs, also by a template; empty for a workflow."""
        entry = schedule.template.runbook if schedule.template else schedule.runbook
        return entry.title if entry else ""

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_saved_secrets(self, schedule: Schedule) -> list[str]:
        """The secret parameters that it keeps, by their names."""
        return schedule.secret_parameters.names if schedule.secret_parameters else []

    def get_in_words(self, schedule: Schedule) -> str:
        """The expression in words."""
        return selectors.in_words(schedule.cron_expression)

    @extend_schema_field(serializers.ChoiceField(PRIORITIES))
    def get_priority(self, schedule: Schedule) -> str:
        """HIGH, NORMAL or LOW."""
        return Priority(schedule.priority).name

    @extend_schema_field(serializers.ListField(child=serializers.DateTimeField()))
    def get_next_runs(self, schedule: Schedule) -> list[datetime]:
        """The next five times; none while it is paused."""
        return _next_runs(schedule)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_run_at(self, schedule: Schedule) -> datetime | None:
        """The next time; null while it is paused."""
        return next(iter(_next_runs(schedule)), None)


class ConditionHeldSerializer(Serializer):
    """A condition of a launch, and whether it held."""

    name = serializers.CharField()
    holds = serializers.BooleanField()
    message = serializers.CharField()


class ScheduleSlotSerializer(ModelSerializer):
    """A time at which a schedule was due, and what became of it."""

    state = serializers.ChoiceField(SlotState.values, read_only=True)
    conditions = ConditionHeldSerializer(many=True, read_only=True)
    execution_id = serializers.UUIDField(read_only=True, allow_null=True)
    batch_id = serializers.UUIDField(read_only=True, allow_null=True)
    workflow_run_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = ScheduleSlot
        fields: ClassVar = [
            "due_at",
            "state",
            "message",
            "conditions",
            "handled_at",
            "execution_id",
            "batch_id",
            "workflow_run_id",
        ]
        read_only_fields: ClassVar = fields


@extend_schema_serializer(component_name="ScheduleSave", examples=examples.SCHEDULE)
class ScheduleSaveSerializer(WhereSerializer):
    """A schedule; with a template, its parameters are laid over those of the template."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    description = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=DESCRIPTION_LENGTH
    )
    runbook_id = serializers.CharField(
        required=False,
        allow_null=True,
        default=None,
        max_length=100,
        help_text="Its id such as SERVICE_RESTART, or its UUID",
    )
    template_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    workflow_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="In place of both; it says itself where it runs",
    )
    parameters = serializers.DictField(
        required=False, default=dict, help_text="Of a workflow its inputs"
    )
    cron_expression = serializers.CharField(
        max_length=200,
        help_text="Minute, hour, day of month, month, day of week, such as 15 3 * * 1-5",
    )
    timezone = serializers.CharField(
        required=False, default="UTC", max_length=64, help_text="Such as Europe/Berlin"
    )
    is_active = serializers.BooleanField(required=False, default=True)
    is_dry_run = serializers.BooleanField(required=False, default=False)
    confirm = serializers.BooleanField(
        required=False,
        default=False,
        help_text="That it is meant, where the runbook is dangerous or a server in production",
    )
    missed = serializers.ChoiceField(
        MissedPolicy.values, required=False, default=MissedPolicy.RUN_ONCE.value
    )
    overlap = serializers.ChoiceField(
        OverlapPolicy.values, required=False, default=OverlapPolicy.SKIP.value
    )
    max_parallel = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=1000
    )
    priority = serializers.ChoiceField(PRIORITIES, required=False, default="NORMAL")

    def validate(self, attrs: Any) -> Any:
        """Want a runbook, a template or a workflow, one of them."""
        attrs = super().validate(attrs)
        names = ("runbook_id", "template_id", "workflow_id")
        count = sum(bool(attrs.get(name)) for name in names)
        if count > 1 or (count == 0 and not self.partial):
            sentence = (
                "Name a runbook (runbookId), a template (templateId) or a workflow (workflowId), "
                "one of them."
            )
            raise serializers.ValidationError({"runbookId": [sentence]})
        return attrs


class ReasonSerializer(Serializer):
    """Why something is done by hand."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


def _next_runs(schedule: Schedule) -> list[datetime]:
    """Return the next runs, worked out once for an answer."""
    found: list[datetime] | None = schedule.__dict__.get("shown_next_runs")
    if found is None:
        found = selectors.next_runs(schedule) if schedule.is_active else []
        schedule.__dict__["shown_next_runs"] = found
    return found
