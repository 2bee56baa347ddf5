"""The endpoints by which people do something about an incident."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from incidents.api import serializers
from incidents.api.incidents import shown
from incidents.selectors import incidents as selectors
from incidents.selectors import people
from incidents.services import incidents
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one

_INCIDENT: Final[Mapping[int | tuple[int, str], Any]] = {
    200: one("incident", serializers.IncidentSerializer)
}


class AcknowledgeView(APIView):
    """Acknowledging an incident."""

    @endpoint("acknowledgeIncident", tag="incidents", answers=_INCIDENT, fails=(400, 403, 404))
    def post(self, request: Request, pk: UUID) -> Response:
        """Say that somebody looks at it."""
        incident = selectors.get(request.user, pk)
        incidents.acknowledge(actor=user_of(request), incident=incident)
        return shown(request, pk)


class ResolveView(APIView):
    """Resolving an incident."""

    @endpoint(
        "resolveIncident",
        tag="incidents",
        takes=serializers.ReasonSerializer,
        answers=_INCIDENT,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Say that it is over, and why."""
        incident = selectors.get(request.user, pk)
        asked = _valid(serializers.ReasonSerializer(data=request.data))
        incidents.resolve(actor=user_of(request), incident=incident, **asked)
        return shown(request, pk)


class ReopenView(APIView):
    """Opening an incident again."""

    @endpoint(
        "reopenIncident",
        tag="incidents",
        takes=serializers.ReasonSerializer,
        answers=_INCIDENT,
        fails=(403, 404, 409),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Say that it is not over after all."""
        incident = selectors.get(request.user, pk)
        asked = _valid(serializers.ReasonSerializer(data=request.data))
        incidents.reopen(actor=user_of(request), incident=incident, **asked)
        return shown(request, pk)


class AssignView(APIView):
    """Giving an incident to somebody."""

    @endpoint(
        "assignIncident",
        tag="incidents",
        takes=serializers.AssignSerializer,
        answers=_INCIDENT,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Say who takes care of it: somebody who may manage incidents, or nobody."""
        incident = selectors.get(request.user, pk)
        name = _valid(serializers.AssignSerializer(data=request.data))["assigned_to"]
        to = people.named(name) if name is not None else None
        incidents.assign(actor=user_of(request), incident=incident, to=to)
        return shown(request, pk)


class NotesView(APIView):
    """The notes of an incident."""

    @endpoint(
        "addIncidentNote",
        tag="incidents",
        takes=serializers.NoteSerializer,
        answers={201: one("entry", serializers.TimelineEntrySerializer)},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Write a note into the timeline."""
        incident = selectors.get(request.user, pk)
        asked = _valid(serializers.NoteSerializer(data=request.data))
        entry = incidents.note(actor=user_of(request), incident=incident, **asked)
        entry.refresh_from_db()
        return Response({"entry": serializers.TimelineEntrySerializer.json_of(entry)}, status=201)


def _valid(asked: BaseSerializer[Any]) -> dict[str, Any]:
    asked.is_valid(raise_exception=True)
    values: dict[str, Any] = asked.validated_data
    return values
