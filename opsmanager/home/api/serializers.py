"""A handover as JSON; a list is null where the reader may not see what is in it."""

from rest_framework import serializers

from automation.api.analytics_serializers import StatusCountsSerializer, VerdictCountsSerializer
from opsmanager.common.api.case import Serializer


class HandoverItemSerializer(Serializer):
    """One thing that is handed over."""

    kind = serializers.CharField(help_text="Such as incident, execution, batch or schedule")
    title = serializers.CharField()
    path = serializers.CharField(source="url", help_text="Of its page")
    at = serializers.DateTimeField(source="when", allow_null=True)
    server_name = serializers.CharField(source="server.name", allow_null=True, default=None)
    detail = serializers.CharField()
    state = serializers.CharField(source="badge", help_text="A severity, status or verdict")


class HandoverListSerializer(Serializer):
    """Some things, 50 at most."""

    items = HandoverItemSerializer(many=True)
    has_more = serializers.BooleanField()


class HandoverRanSerializer(Serializer):
    """What ran in the shift, dry runs left out; rates are 0 to 1, null where nothing is counted."""

    total_executions = serializers.IntegerField(source="counts.total")
    successful_executions = serializers.IntegerField(source="counts.successful")
    failed_executions = serializers.IntegerField(source="counts.failed")
    unfinished_executions = serializers.IntegerField(source="counts.unfinished")
    success_rate = serializers.FloatField(source="counts.success_rate", allow_null=True)
    fix_rate = serializers.FloatField(source="counts.fix_rate", allow_null=True)
    by_status = StatusCountsSerializer(source="statuses")
    by_verdict = VerdictCountsSerializer(source="verdicts")
    failed = HandoverListSerializer(help_text="Also where something better was run since")


class HandoverAlertsSerializer(Serializer):
    """The incidents of the shift."""

    opened = serializers.IntegerField()
    resolved = serializers.IntegerField()


class HandoverCooldownSerializer(Serializer):
    """A runbook that may not run again on a server yet."""

    execution_id = serializers.UUIDField(source="execution.pk", help_text="Which started it")
    runbook_id = serializers.CharField(source="execution.runbook.runbook_id")
    server_name = serializers.CharField(source="execution.server.name")
    seconds_left = serializers.IntegerField()


class HandoverMaintenanceSerializer(Serializer):
    """A server or a group in maintenance."""

    name = serializers.CharField()
    is_group = serializers.BooleanField()
    reason = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True, help_text="null: until somebody ends it")


class HandoverComingSerializer(Serializer):
    """A schedule that runs soon."""

    schedule_id = serializers.UUIDField(source="schedule.pk")
    name = serializers.CharField(source="schedule.name")
    at = serializers.DateTimeField()
    more = serializers.IntegerField(help_text="How often it runs after that in these hours")


class HandoverPartSerializer(Serializer):
    """A part of OpsManager or of what is around it."""

    name = serializers.CharField()
    ok = serializers.BooleanField()
    detail = serializers.CharField()


class HandoverSerializer(Serializer):
    """What a shift hands over: what ran is of its span, all else as it is now."""

    start_date = serializers.DateTimeField(source="shift.start")
    end_date = serializers.DateTimeField(source="shift.end")
    as_of = serializers.DateTimeField()
    ran = HandoverRanSerializer()
    incidents = HandoverAlertsSerializer(source="alerts", allow_null=True)
    open_incidents = HandoverListSerializer(allow_null=True)
    undecided = HandoverListSerializer(help_text="Executions of which nobody knows how they ended")
    still_broken = HandoverListSerializer(help_text="Nothing better was run since")
    breakers = HandoverListSerializer(allow_null=True, help_text="Rules that were stopped")
    approvals = HandoverListSerializer(allow_null=True)
    in_progress = HandoverListSerializer()
    missed_schedules = HandoverListSerializer(source="missed", allow_null=True)
    next_schedules = HandoverComingSerializer(source="ahead.rows", many=True, allow_null=True)
    cooldowns = HandoverCooldownSerializer(many=True)
    maintenance = HandoverMaintenanceSerializer(many=True)
    health = HandoverPartSerializer(many=True)
