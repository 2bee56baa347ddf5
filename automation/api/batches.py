"""The endpoints of batches: one launch on several servers."""

from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import batch_serializers as serializers
from automation.api.queries import BatchesQuery
from automation.models import Batch, Priority, Trigger
from automation.selectors import approvals, runbooks
from automation.selectors import batches as selectors
from automation.services import batches
from automation.services.batches import BatchLaunch
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from servers.models import Server
from servers.selectors import groups, servers


class BatchesView(APIView):
    """All batches."""

    @endpoint(
        "listBatches",
        tag="batches",
        answers={200: page("batches", serializers.BatchSerializer)},
        query=BatchesQuery,
        fails=(403, 404),
    )
    def get(self, request: Request) -> Response:
        """List batches, newest first."""
        permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
        asked = BatchesQuery.of(request)
        rows = BatchesQuery.narrow(selectors.listed(request.user), asked)
        if "runbook_id" in asked:
            rows = rows.filter(runbook=runbooks.get(request.user, asked["runbook_id"]))
        return listed(
            asked,
            rows,
            name="batches",
            serializer=serializers.BatchSerializer,
            prepare=selectors.with_counts,
        )

    @endpoint(
        "launchBatch",
        tag="batches",
        takes=serializers.BatchLaunchSerializer,
        answers={201: one("batch", serializers.BatchDetailSerializer)},
        is_idempotent=True,
        leads_to=("getBatch id=batch/id", "cancelBatch id=batch/id"),
    )
    def post(self, request: Request) -> Response:
        """Run a runbook on several servers, an execution each; ``refusals`` says where not."""
        asked = serializers.BatchLaunchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        is_dry_run = values["is_dry_run"]
        runbook = runbooks.get(request.user, values["runbook_id"])
        # The answer shows the batch, so who may not see one is told before it is launched.
        permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
        batch = batches.launch(
            BatchLaunch(
                actor=user_of(request),
                runbook=runbook,
                servers=_servers(request, values),
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
                max_parallel=values["max_parallel"],
                stop_after_failures=values["stop_after_failures"],
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        )
        return _shown(request, selectors.get(request.user, batch.pk), status=201)


class BatchView(APIView):
    """One batch."""

    @endpoint(
        "getBatch",
        tag="batches",
        answers={200: one("batch", serializers.BatchDetailSerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a batch as servers x steps, with what each step said, equal answers together."""
        return _shown(request, selectors.get(request.user, pk), status=200)


class BatchCancelView(APIView):
    """Cancelling a batch."""

    @endpoint(
        "cancelBatch",
        tag="batches",
        answers={200: one("batch", serializers.BatchDetailSerializer)},
        fails=(400, 403, 404),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Leave out what has not begun, and end what runs."""
        batch = batches.cancel(actor=user_of(request), batch=selectors.get(request.user, pk))
        return _shown(request, batch, status=200)


def _servers(request: Request, values: dict[str, Any]) -> list[Server]:
    if values["server_group_id"]:
        group = groups.get(request.user, values["server_group_id"])
        return list(groups.members(request.user, group))
    return [servers.get(request.user, pk) for pk in values["server_ids"]]


def _shown(request: Request, batch: Batch, *, status: int) -> Response:
    grid = selectors.grid(request.user, batch)
    approvals.with_approvals(row.execution for row in grid.rows)
    batch.grid = grid  # type: ignore[attr-defined]
    shown = serializers.BatchDetailSerializer.json_of(batch)
    return Response({"batch": shown}, status=status)
