"""Shows what a template or a schedule has started: an execution or a batch."""

from rest_framework.request import Request
from rest_framework.response import Response

from automation.api import workflow_runs as api_of_runs
from automation.api.batch_serializers import BatchDetailSerializer
from automation.api.serializers import ExecutionSerializer
from automation.models import Batch, Execution, WorkflowRun
from automation.selectors import approvals, batches, executions, workflow_runs


def shown(request: Request, started: Execution | Batch | WorkflowRun) -> Response:
    """Return it under ``execution``, ``batch`` or ``workflowRun``, with status 201."""
    if isinstance(started, Execution):
        execution = executions.get(request.user, started.pk)
        return Response({"execution": ExecutionSerializer.json_of(execution)}, status=201)
    if isinstance(started, WorkflowRun):
        return api_of_runs.shown(workflow_runs.get(request.user, started.pk), status=201)
    batch = batches.get(request.user, started.pk)
    grid = batches.grid(request.user, batch)
    approvals.with_approvals(row.execution for row in grid.rows)
    batch.grid = grid  # type: ignore[attr-defined]
    return Response({"batch": BatchDetailSerializer.json_of(batch)}, status=201)
