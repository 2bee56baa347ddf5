"""Templates as JSON, and what is sent about them."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from automation.api import examples
from automation.api.batch_serializers import BatchDetailSerializer
from automation.api.serializers import ExecutionSerializer, UserSerializer
from automation.api.workflow_run_serializers import WorkflowRunDetailSerializer
from automation.models import Template
from opsmanager.common.api.case import ModelSerializer, Serializer

NAME_LENGTH = 100
DESCRIPTION_LENGTH = 2000


class TemplateSerializer(ModelSerializer):
    """Saved parameters of a runbook; of the secret ones only the names are shown."""

    runbook_uuid = serializers.UUIDField(source="runbook.pk", read_only=True)
    runbook_id = serializers.CharField(source="runbook.runbook_id", read_only=True)
    runbook_title = serializers.CharField(source="runbook.title", read_only=True)
    parameters = serializers.DictField(read_only=True)
    saved_secrets = serializers.SerializerMethodField(method_name="get_saved_secrets")
    server_id = serializers.UUIDField(read_only=True, allow_null=True)
    server_name = serializers.CharField(source="server.name", read_only=True, default=None)
    server_group_id = serializers.UUIDField(read_only=True, allow_null=True)
    server_group_name = serializers.CharField(
        source="server_group.name", read_only=True, default=None
    )
    created_by = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Template
        fields: ClassVar = [
            "id",
            "name",
            "description",
            "runbook_uuid",
            "runbook_id",
            "runbook_title",
            "parameters",
            "saved_secrets",
            "server_id",
            "server_name",
            "server_group_id",
            "server_group_name",
            "created_by",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_saved_secrets(self, template: Template) -> list[str]:
        """The secret parameters that it keeps, by their names."""
        return template.secret_parameters.names if template.secret_parameters else []


class WhereSerializer(Serializer):
    """A server or a server group."""

    server_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    server_group_id = serializers.UUIDField(required=False, allow_null=True, default=None)

    def validate(self, attrs: Any) -> Any:
        """Refuse two places at once."""
        if attrs.get("server_id") and attrs.get("server_group_id"):
            raise serializers.ValidationError(
                {"serverGroupId": ["Name a server or a group, not both."]}
            )
        return attrs


@extend_schema_serializer(component_name="TemplateSave", examples=examples.TEMPLATE)
class TemplateSaveSerializer(WhereSerializer):
    """A template; secret parameters that were given once are kept until others are given."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    description = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=DESCRIPTION_LENGTH
    )
    runbook_id = serializers.CharField(
        max_length=100, help_text="Its id such as SERVICE_RESTART, or its UUID"
    )
    parameters = serializers.DictField(required=False, default=dict)


@extend_schema_serializer(component_name="TemplateRun", examples=examples.TEMPLATE_RUN)
class TemplateRunSerializer(WhereSerializer):
    """A run of a template; without a place it runs on its own."""

    parameters = serializers.DictField(
        required=False, default=dict, help_text="Laid over those of the template"
    )
    is_dry_run = serializers.BooleanField(required=False, default=None, allow_null=True)
    confirm = serializers.BooleanField(required=False, default=False)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class StartedSerializer(Serializer):
    """What was started: an execution on a server, a batch on a group, a run of a workflow."""

    execution = ExecutionSerializer(required=False)
    batch = BatchDetailSerializer(required=False)
    workflow_run = WorkflowRunDetailSerializer(required=False)
