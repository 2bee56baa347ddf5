"""The endpoints of the library."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import queries, requests, serializers
from automation.api.executions import FOLLOWS, launched
from automation.engine.descriptions import describe, json_schema
from automation.models import CatalogEntry
from automation.selectors import approvals, records, waiting
from automation.selectors import executions as execution_selectors
from automation.selectors import runbooks as selectors
from automation.services import validation
from automation.services.executions import Launch
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from servers.selectors import servers

_RECENT = 10


class RunbooksView(APIView):
    """The library."""

    @endpoint(
        "listRunbooks",
        tag="runbooks",
        answers={200: page("runbooks", serializers.RunbookSerializer)},
        query=queries.RunbooksQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List the runbooks."""
        permissions.require_view(request.user, roles.VIEW_RUNBOOKS)
        asked = queries.RunbooksQuery.of(request)
        rows = queries.RunbooksQuery.narrow(selectors.visible_to(request.user), asked)
        return listed(
            asked,
            selectors.search(rows, asked.get("search", "")),
            name="runbooks",
            serializer=serializers.RunbookSerializer,
            prepare=records.with_records,
        )


class RunbookView(APIView):
    """One runbook."""

    @endpoint(
        "getRunbook",
        tag="runbooks",
        answers={200: one("runbook", serializers.RunbookDetailSerializer)},
        leads_to=("validateRunbook key=runbook/id", "dryRunRunbook key=runbook/runbookId"),
    )
    def get(self, request: Request, key: str) -> Response:
        """Show a runbook: parameters, steps, and how it fared."""
        entry = selectors.get(request.user, key)
        shown = _Detail(entry, request)
        return Response({"runbook": serializers.RunbookDetailSerializer.json_of(shown)})


class ValidateView(APIView):
    """Trying a launch without launching."""

    @endpoint(
        "validateRunbook",
        tag="runbooks",
        takes=requests.ValidateSerializer,
        answers={200: serializers.ValidationSerializer, 400: serializers.NOT_VALID},
    )
    def post(self, request: Request, key: str) -> Response:
        """Say whether the runbook could be run on the server now, and why not."""
        entry = selectors.get(request.user, key)
        asked = requests.ValidateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        server = servers.get(request.user, asked.validated_data["server_id"])
        checks = validation.validate(
            actor=user_of(request),
            entry=entry,
            server=server,
            parameters=asked.validated_data["parameters"],
        )
        valid = all(check.ok for check in checks)
        answer: dict[str, Any] = {
            "valid": valid,
            "checks": {check.name: check.ok for check in checks},
            "warnings": validation.warnings(entry, server),
            "estimatedDuration": records.estimated_seconds(entry),
        }
        if not valid:
            answer["errors"] = {
                check.name: check.problem.as_json() for check in checks if check.problem
            }
        return Response(answer, status=200 if valid else 400)


class DryRunView(APIView):
    """Dry runs."""

    @endpoint(
        "dryRunRunbook",
        tag="runbooks",
        takes=requests.DryRunSerializer,
        answers={201: one("execution", serializers.ExecutionSerializer)},
        is_idempotent=True,
        leads_to=FOLLOWS,
    )
    def post(self, request: Request, key: str) -> Response:
        """Run the runbook without changing anything: its reading commands run for real."""
        entry = selectors.get(request.user, key)
        asked = requests.DryRunSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        return launched(
            Launch(
                actor=user_of(request),
                runbook=entry,
                server=servers.get(request.user, values["server_id"]),
                parameters=values["parameters"],
                is_dry_run=True,
                reason=values["reason"],
                incident_id=values["incident_id"],
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        )


class _Detail:
    """A runbook's row, its class and its history, as one thing to show."""

    def __init__(self, entry: CatalogEntry, request: Request) -> None:
        self._entry = entry
        kind = selectors.code_of(entry)
        record = records.record_of(entry)
        self.description = kind.description()
        self.irreversible = kind.irreversible
        self.parameters_schema = json_schema(kind)
        self.parameters = [
            {
                "name": parameter.name,
                "type": parameter.type,
                "required": parameter.required,
                "default": parameter.default,
                "description": parameter.help,
                "unit": parameter.unit,
                "secret": parameter.secret,
                "constraints": parameter.constraints,
                "schema": parameter.json_schema,
            }
            for parameter in describe(kind)
        ]
        self.steps = [
            {"number": number, "title": step.title, "reversible": step.undo_name is not None}
            for number, step in enumerate(kind.steps, start=1)
        ]
        self.success_rate = record.recent.success_rate
        self.fix_rate = record.recent.fix_rate
        self.total_executions = record.total
        self.estimated_duration = records.usual_or_declared(entry, record.recent)
        recent = execution_selectors.visible_to(request.user).filter(runbook=entry)[:_RECENT]
        self.recent_executions = waiting.with_waiting(approvals.with_approvals(recent))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)
