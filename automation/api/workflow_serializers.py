"""Workflows as JSON, and what is sent about them."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from automation.api import examples
from automation.api.serializers import UserSerializer
from automation.models import Workflow
from automation.services import workflows
from automation.workflows import InputType
from automation.workflows.expressions import LONGEST as LONGEST_EXPRESSION
from automation.workflows.filters import LONGEST_TEXT
from automation.workflows.reading import LONGEST
from opsmanager.common.api.case import ModelSerializer, Serializer

_DEFINITION = "Nodes by key, edges, inputs, name and description; see the guide of workflows."


@extend_schema_serializer(component_name="WorkflowInput")
class InputSerializer(Serializer):
    """What somebody gives when a workflow starts."""

    name = serializers.CharField()
    type = serializers.ChoiceField(list(InputType))
    required: Any = serializers.BooleanField()
    default: Any = serializers.JSONField()
    help = serializers.CharField()


class WorkflowSerializer(ModelSerializer):
    """A workflow as it is saved; ``version`` grows with each change of what it does."""

    definition = serializers.DictField(read_only=True, help_text=_DEFINITION)
    inputs = serializers.SerializerMethodField(method_name="get_inputs")
    saved_by = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Workflow
        fields: ClassVar = [
            "id",
            "name",
            "description",
            "version",
            "is_active",
            "definition",
            "inputs",
            "saved_by",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = fields

    @extend_schema_field(InputSerializer(many=True))
    def get_inputs(self, workflow: Workflow) -> Any:
        """What it wants to know when it starts."""
        return InputSerializer.json_of_each(workflows.definition_of(workflow).inputs)


class TextSerializer(Serializer):
    """A workflow, as JSON or as YAML."""

    definition = serializers.DictField(required=False, help_text=_DEFINITION)
    yaml = serializers.CharField(
        required=False,
        trim_whitespace=False,
        max_length=LONGEST,
        help_text="The same as a text of YAML, in place of `definition`.",
    )

    def validate(self, attrs: Any) -> Any:
        """Refuse none and both."""
        count = ("definition" in attrs) + ("yaml" in attrs)
        if count > 1 or (count == 0 and not self.partial):
            raise serializers.ValidationError(
                {"definition": ["Send the workflow as definition or as yaml, one of both."]}
            )
        return attrs


@extend_schema_serializer(component_name="WorkflowSave", examples=examples.WORKFLOW)
class WorkflowSaveSerializer(TextSerializer):
    """A workflow; its name and description are part of it."""

    is_active = serializers.BooleanField(required=False)
    version = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text="The one that was changed: where somebody saved another since, that is not lost.",
    )


@extend_schema_serializer(component_name="WorkflowText", examples=examples.WORKFLOW)
class WorkflowTextSerializer(TextSerializer):
    """A workflow to be looked over."""


@extend_schema_serializer(component_name="WorkflowFinding")
class FindingSerializer(Serializer):
    """One thing that is wrong with a workflow."""

    place = serializers.CharField(
        allow_blank=True, help_text="Such as `nodes.check.parameters.path`; empty for the whole."
    )
    message = serializers.CharField(source="sentence")


class WorkflowValidationSerializer(Serializer):
    """Whether a workflow could be saved, and all that is wrong with it."""

    valid = serializers.BooleanField()
    errors: Any = FindingSerializer(many=True)
    workflow = serializers.DictField(
        allow_null=True, help_text="As it would be kept; null where it can't be read."
    )


@extend_schema_serializer(component_name="ExpressionTry", examples=examples.EXPRESSION)
class ExpressionTrySerializer(Serializer):
    """A condition or another expression, or a template, with what it may name."""

    expression = serializers.CharField(
        required=False, trim_whitespace=False, max_length=LONGEST_EXPRESSION
    )
    template = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, max_length=LONGEST_TEXT
    )
    inputs = serializers.DictField(required=False, default=dict)
    results = serializers.DictField(
        required=False, default=dict, help_text="By the keys of nodes, as a run shows them."
    )
    run_id = serializers.UUIDField(
        required=False,
        help_text="An earlier run whose inputs and results count, where no others are given.",
    )


class ExpressionValueSerializer(Serializer):
    """What came out."""

    value = serializers.JSONField()
    kind = serializers.CharField(help_text="In words, such as `yes or no` or `a number`.")
