"""Approvals as JSON, and what is sent about them."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from automation.api import examples
from automation.api.serializers import UserSerializer
from automation.models import Approval, ApprovalState, ApprovalVote
from opsmanager.common.api.case import ModelSerializer, Serializer

_LONGEST = 2000


class VoteSerializer(ModelSerializer):
    """What one person said."""

    user = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ApprovalVote
        fields: ClassVar = ["user", "approves", "reason", "at"]
        read_only_fields: ClassVar = fields


class ApprovalSerializer(ModelSerializer):
    """What waits, or waited, for other people: an execution, or a step of a workflow's run."""

    state = serializers.ChoiceField(ApprovalState.values, read_only=True)
    given = serializers.IntegerField(read_only=True, help_text="How many have approved it so far")
    votes = VoteSerializer(many=True, read_only=True)
    asked_by = UserSerializer(read_only=True, allow_null=True)
    bypassed_by = UserSerializer(read_only=True, allow_null=True)
    reviewed_by = UserSerializer(read_only=True, allow_null=True)
    execution_id = serializers.UUIDField(read_only=True, allow_null=True)
    runbook_id = serializers.CharField(
        source="execution.runbook.runbook_id", read_only=True, default=None
    )
    runbook_title = serializers.CharField(
        source="execution.runbook.title", read_only=True, default=None
    )
    server_id = serializers.UUIDField(source="execution.server_id", read_only=True, default=None)
    server_name = serializers.CharField(
        source="execution.server.name", read_only=True, default=None
    )
    parameters = serializers.DictField(source="execution.parameters", read_only=True, default=None)
    dry_run_id = serializers.UUIDField(source="execution.dry_run_id", read_only=True, default=None)
    workflow_run_id = serializers.UUIDField(source="step.run_id", read_only=True, default=None)
    workflow_name = serializers.CharField(source="step.run.name", read_only=True, default=None)
    workflow_node = serializers.CharField(source="step.key", read_only=True, default=None)
    wants_review = serializers.BooleanField(read_only=True)

    class Meta:
        model = Approval
        fields: ClassVar = [
            "id",
            "title",
            "message",
            "state",
            "needed",
            "given",
            "votes",
            "asked_by",
            "asked_at",
            "expires_at",
            "decided_at",
            "execution_id",
            "runbook_id",
            "runbook_title",
            "server_id",
            "server_name",
            "parameters",
            "dry_run_id",
            "workflow_run_id",
            "workflow_name",
            "workflow_node",
            "bypassed_by",
            "bypass_reason",
            "wants_review",
            "reviewed_by",
            "reviewed_at",
            "review_note",
        ]
        read_only_fields: ClassVar = fields


@extend_schema_serializer(component_name="Approve", examples=examples.APPROVE)
class ApproveSerializer(Serializer):
    """An approval; why may be said."""

    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=_LONGEST
    )


@extend_schema_serializer(component_name="Reject", examples=examples.REJECT)
class RejectSerializer(Serializer):
    """A rejection; why must be said."""

    reason = serializers.CharField(max_length=_LONGEST)


@extend_schema_serializer(component_name="Bypass", examples=examples.BYPASS)
class BypassSerializer(Serializer):
    """Going on without an approval, in an emergency; why must be said."""

    reason = serializers.CharField(max_length=_LONGEST)


@extend_schema_serializer(component_name="Review", examples=examples.REVIEW)
class ReviewSerializer(Serializer):
    """What somebody else makes of it that something went ahead without its approval."""

    note = serializers.CharField(max_length=_LONGEST)
