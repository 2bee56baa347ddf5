"""The endpoints of executions."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import kept_executions, queries, requests, serializers
from automation.models import Execution, Priority, Trigger
from automation.selectors import approvals, runbooks, waiting
from automation.selectors import executions as selectors
from automation.selectors.versions import version_along
from automation.services import decisions, deleting, executions, retrying, rollbacks
from automation.services.decisions import Decision
from automation.services.executions import Launch
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.along import asks_along
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from opsmanager.common.pages import by_key
from servers.selectors import servers

FOLLOWS = (
    "getExecution id=execution/id",
    "listExecutionLogs id=execution/id",
    "cancelExecution id=execution/id",
    "retryExecution id=execution/id",
    "getRollbackPlan id=execution/id",
    "rollBackExecution id=execution/id",
    "decideExecution id=execution/id",
    "deleteExecution id=execution/id",
    "getRunbook key=execution/runbookId",
    "getServer id=execution/serverId",
)
"""What can be done with the execution that an answer holds."""


def launched(asked: Launch) -> Response:
    """Launch, and return the answer."""
    execution = selectors.get(asked.actor, executions.launch(asked).pk)
    shown = serializers.ExecutionSerializer.json_of(execution)
    return Response({"execution": shown}, status=201)


class ExecutionsView(APIView):
    """All executions."""

    @endpoint(
        "listExecutions",
        tag="executions",
        answers={200: page("executions", serializers.ExecutionSerializer)},
        query=queries.ExecutionsQuery,
        fails=(403, 404),
    )
    def get(self, request: Request) -> Response:
        """List executions, newest first. ``startDate`` is included, ``endDate`` is not."""
        permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
        asked = queries.ExecutionsQuery.of(request)
        rows = queries.ExecutionsQuery.narrow(selectors.visible_to(request.user), asked)
        if "runbook_id" in asked:
            rows = rows.filter(runbook=runbooks.get(request.user, asked["runbook_id"]))
        return listed(
            asked,
            selectors.search(rows, asked.get("search", "")),
            name="executions",
            serializer=serializers.ExecutionSerializer,
            prepare=_page,
        )

    @endpoint(
        "launchExecution",
        tag="executions",
        takes=requests.LaunchSerializer,
        answers={201: one("execution", serializers.ExecutionSerializer)},
        is_idempotent=True,
        leads_to=FOLLOWS,
    )
    def post(self, request: Request) -> Response:
        """Run a runbook on a server. Send an Idempotency-Key to be able to repeat the request."""
        asked = requests.LaunchSerializer(data=request.data)
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
                dry_run=_dry_run(request, values["dry_run_id"]),
                trigger=Trigger.INCIDENT if values["incident_id"] else Trigger.MANUAL,
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        )


def _page(rows: Any) -> list[Execution]:
    return waiting.with_waiting(approvals.with_approvals(by_key(rows)))


def _dry_run(request: Request, pk: UUID | None) -> Execution | None:
    return selectors.get(request.user, pk) if pk else None


@asks_along(version_along)
class ExecutionView(APIView):
    """One execution."""

    @endpoint(
        "getExecution",
        tag="executions",
        answers={200: one("execution", serializers.ExecutionDetailSerializer)},
        leads_to=FOLLOWS[1:],
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Show an execution, and of one that waits what for."""

        def made() -> kept_executions.Made:
            execution = selectors.get(request.user, pk)
            shown = serializers.ExecutionDetailSerializer.json_of(execution)
            return {"execution": shown}, {}

        return kept_executions.shown(request, pk, made)

    @endpoint(
        "deleteExecution",
        tag="executions",
        answers={204: None},
        fails=(400, 403, 404),
    )
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete an execution that has ended, with its log; the audit trail keeps that it was."""
        deleting.delete(actor=user_of(request), execution=selectors.get(request.user, pk))
        return Response(status=204)


class CancelView(APIView):
    """Cancelling an execution."""

    @endpoint(
        "cancelExecution",
        tag="executions",
        answers={200: one("execution", serializers.ExecutionSerializer)},
        fails=(400, 403, 404),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Cancel an execution: at once while it is pending, else its worker ends the command."""
        execution = executions.cancel(
            actor=user_of(request), execution=selectors.get(request.user, pk)
        )
        return Response({"execution": serializers.ExecutionSerializer.json_of(execution)})


class RetryView(APIView):
    """Running an execution again."""

    @endpoint(
        "retryExecution",
        tag="executions",
        takes=requests.RetrySerializer,
        answers={201: one("execution", serializers.ExecutionSerializer)},
        is_idempotent=True,
        leads_to=FOLLOWS,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Run it again: the same runbook, server and parameters, as a new execution."""
        asked = requests.RetrySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        execution = retrying.retry(
            actor=user_of(request),
            execution=selectors.get(request.user, pk),
            reason=values["reason"],
            is_confirmed=values["confirm"],
            is_forced=values["force"],
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return _shown(request, execution, status=201)


class RollbackView(APIView):
    """Taking an execution back."""

    @endpoint(
        "getRollbackPlan",
        tag="executions",
        answers={200: one("rollback", serializers.RollbackPlanSerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show what a rollback would take back, or why nothing can be."""
        plan = rollbacks.plan(selectors.get(request.user, pk))
        shown = {
            "possible": not plan.why_not,
            "steps": [{"number": number, "title": title} for number, title in plan.steps],
            "whyNot": plan.why_not,
        }
        return Response({"rollback": shown})

    @endpoint(
        "rollBackExecution",
        tag="executions",
        takes=requests.RollbackRequestSerializer,
        answers={200: one("execution", serializers.ExecutionSerializer)},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Take it back, latest step first; ``rollbackStatus`` says how far that is."""
        asked = requests.RollbackRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        execution = rollbacks.roll_back(
            actor=user_of(request),
            execution=selectors.get(request.user, pk),
            reason=asked.validated_data["reason"],
            is_confirmed=asked.validated_data["confirm"],
        )
        return _shown(request, execution, status=200)


class DecideView(APIView):
    """Settling an execution of which nobody knows how it ended."""

    @endpoint(
        "decideExecution",
        tag="executions",
        takes=requests.DecisionSerializer,
        answers={
            200: one("execution", serializers.ExecutionSerializer),
            201: one("execution", serializers.ExecutionSerializer),
        },
        fails=(403, 404, 409),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Say how it ended; RUN_AGAIN answers 201 with the new execution."""
        asked = requests.DecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        execution = decisions.decide(
            actor=user_of(request),
            execution=selectors.get(request.user, pk),
            outcome=Decision(asked.validated_data["outcome"]),
            reason=asked.validated_data["reason"],
            is_confirmed=asked.validated_data["confirm"],
        )
        return _shown(request, execution, status=200 if execution.pk == pk else 201)


def _shown(request: Request, execution: Execution, *, status: int) -> Response:
    shown = serializers.ExecutionSerializer.json_of(selectors.get(request.user, execution.pk))
    return Response({"execution": shown}, status=status)
