"""The endpoint that looks for a text in all logs."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api.queries import RUNBOOK
from automation.engine.results import Status
from automation.selectors import log_matches, log_search
from opsmanager.accounts import permissions, roles
from opsmanager.common.api.case import Serializer
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.places import places
from opsmanager.common.api.query import MAX_LIMIT, Query
from opsmanager.common.api.query_fields import Flag, Text, Uuid, When, Whole, Words


class LogMatchesQuery(Query):
    """Of a text in all logs."""

    search = Text(
        allow_empty=False,
        trim_whitespace=False,
        help_text=f"The text, as it stands there; {log_search.SHORTEST} characters at least.",
    )
    start_date = When(help_text="Of being queued; included. 7 days before endDate without.")
    end_date = When(help_text="Of being queued; not included. Now without.")
    runbook_id = Text(help_text=RUNBOOK, allow_empty=False)
    server_id = Uuid()
    stream = Words(log_matches.STREAMS, help_text="Where to look; everywhere without.")
    match_case = Flag(help_text="Whether upper and lower case differ; several times faster.")
    before = Text(allow_empty=False, help_text="The next of an answer, to go on from there.")
    limit = Whole(1, MAX_LIMIT, default=20, help_text="How many executions.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields; without a text there is nothing to look for."""
        fields = super().get_fields()
        fields["search"].required = True
        return fields


class LogLineSerializer(Serializer):
    """A line of a log that holds the text."""

    seq = serializers.IntegerField(help_text="Of the row of the log")
    step_number = serializers.IntegerField()
    step_name = serializers.CharField()
    stream = serializers.ChoiceField(log_matches.STREAMS)
    line = serializers.CharField(source="text", help_text="Cut where it is long")


class LogMatchSerializer(Serializer):
    """An execution whose log holds the text."""

    execution_id = serializers.UUIDField(source="execution.pk")
    runbook_id = serializers.CharField(source="execution.runbook.runbook_id")
    runbook_title = serializers.CharField(source="execution.runbook.title")
    server_id = serializers.UUIDField(source="execution.server.pk")
    server_name = serializers.CharField(source="execution.server.name")
    status = serializers.ChoiceField(list(Status), source="execution.status")
    queued_at = serializers.DateTimeField(source="execution.queued_at")
    places = serializers.IntegerField(source="places.total", help_text="In how many it stands")
    lines = LogLineSerializer(source="places.lines", many=True, help_text="The first three")


class LogMatchesSerializer(Serializer):
    """The newest executions whose log holds the text, and how far back was looked."""

    matches = LogMatchSerializer(many=True)
    searched = serializers.IntegerField(help_text="How many executions' logs were read")
    searched_back_to = serializers.DateTimeField()
    is_narrowed = serializers.BooleanField(help_text="The time was up before all was read")
    skipped = serializers.IntegerField(help_text="Logs that take too long each")
    next = serializers.CharField(allow_null=True, help_text="To be sent as before; null at the end")


class LogMatchesView(APIView):
    """A text in all logs."""

    @endpoint(
        "listLogMatches",
        tag="executions",
        answers={200: LogMatchesSerializer},
        query=LogMatchesQuery,
        fails=(403, 404),
    )
    def get(self, request: Request) -> Response:
        """List the executions whose log holds a text, newest first.

        The logs are read for 4 seconds at most. ``isNarrowed`` then says that not all was read: ask
        again with ``before``, or for a runbook, a server or fewer days.
        """
        permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
        asked = LogMatchesQuery.of(request)
        with places.held(request.user.pk):
            found = log_search.asked_for(
                request.user,
                log_matches.Text(
                    text=asked["search"],
                    streams=tuple(asked.get("stream", log_matches.STREAMS)),
                    is_case_kept=asked.get("match_case", False),
                ),
                start=asked.get("start_date"),
                end=asked.get("end_date"),
                runbook=asked.get("runbook_id"),
                server=asked.get("server_id"),
                before=asked.get("before", ""),
                limit=asked["limit"],
            )
        return Response(LogMatchesSerializer.json_of(found))
