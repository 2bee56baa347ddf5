"""The endpoints of executions."""

from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import serializers
from automation.models import Priority, Trigger
from automation.selectors import executions as selectors
from automation.selectors import runbooks, waiting
from automation.services import executions
from automation.services.executions import Launch
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.filters import filtered
from opsmanager.common.api.paging import listed
from opsmanager.common.problems import Invalid
from servers.selectors import servers


def launched(asked: Launch) -> Response:
    """Launch, and return the answer."""
    execution = executions.launch(asked)
    execution.refresh_from_db()
    shown = serializers.ExecutionSerializer(execution).data
    return Response({"execution": shown}, status=201)


class ExecutionsView(APIView):
    """All executions."""

    @endpoint(
        "listExecutions",
        tag="executions",
        answers={200: page("executions", serializers.ExecutionSerializer)},
        fails=(400, 401),
        filters=(
            "runbookId",
            "serverId",
            "incidentId",
            "status",
            "verdict",
            "triggeredBy",
            "startDate",
            "endDate",
            "search",
            "isDryRun",
        ),
        ordering=("queuedAt", "startedAt", "finishedAt", "status"),
        paged=True,
    )
    def get(self, request: Request) -> Response:
        """List executions, newest first. ``startDate`` is included, ``endDate`` is not."""
        asked = request.query_params
        rows = filtered(
            selectors.visible_to(request.user),
            asked,
            uuids={"serverId": "server_id", "incidentId": "incident_id"},
            words={"status": "status", "verdict": "verdict", "triggeredBy": "triggered_by"},
            flags={"isDryRun": "is_dry_run"},
            times={"startDate": "queued_at__gte", "endDate": "queued_at__lt"},
        )
        if asked.get("runbookId"):
            rows = rows.filter(runbook=runbooks.get(request.user, asked["runbookId"]))
        return listed(
            request,
            selectors.search(rows, asked.get("search", "")),
            name="executions",
            serializer=serializers.ExecutionSerializer,
            ordering=("queuedAt", "startedAt", "finishedAt", "status"),
            prepare=waiting.with_waiting,
        )

    @endpoint(
        "launchExecution",
        tag="executions",
        takes=serializers.LaunchSerializer,
        answers={201: one("execution", serializers.ExecutionSerializer)},
        fails=(400, 401, 403, 404, 422, 429),
    )
    def post(self, request: Request) -> Response:
        """Run a runbook on a server. Send an Idempotency-Key to be able to repeat the request."""
        asked = serializers.LaunchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        is_dry_run = values["is_dry_run"]
        return launched(
            Launch(
                actor=user_of(request),
                runbook=runbooks.get(request.user, values["runbook_id"]),
                server=servers.get(request.user, values["server_id"]),
                parameters=values["parameters"],
                is_dry_run=settings.AUTOMATION_DRY_RUN_DEFAULT
                if is_dry_run is None
                else is_dry_run,
                priority=Priority[values["priority"]],
                is_confirmed=values["confirm"],
                is_forced=values["force"],
                reason=values["reason"],
                incident_id=values["incident_id"],
                trigger=Trigger.INCIDENT if values["incident_id"] else Trigger.MANUAL,
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        )


class ExecutionView(APIView):
    """One execution."""

    @endpoint(
        "getExecution",
        tag="executions",
        answers={200: one("execution", serializers.ExecutionSerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show an execution."""
        shown = serializers.ExecutionSerializer(selectors.get(request.user, pk))
        return Response({"execution": shown.data})


class LogsView(APIView):
    """The log of an execution."""

    @endpoint(
        "listExecutionLogs",
        tag="executions",
        answers={200: serializers.LogsSerializer},
        fails=(400, 401, 404),
        filters=("stepNumber", "status", "after"),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show the rows of the log in order; ``after`` is the last ``seq`` seen.

        A row with the status RUNNING grows: ask for it again until it has ended.
        """
        execution = selectors.get(request.user, pk)
        asked = request.query_params
        rows = selectors.logs(execution, after=_whole(asked.get("after", ""), "after"))
        if asked.get("stepNumber"):
            rows = rows.filter(step_number=_whole(asked["stepNumber"], "stepNumber"))
        rows = filtered(rows, asked, words={"status": "status"})
        shown = serializers.LogSerializer(rows, many=True).data
        return Response({"logs": shown, "total": len(shown)})


class CancelView(APIView):
    """Cancelling an execution."""

    @endpoint(
        "cancelExecution",
        tag="executions",
        answers={200: one("execution", serializers.ExecutionSerializer)},
        fails=(400, 401, 403, 404),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Cancel an execution: at once while it is pending, else its worker ends the command."""
        execution = executions.cancel(
            actor=user_of(request), execution=selectors.get(request.user, pk)
        )
        return Response({"execution": serializers.ExecutionSerializer(execution).data})


def _whole(text: str, name: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid(
            f"{name} must be a whole number.", details={name: ["Use a whole number, from 0."]}
        )
    return int(text)
