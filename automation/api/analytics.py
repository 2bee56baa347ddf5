"""The endpoints of analytics. They count no dry runs, and only what the user may see."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import analytics_serializers as serializers
from automation.api.analytics_query import AnalyticsQuery, MostUsedQuery, asked_for
from automation.selectors.analytics import durations, success, summary, usage
from opsmanager.common.api.describe import endpoint


class SuccessRateView(APIView):
    """How often executions succeeded."""

    @endpoint(
        "getSuccessRate",
        tag="analytics",
        answers={200: serializers.SuccessRateSerializer},
        query=AnalyticsQuery,
    )
    def get(self, request: Request) -> Response:
        """Say how often executions succeeded, in all and by day, week or month.

        The last 30 days unless dates say otherwise; a plain date is its midnight in ``timezone``.
        """
        rows, span = asked_for(request, AnalyticsQuery.of(request))
        return Response(serializers.SuccessRateSerializer.json_of(success.success(rows, span)))


class ExecutionTimeView(APIView):
    """How long executions took."""

    @endpoint(
        "getExecutionTime",
        tag="analytics",
        answers={200: serializers.ExecutionTimeSerializer},
        query=AnalyticsQuery,
    )
    def get(self, request: Request) -> Response:
        """Say how long executions took that succeeded, in all and by day, week or month."""
        rows, span = asked_for(request, AnalyticsQuery.of(request))
        took = durations.execution_time(rows, span)
        return Response(serializers.ExecutionTimeSerializer.json_of(took))


class MostUsedView(APIView):
    """What ran most."""

    @endpoint(
        "getMostUsed",
        tag="analytics",
        answers={200: serializers.MostUsedSerializer},
        query=MostUsedQuery,
    )
    def get(self, request: Request) -> Response:
        """Say which runbooks and servers were used most; 10 of each unless ``limit`` says so.

        With ``groupBy`` the timeline names the most used runbook of each day, week or month.
        """
        asked = MostUsedQuery.of(request)
        rows, span = asked_for(request, asked)
        most = asked["limit"]
        used = {
            "span": span,
            "runbooks": usage.runbooks(rows, span, limit=most),
            "servers": usage.servers(rows, span, limit=most),
            "timeline": usage.over_time(rows, span) if "group_by" in asked else [],
        }
        return Response(serializers.MostUsedSerializer.json_of(used))


class SummaryView(APIView):
    """All of it at a glance."""

    @endpoint(
        "getAnalyticsSummary",
        tag="analytics",
        answers={200: serializers.SummarySerializer},
        query=AnalyticsQuery,
    )
    def get(self, request: Request) -> Response:
        """Sum up how executions ended, and how that differs from the equally long span before."""
        rows, span = asked_for(request, AnalyticsQuery.of(request))
        return Response(serializers.SummarySerializer.json_of(summary.summary(rows, span)))
