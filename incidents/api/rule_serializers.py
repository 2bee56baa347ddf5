"""Remediation rules, what they decided and why, as JSON; and what is sent about them."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from automation.api.serializers import UserSerializer
from automation.models import CatalogEntry, Template, Workflow
from automation.selectors import runbooks
from incidents.models import (
    DecisionOutcome,
    RemediationRule,
    RuleBreaker,
    RuleDecision,
    RuleMode,
    Severity,
)
from incidents.services.tryout import MOST_DAYS
from opsmanager.common.api.case import ModelSerializer, Serializer
from servers.models import ServerGroup

_MOST = 32767
_NEW = OpenApiExample(
    "Restart what an alert names",
    value={
        "name": "Restart failed units",
        "sources": ["prometheus"],
        "labels": {"alertname": "SystemdUnitFailed", "name": "*.service"},
        "runbookId": "SERVICE_RESTART",
        "parameters": {"serviceName": "{{ labels.name }}"},
    },
    request_only=True,
)


@extend_schema_serializer(component_name="RemediationRule")
class RuleSerializer(ModelSerializer):
    """A remediation rule; what ends in ``Lately`` counts the last 30 days."""

    mode = serializers.ChoiceField(RuleMode.values, read_only=True)
    severities = serializers.ListField(
        child=serializers.ChoiceField(Severity.values), read_only=True
    )
    labels = serializers.DictField(child=serializers.CharField(), read_only=True)
    parameters = serializers.DictField(read_only=True)
    server_group_id = serializers.UUIDField(read_only=True, allow_null=True)
    runbook_id = serializers.SerializerMethodField(method_name="get_runbook_id")
    template_id = serializers.UUIDField(read_only=True, allow_null=True)
    workflow_id = serializers.UUIDField(read_only=True, allow_null=True)
    owner = UserSerializer(read_only=True, allow_null=True)
    fits_lately = serializers.IntegerField(read_only=True)
    started_lately = serializers.IntegerField(read_only=True)
    ended_lately = serializers.IntegerField(read_only=True)
    fixed_lately = serializers.IntegerField(read_only=True)
    open_breakers = serializers.IntegerField(read_only=True)

    class Meta:
        model = RemediationRule
        fields: ClassVar = [
            "id",
            "name",
            "description",
            "rank",
            "mode",
            "sources",
            "severities",
            "labels",
            "title",
            "server_group_id",
            "runbook_id",
            "template_id",
            "workflow_id",
            "parameters",
            "server_template",
            "is_confirmed",
            "per_hour",
            "at_once",
            "group_limit",
            "group_percent",
            "breaker_after",
            "retry_minutes",
            "resolves",
            "acts_while_flapping",
            "owner",
            "fits_lately",
            "started_lately",
            "ended_lately",
            "fixed_lately",
            "open_breakers",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_runbook_id(self, rule: RemediationRule) -> str | None:
        """Such as SERVICE_RESTART; null where it starts a template or a workflow."""
        return rule.runbook.runbook_id if rule.runbook else None


@extend_schema_serializer(component_name="RuleFields", examples=[_NEW])
class RuleFieldsSerializer(Serializer):
    """What is written of a rule; it is made switched off."""

    name = serializers.CharField(max_length=100)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    rank = serializers.IntegerField(required=False, min_value=0, max_value=_MOST)
    sources = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=100
    )
    severities = serializers.ListField(
        child=serializers.ChoiceField(Severity.values), required=False, max_length=4
    )
    labels = serializers.DictField(
        child=serializers.CharField(max_length=1000, allow_blank=True), required=False
    )
    title = serializers.CharField(required=False, allow_blank=True, max_length=300)
    server_group_id = serializers.PrimaryKeyRelatedField(
        source="server_group", queryset=ServerGroup.objects.all(), allow_null=True, required=False
    )
    runbook_id = serializers.CharField(max_length=100, required=False, allow_null=True)
    template_id = serializers.PrimaryKeyRelatedField(
        source="template", queryset=Template.objects.all(), allow_null=True, required=False
    )
    workflow_id = serializers.PrimaryKeyRelatedField(
        source="workflow", queryset=Workflow.objects.all(), allow_null=True, required=False
    )
    parameters = serializers.DictField(required=False)
    server_template = serializers.CharField(required=False, allow_blank=True, max_length=300)
    per_hour = serializers.IntegerField(required=False, min_value=1, max_value=10_000)
    at_once = serializers.IntegerField(required=False, min_value=1, max_value=10_000)
    group_limit = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=10_000
    )
    group_percent = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=100
    )
    breaker_after = serializers.IntegerField(required=False, min_value=1, max_value=100)
    retry_minutes = serializers.IntegerField(required=False, min_value=0, max_value=1440)
    resolves = serializers.BooleanField(required=False)
    acts_while_flapping = serializers.BooleanField(required=False)

    def fields_for(self, user: Any) -> dict[str, Any]:
        """Return the fields as the service takes them. Raises :class:`NotFound` for a runbook."""
        values = dict(self.validated_data)
        if "runbook_id" in values:
            key = values.pop("runbook_id")
            runbook: CatalogEntry | None = runbooks.get(user, key) if key else None
            values["runbook"] = runbook
        return values


@extend_schema_serializer(
    examples=[OpenApiExample("Wider", value={"labels": {"job": "*"}}, request_only=True)]
)
class RuleChangeSerializer(RuleFieldsSerializer):
    """What is changed of a rule; an automatic one that wants a confirmation wants it again."""

    name = serializers.CharField(max_length=100, required=False)
    confirm = serializers.BooleanField(required=False, default=False)


@extend_schema_serializer(
    component_name="RuleSwitch",
    examples=[OpenApiExample("Automatic", value={"mode": "AUTOMATIC"}, request_only=True)],
)
class ModeSerializer(Serializer):
    """How a rule is switched."""

    mode = serializers.ChoiceField(RuleMode.values)
    confirm = serializers.BooleanField(required=False, default=False)


@extend_schema_serializer(
    component_name="RuleTry",
    examples=[OpenApiExample("A week", value={"days": 7}, request_only=True)],
)
class DaysSerializer(Serializer):
    """How far back is looked."""

    days = serializers.IntegerField(required=False, default=30, min_value=1, max_value=MOST_DAYS)


@extend_schema_serializer(component_name="RuleTryNew", examples=[_NEW])
class TryNewSerializer(RuleFieldsSerializer):
    """A rule that is not saved, and how far back is looked."""

    name = serializers.CharField(max_length=100, required=False, default="new")
    days = serializers.IntegerField(required=False, default=30, min_value=1, max_value=MOST_DAYS)


@extend_schema_serializer(component_name="RuleCondition")
class ConditionSerializer(Serializer):
    """A condition or guard, with its value in a sentence."""

    name = serializers.CharField()
    holds = serializers.BooleanField()
    message = serializers.CharField()


@extend_schema_serializer(component_name="RuleDecision")
class DecisionSerializer(ModelSerializer):
    """What a rule decided about an incident, and what came of it."""

    rule_id = serializers.UUIDField(read_only=True)
    incident_id = serializers.UUIDField(read_only=True)
    incident_title = serializers.CharField(source="incident.title", read_only=True)
    server_id = serializers.UUIDField(read_only=True, allow_null=True)
    outcome = serializers.ChoiceField(DecisionOutcome.values, read_only=True)
    conditions = ConditionSerializer(many=True, read_only=True)
    parameters = serializers.DictField(read_only=True)
    execution_id = serializers.UUIDField(read_only=True, allow_null=True)
    workflow_run_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = RuleDecision
        fields: ClassVar = [
            "id",
            "rule_id",
            "incident_id",
            "incident_title",
            "server_id",
            "at",
            "outcome",
            "message",
            "conditions",
            "parameters",
            "execution_id",
            "workflow_run_id",
            "did_fix",
            "ended_at",
        ]
        read_only_fields: ClassVar = fields


@extend_schema_serializer(component_name="RuleBreaker")
class BreakerSerializer(ModelSerializer):
    """A rule that was stopped for a server; ``rearmedAt`` is null while it waits for a person."""

    rule_id = serializers.UUIDField(read_only=True)
    rule_name = serializers.CharField(source="rule.name", read_only=True)
    server_id = serializers.UUIDField(read_only=True)
    server_name = serializers.CharField(source="server.name", read_only=True)
    rearmed_by = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = RuleBreaker
        fields: ClassVar = [
            "id",
            "rule_id",
            "rule_name",
            "server_id",
            "server_name",
            "opened_at",
            "message",
            "rearmed_at",
            "rearmed_by",
            "rearm_reason",
        ]
        read_only_fields: ClassVar = fields


@extend_schema_serializer(
    component_name="RuleRearm",
    examples=[
        OpenApiExample(
            "A new disk",
            value={
                "serverId": "6f1f7c9e-2b5b-4d43-9a35-0d6f3c1f7a10",
                "reason": "The disk was replaced.",
            },
            request_only=True,
        )
    ],
)
class RearmSerializer(Serializer):
    """Where a rule may act again, and why."""

    server_id = serializers.UUIDField()
    reason = serializers.CharField(max_length=2000)


@extend_schema_serializer(component_name="RuleReason")
class ReasonSerializer(Serializer):
    """What one rule says of one incident: each condition, and what follows from them."""

    rule_id = serializers.UUIDField(source="rule.pk")
    rule_name = serializers.CharField(source="rule.name")
    mode = serializers.ChoiceField(RuleMode.values, source="rule.mode")
    fits = serializers.BooleanField()
    message = serializers.CharField()
    conditions = ConditionSerializer(many=True)
    last_decision = DecisionSerializer(source="decision", allow_null=True)


class ReasonsSerializer(Serializer):
    """What the rules say of one incident, those that fit first."""

    reasons = ReasonSerializer(many=True)


@extend_schema_serializer(component_name="RuleTriedRun")
class TriedRunSerializer(Serializer):
    """What was really run for an incident."""

    execution_id = serializers.UUIDField(source="pk")
    runbook_id = serializers.CharField(source="runbook.runbook_id")
    status = serializers.CharField()
    verdict = serializers.CharField()


@extend_schema_serializer(component_name="RuleTried")
class TriedSerializer(Serializer):
    """What the rule would have done about an incident that it fits."""

    incident_id = serializers.UUIDField(source="incident.pk")
    incident_title = serializers.CharField(source="incident.title")
    opened_at = serializers.DateTimeField(source="incident.opened_at")
    server_id = serializers.UUIDField(source="server.pk", allow_null=True, default=None)
    server_name = serializers.CharField(source="server.name", allow_null=True, default=None)
    parameters = serializers.DictField()
    would_start = serializers.BooleanField()
    held_by = ConditionSerializer(many=True)
    was_fixed = serializers.BooleanField()
    runs = TriedRunSerializer(many=True)


@extend_schema_serializer(component_name="RuleTryOut")
class TryOutSerializer(Serializer):
    """What a rule would have done about the incidents of the last days."""

    days = serializers.IntegerField()
    looked_at = serializers.IntegerField()
    is_cut = serializers.BooleanField()
    would_start = serializers.IntegerField()
    held = serializers.IntegerField()
    incidents = TriedSerializer(many=True, source="tried")
