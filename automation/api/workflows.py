"""The endpoints of workflows as they are saved; their runs have endpoints of their own."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import workflow_serializers as serializers
from automation.api.queries import WorkflowExportQuery, WorkflowsQuery
from automation.models import Workflow
from automation.selectors import workflow_files, workflow_runs
from automation.selectors import workflows as selectors
from automation.services import workflow_texts, workflow_tryout, workflows
from automation.workflows import Form
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.event_stream import AnyAccepted
from opsmanager.common.api.paging import listed

_ONE = one("workflow", serializers.WorkflowSerializer)


class WorkflowsView(APIView):
    """All workflows."""

    @endpoint(
        "listWorkflows",
        tag="workflows",
        answers={200: page("workflows", serializers.WorkflowSerializer)},
        query=WorkflowsQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List the workflows, by name."""
        permissions.require_view(request.user, roles.VIEW_WORKFLOWS)
        asked = WorkflowsQuery.of(request)
        rows = selectors.search(selectors.visible_to(request.user), asked.get("search", ""))
        rows = WorkflowsQuery.narrow(rows, asked)
        return listed(asked, rows, name="workflows", serializer=serializers.WorkflowSerializer)

    @endpoint(
        "createWorkflow",
        tag="workflows",
        takes=serializers.WorkflowSaveSerializer,
        answers={201: _ONE},
        fails=(403, 409),
        leads_to=(
            "getWorkflow id=workflow/id",
            "updateWorkflow id=workflow/id",
            "exportWorkflow id=workflow/id",
            "deleteWorkflow id=workflow/id",
        ),
    )
    def post(self, request: Request) -> Response:
        """Make a workflow; what is wrong with it is told by place, all at once."""
        workflows.require_managing(request.user)
        asked = serializers.WorkflowSaveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _shown(_saved(request, asked.validated_data, None), status=201)


class WorkflowView(APIView):
    """One workflow."""

    @endpoint("getWorkflow", tag="workflows", answers={200: _ONE}, fails=(404,))
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a workflow."""
        return _shown(selectors.get(request.user, pk), status=200)

    @endpoint(
        "updateWorkflow",
        tag="workflows",
        takes=serializers.WorkflowSaveSerializer,
        answers={200: _ONE},
        fails=(403, 404, 409),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Have it be another definition, or switch it on or off; runs go on with what they have."""
        workflow = selectors.get(request.user, pk)
        workflows.require_managing(request.user)
        asked = serializers.WorkflowSaveSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        return _shown(_saved(request, asked.validated_data, workflow), status=200)

    @endpoint("deleteWorkflow", tag="workflows", answers={204: None}, fails=(403, 404, 409))
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a workflow that no schedule runs; its runs stay."""
        workflow = selectors.get(request.user, pk)
        workflows.delete(actor=user_of(request), workflow=workflow)
        return Response(status=204)


class WorkflowExportView(APIView):
    """A workflow as a file."""

    # Which form it is in, the query says.
    content_negotiation_class = AnyAccepted

    @endpoint(
        "exportWorkflow",
        tag="workflows",
        answers={(200, "application/yaml"): OpenApiTypes.ANY, (200, "application/json"): dict},
        query=WorkflowExportQuery,
        fails=(404,),
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Return it as a file to be kept in Git, in YAML or JSON; it can be sent in again."""
        workflow = selectors.get(request.user, pk)
        asked = WorkflowExportQuery.of(request)
        file = workflow_files.exported(workflow, Form(asked["format"]))
        return HttpResponse(file.text, headers=file.headers)


class WorkflowValidateView(APIView):
    """Looking a workflow over without saving it."""

    @endpoint(
        "validateWorkflow",
        tag="workflows",
        takes=serializers.WorkflowTextSerializer,
        answers={200: serializers.WorkflowValidationSerializer},
        fails=(403,),
    )
    def post(self, request: Request) -> Response:
        """Say whether a workflow could be saved, and all that is wrong with it, by place."""
        permissions.require_view(request.user, roles.VIEW_WORKFLOWS)
        asked = serializers.WorkflowTextSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        definition, findings = workflow_texts.judged(user_of(request), _raw(asked.validated_data))
        answer = {
            "valid": not findings,
            "errors": findings,
            "workflow": definition and definition.as_json(),
        }
        return Response(serializers.WorkflowValidationSerializer.json_of(answer))


class ExpressionsView(APIView):
    """Trying out expressions."""

    @endpoint(
        "tryExpression",
        tag="workflows",
        takes=serializers.ExpressionTrySerializer,
        answers={200: serializers.ExpressionValueSerializer},
        fails=(403, 404),
    )
    def post(self, request: Request) -> Response:
        """Say what an expression or a template gives with these inputs and results.

        They may be those of an earlier run.
        """
        permissions.require_view(request.user, roles.VIEW_WORKFLOWS)
        asked = serializers.ExpressionTrySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        run_id = values.pop("run_id", None)
        run = workflow_runs.get(request.user, run_id) if run_id else None
        tried = workflow_tryout.tried(**values, run=run)
        return Response(serializers.ExpressionValueSerializer.json_of(tried))


def _raw(values: dict[str, Any]) -> Any:
    return values["yaml"] if "yaml" in values else values["definition"]


def _saved(request: Request, values: dict[str, Any], workflow: Workflow | None) -> Workflow:
    actor = user_of(request)
    definition = None
    if "yaml" in values or "definition" in values:
        definition = workflow_texts.read(_raw(values))
    return workflows.change(
        actor=actor,
        workflow=workflow,
        definition=definition,
        is_active=values.get("is_active"),
        seen_version=values.get("version"),
    )


def _shown(workflow: Workflow, *, status: int) -> Response:
    shown = serializers.WorkflowSerializer.json_of(workflow)
    return Response({"workflow": shown}, status=status)
