"""The endpoints of the runs of workflows: started, watched, cancelled, and gone on with."""

from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import workflow_run_serializers as serializers
from automation.api.queries import WorkflowRunsQuery
from automation.models import Priority, WorkflowRun
from automation.selectors import workflow_runs as selectors
from automation.selectors import workflow_steps, workflows
from automation.services import workflow_runs
from automation.services.workflow_runs import WorkflowLaunch
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed

_ONE = one("workflowRun", serializers.WorkflowRunDetailSerializer)
FOLLOWS = (
    "getWorkflowRun id=workflowRun/id",
    "cancelWorkflowRun id=workflowRun/id",
    "retryWorkflowRun id=workflowRun/id",
)
"""What can be done with the run that an answer holds."""


class WorkflowRunsView(APIView):
    """All runs of workflows."""

    @endpoint(
        "listWorkflowRuns",
        tag="workflows",
        answers={200: page("workflowRuns", serializers.WorkflowRunSerializer)},
        query=WorkflowRunsQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List the runs of workflows, newest first; ``startDate`` is included, ``endDate`` not."""
        for permission in (roles.VIEW_WORKFLOWS, roles.VIEW_EXECUTIONS):
            permissions.require_view(request.user, permission)
        asked = WorkflowRunsQuery.of(request)
        rows = WorkflowRunsQuery.narrow(selectors.visible_to(request.user), asked)
        return listed(
            asked,
            selectors.search(rows, asked.get("search", "")),
            name="workflowRuns",
            serializer=serializers.WorkflowRunSerializer,
            prepare=workflow_steps.with_counts,
        )


class WorkflowRunView(APIView):
    """One run of a workflow."""

    @endpoint("getWorkflowRun", tag="workflows", answers={200: _ONE}, leads_to=FOLLOWS[1:])
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a run with each of its steps; sent with the last ETag, 304 as long as it stays."""
        return shown(selectors.get(request.user, pk))


class WorkflowStartView(APIView):
    """Starting a workflow."""

    @endpoint(
        "runWorkflow",
        tag="workflows",
        takes=serializers.WorkflowStartSerializer,
        answers={201: _ONE},
        is_idempotent=True,
        leads_to=FOLLOWS,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Start a workflow. Send an Idempotency-Key to be able to repeat the request."""
        workflow = workflows.get(request.user, pk)
        asked = serializers.WorkflowStartSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        # The answer shows the run, so who may not see one is told before it is started.
        permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
        is_dry_run = values["is_dry_run"]
        run = workflow_runs.start(
            WorkflowLaunch(
                actor=user_of(request),
                workflow=workflow,
                inputs=values["inputs"],
                is_dry_run=settings.AUTOMATION_DRY_RUN_DEFAULT
                if is_dry_run is None
                else is_dry_run,
                is_confirmed=values["confirm"],
                reason=values["reason"],
                priority=Priority[values["priority"]],
                incident_id=values["incident_id"],
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        )
        return shown(selectors.get(request.user, run.pk), status=201)


class WorkflowRunCancelView(APIView):
    """Cancelling a run of a workflow."""

    @endpoint("cancelWorkflowRun", tag="workflows", answers={200: _ONE}, fails=(400, 403, 404))
    def post(self, request: Request, pk: UUID) -> Response:
        """Begin nothing more, and have what runs end; it is CANCELLED once all of that has."""
        run = workflow_runs.cancel(actor=user_of(request), run=selectors.get(request.user, pk))
        return shown(run)


class WorkflowRunRetryView(APIView):
    """Going on with a run of a workflow."""

    @endpoint(
        "retryWorkflowRun",
        tag="workflows",
        takes=serializers.WorkflowRetrySerializer,
        answers={200: _ONE},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Have a run that has ended go on, from a node or from all that failed or was cancelled."""
        asked = serializers.WorkflowRetrySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        run = workflow_runs.retry(
            actor=user_of(request),
            run=selectors.get(request.user, pk),
            node=values["node"],
            reason=values["reason"],
            is_confirmed=values["confirm"],
        )
        return shown(run)


def shown(run: WorkflowRun, *, status: int = 200) -> Response:
    """Return the answer that holds a run, with each of its steps."""
    (counted,) = workflow_steps.with_counts([run])
    shown = serializers.WorkflowRunDetailSerializer.json_of(counted)
    return Response({"workflowRun": shown}, status=status)
