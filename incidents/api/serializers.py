"""Incidents, their timelines and what may help, as JSON; and what is sent about them."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from automation.api.serializers import UserSerializer
from incidents.models import Incident, IncidentStatus, Severity, TimelineEntry
from incidents.services import checked
from opsmanager.common.api.case import ModelSerializer, Serializer


def _example(name: str, **body: Any) -> OpenApiExample:
    return OpenApiExample(name, value=body, request_only=True)


class LabelField(serializers.CharField):
    """The text of a label, taken for no other type."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if not isinstance(data, str):
            raise serializers.ValidationError("Use a text.")
        return str(super().to_internal_value(data))


class IncidentSerializer(ModelSerializer):
    """Something that is broken."""

    status = serializers.ChoiceField(IncidentStatus.values, read_only=True)
    severity = serializers.ChoiceField(Severity.values, read_only=True)
    is_open = serializers.BooleanField(read_only=True)
    server_id = serializers.UUIDField(read_only=True, allow_null=True)
    server_name = serializers.SerializerMethodField(method_name="get_server_name")
    labels = serializers.DictField(child=serializers.CharField(), read_only=True)
    acknowledged_by = UserSerializer(read_only=True, allow_null=True)
    assigned_to = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Incident
        fields: ClassVar = [
            "id",
            "title",
            "description",
            "severity",
            "status",
            "is_open",
            "server_id",
            "server_name",
            "server_found_by",
            "source",
            "url",
            "labels",
            "fingerprint",
            "opened_at",
            "acknowledged_at",
            "acknowledged_by",
            "assigned_to",
            "resolved_at",
            "resolved_by_source",
            "alert_began_at",
            "last_seen_at",
            "times_seen",
            "times_opened",
            "is_flapping",
            "in_maintenance",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = fields

    def get_server_name(self, incident: Incident) -> str:
        """Return its server's name; empty for none."""
        return incident.server.name if incident.server else ""


class TimelineEntrySerializer(ModelSerializer):
    """One line of an incident's timeline."""

    execution_id = serializers.UUIDField(read_only=True, allow_null=True)
    workflow_run_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = TimelineEntry
        fields: ClassVar = ["id", "at", "kind", "text", "actor", "execution_id", "workflow_run_id"]
        read_only_fields: ClassVar = fields


class SuggestionSerializer(Serializer):
    """A runbook that may help, with the parameters that the incident's labels give."""

    runbook_id = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    parameters = serializers.DictField()
    why = serializers.CharField()
    fixed_count = serializers.IntegerField()
    tried_count = serializers.IntegerField(
        help_text="How often it was tried for incidents like this one"
    )
    tried_for = serializers.CharField(help_text="What those have in common with this one")


class SuggestionsSerializer(Serializer):
    """What may help: to look closer, which changes nothing, and to fix it."""

    diagnose = SuggestionSerializer(many=True)
    fix = SuggestionSerializer(many=True)


@extend_schema_serializer(
    component_name="IncidentRequest",
    examples=[
        _example(
            "The shop is slow",
            title="The shop is slow",
            severity="HIGH",
            description="Since the release at noon",
            labels={"unit": "shop.service"},
        )
    ],
)
class OpenSerializer(Serializer):
    """An incident that a person has noticed."""

    title = serializers.CharField(max_length=300)
    severity = serializers.ChoiceField(Severity.values)
    description = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=20_000
    )
    server_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    labels = serializers.DictField(
        child=LabelField(max_length=checked.LABEL_LENGTH, allow_blank=True),
        required=False,
        default=dict,
        help_text="Text by name; they fill the parameters of what may help",
    )


@extend_schema_serializer(
    component_name="IncidentChange", examples=[_example("It is worse", severity="CRITICAL")]
)
class ChangeSerializer(Serializer):
    """What of an incident is to be changed; ``serverId`` null for none."""

    title = serializers.CharField(max_length=300, required=False)
    severity = serializers.ChoiceField(Severity.values, required=False)
    description = serializers.CharField(required=False, allow_blank=True, max_length=20_000)
    server_id = serializers.UUIDField(required=False, allow_null=True)


@extend_schema_serializer(
    component_name="IncidentReason", examples=[_example("Over", reason="The cable was loose.")]
)
class ReasonSerializer(Serializer):
    """Why it is resolved, or opened again."""

    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=checked.NOTE_LENGTH
    )


@extend_schema_serializer(
    component_name="IncidentAssignment", examples=[_example("Ann takes it", assignedTo="ann")]
)
class AssignSerializer(Serializer):
    """Who takes care of it: a user's name, or null for nobody."""

    assigned_to = serializers.CharField(max_length=150, allow_null=True)


@extend_schema_serializer(
    component_name="IncidentNote", examples=[_example("A note", text="Called the provider.")]
)
class NoteSerializer(Serializer):
    """A note for the timeline."""

    text = serializers.CharField(max_length=checked.NOTE_LENGTH)


@extend_schema_serializer(
    component_name="IncidentExecution",
    examples=[_example("A run", executionId="9d0a5f64-8c11-4f5e-a1c5-5a1b0c9f2e77")],
)
class ExecutionLinkSerializer(Serializer):
    """Which execution was, or was not, for the incident."""

    execution_id = serializers.UUIDField()
