"""The endpoints that say which executions were for an incident."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.models import Execution
from automation.selectors import executions
from incidents.api import serializers
from incidents.api.incidents import shown
from incidents.selectors import incidents as selectors
from incidents.services import runs
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one

_INCIDENT: Final[Mapping[int | tuple[int, str], Any]] = {
    200: one("incident", serializers.IncidentSerializer)
}


class LinkView(APIView):
    """Linking an execution."""

    @endpoint(
        "linkIncidentExecution",
        tag="incidents",
        takes=serializers.ExecutionLinkSerializer,
        answers=_INCIDENT,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Say that an execution was for this incident, though it was launched without it."""
        incident = selectors.get(request.user, pk)
        runs.link(actor=user_of(request), incident=incident, execution=_execution(request))
        return shown(request, pk)


class UnlinkView(APIView):
    """Taking an execution off."""

    @endpoint(
        "unlinkIncidentExecution",
        tag="incidents",
        takes=serializers.ExecutionLinkSerializer,
        answers=_INCIDENT,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Say that an execution was not for this incident."""
        incident = selectors.get(request.user, pk)
        runs.unlink(actor=user_of(request), incident=incident, execution=_execution(request))
        return shown(request, pk)


def _execution(request: Request) -> Execution:
    asked = serializers.ExecutionLinkSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return executions.get(request.user, asked.validated_data["execution_id"])
