"""Analytics as JSON. Rates are 0 to 1, durations milliseconds; null where nothing is counted."""

from rest_framework import serializers

from automation.selectors.analytics.span import Grouping
from opsmanager.common.api.case import Serializer


class SpanSerializer(Serializer):
    """The span that was looked at: from startDate, included, to endDate, not included."""

    start_date = serializers.DateTimeField(source="span.start")
    end_date = serializers.DateTimeField(source="span.end")
    timezone = serializers.CharField(source="span.zone.key", help_text="Its days are of this zone")


class GroupedSpanSerializer(SpanSerializer):
    """The span with the periods of its timeline."""

    group_by = serializers.ChoiceField(list(Grouping), source="span.grouping")


class PeriodSerializer(Serializer):
    """A period of a timeline."""

    date = serializers.DateField(help_text="Its first day; the span may begin after it")


class SuccessPeriodSerializer(PeriodSerializer):
    """How often executions of one period succeeded; what is missing in the sum is unfinished."""

    success_rate = serializers.FloatField(source="counts.success_rate", allow_null=True)
    total = serializers.IntegerField(source="counts.total")
    successful = serializers.IntegerField(source="counts.successful")
    failed = serializers.IntegerField(source="counts.failed")
    cancelled = serializers.IntegerField(source="counts.cancelled")
    unfinished = serializers.IntegerField(source="counts.unfinished")


class CountedSerializer(Serializer):
    """How many executions there were, and how they ended."""

    success_rate = serializers.FloatField(source="counts.success_rate", allow_null=True)
    total_executions = serializers.IntegerField(source="counts.total")
    successful_executions = serializers.IntegerField(source="counts.successful")
    failed_executions = serializers.IntegerField(source="counts.failed")
    cancelled_executions = serializers.IntegerField(source="counts.cancelled")
    unfinished_executions = serializers.IntegerField(source="counts.unfinished")


class SuccessRateSerializer(GroupedSpanSerializer, CountedSerializer):
    """How often executions succeeded."""

    timeline = SuccessPeriodSerializer(many=True)


class DurationsSerializer(Serializer):
    """How long executions took that succeeded."""

    average_ms = serializers.IntegerField(source="durations.average_ms", allow_null=True)
    median_ms = serializers.IntegerField(source="durations.median_ms", allow_null=True)
    p95_ms = serializers.IntegerField(source="durations.p95_ms", allow_null=True)
    minimum_ms = serializers.IntegerField(source="durations.minimum_ms", allow_null=True)
    maximum_ms = serializers.IntegerField(source="durations.maximum_ms", allow_null=True)


class DurationsPeriodSerializer(PeriodSerializer, DurationsSerializer):
    """How long executions of one period took that succeeded."""

    measured = serializers.IntegerField(source="durations.measured")


class ExecutionTimeSerializer(GroupedSpanSerializer, DurationsSerializer):
    """How long executions took that succeeded."""

    measured_executions = serializers.IntegerField(source="durations.measured")
    timeline = DurationsPeriodSerializer(many=True)


class FaredSerializer(Serializer):
    """How executions fared; the durations are of those that succeeded."""

    total_executions = serializers.IntegerField(source="fared.counts.total")
    success_rate = serializers.FloatField(source="fared.counts.success_rate", allow_null=True)
    fix_rate = serializers.FloatField(source="fared.counts.fix_rate", allow_null=True)
    median_ms = serializers.IntegerField(source="fared.median_ms", allow_null=True)
    p95_ms = serializers.IntegerField(source="fared.p95_ms", allow_null=True)
    last_run_at = serializers.DateTimeField(source="fared.last_run_at")


class RunbookUseSerializer(FaredSerializer):
    """How a runbook was used."""

    runbook_uuid = serializers.UUIDField(source="runbook.pk")
    runbook_id = serializers.CharField(source="runbook.runbook_id")
    runbook_title = serializers.CharField(source="runbook.title")


class ServerUseSerializer(FaredSerializer):
    """How a server was used."""

    server_id = serializers.UUIDField(source="server.pk")
    server_name = serializers.CharField(source="server.name")


class UsePeriodSerializer(PeriodSerializer):
    """The runbook that ran most in one period; null where none ran."""

    runbook_id = serializers.CharField(allow_null=True)
    runbook_title = serializers.CharField(allow_null=True)
    total = serializers.IntegerField()


class MostUsedSerializer(SpanSerializer):
    """The most used runbooks and servers, the first one most."""

    runbooks = RunbookUseSerializer(many=True)
    servers = ServerUseSerializer(many=True)
    timeline = UsePeriodSerializer(many=True, help_text="Only where groupBy asks for it")


class StatusCountsSerializer(Serializer):
    """How many executions have each status."""

    pending = serializers.IntegerField(source="PENDING")
    running = serializers.IntegerField(source="RUNNING")
    success = serializers.IntegerField(source="SUCCESS")
    failed = serializers.IntegerField(source="FAILED")
    cancelled = serializers.IntegerField(source="CANCELLED")
    timeout = serializers.IntegerField(source="TIMEOUT")
    rolled_back = serializers.IntegerField(source="ROLLED_BACK")
    unknown = serializers.IntegerField(source="UNKNOWN")


class VerdictCountsSerializer(Serializer):
    """How many executions have each verdict; the others have none."""

    fixed = serializers.IntegerField(source="FIXED")
    not_fixed = serializers.IntegerField(source="NOT_FIXED")
    made_worse = serializers.IntegerField(source="MADE_WORSE")
    nothing_to_fix = serializers.IntegerField(source="NOTHING_TO_FIX")


class TriggerCountsSerializer(Serializer):
    """How many executions were started by what."""

    incident = serializers.IntegerField(source="INCIDENT")
    manual = serializers.IntegerField(source="MANUAL")
    scheduled = serializers.IntegerField(source="SCHEDULED")
    workflow = serializers.IntegerField(source="WORKFLOW")


class SummaryPeriodSerializer(SuccessPeriodSerializer):
    """What one period comes to."""

    fix_rate = serializers.FloatField(source="counts.fix_rate", allow_null=True)


class TotalsSerializer(SpanSerializer, CountedSerializer):
    """What a span comes to."""

    fix_rate = serializers.FloatField(source="counts.fix_rate", allow_null=True)
    median_ms = serializers.IntegerField(allow_null=True)
    p95_ms = serializers.IntegerField(allow_null=True)


class ChangeSerializer(Serializer):
    """What is more, or below 0 less, than in the span before."""

    total_executions = serializers.IntegerField(source="total")
    success_rate = serializers.FloatField(allow_null=True)
    fix_rate = serializers.FloatField(allow_null=True)
    median_ms = serializers.IntegerField(allow_null=True)
    p95_ms = serializers.IntegerField(allow_null=True)


class SummarySerializer(TotalsSerializer):
    """A span at a glance, and how it differs from the equally long one before."""

    group_by = serializers.ChoiceField(list(Grouping), source="span.grouping")
    by_status = StatusCountsSerializer(source="statuses")
    by_verdict = VerdictCountsSerializer(source="verdicts")
    by_triggered_by = TriggerCountsSerializer(source="triggers")
    before = TotalsSerializer()
    change = ChangeSerializer()
    timeline = SummaryPeriodSerializer(many=True)
