"""The endpoints of incidents: all of them, and one with what happened and what may help."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api import queries, serializers
from incidents.selectors import incidents as selectors
from incidents.selectors.suggestions import suggestions
from incidents.services import incidents
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from servers.models import Server
from servers.selectors import servers

FOLLOWS = (
    "getIncident id=incident/id",
    "updateIncident id=incident/id",
    "acknowledgeIncident id=incident/id",
    "resolveIncident id=incident/id",
    "reopenIncident id=incident/id",
    "assignIncident id=incident/id",
    "addIncidentNote id=incident/id",
    "listIncidentTimeline id=incident/id",
    "listIncidentSuggestions id=incident/id",
    "linkIncidentExecution id=incident/id",
    "unlinkIncidentExecution id=incident/id",
)
"""What can be done with the incident that an answer holds."""


def shown(request: Request, pk: UUID, *, status: int = 200) -> Response:
    """Return the incident as it stands now."""
    incident = selectors.get(request.user, pk)
    return Response(
        {"incident": serializers.IncidentSerializer.json_of(incident)},
        status=status,
    )


class IncidentsView(APIView):
    """All incidents."""

    @endpoint(
        "listIncidents",
        tag="incidents",
        answers={200: page("incidents", serializers.IncidentSerializer)},
        query=queries.IncidentsQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List incidents, newest first."""
        permissions.require_view(request.user, roles.VIEW_INCIDENTS)
        asked = queries.IncidentsQuery.of(request)
        rows = queries.IncidentsQuery.narrow(selectors.visible_to(request.user), asked)
        return listed(
            asked,
            selectors.search(rows, asked.get("search", "")),
            name="incidents",
            serializer=serializers.IncidentSerializer,
        )

    @endpoint(
        "openIncident",
        tag="incidents",
        takes=serializers.OpenSerializer,
        answers={201: one("incident", serializers.IncidentSerializer)},
        leads_to=FOLLOWS,
    )
    def post(self, request: Request) -> Response:
        """Open an incident that a person has noticed; alerts come by the webhooks of sources."""
        asked = serializers.OpenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        server = _server(request, values.pop("server_id"))
        made = incidents.open_by_hand(actor=user_of(request), server=server, **values)
        return shown(request, made.pk, status=201)


class IncidentView(APIView):
    """One incident."""

    @endpoint(
        "getIncident",
        tag="incidents",
        answers={200: one("incident", serializers.IncidentSerializer)},
        leads_to=FOLLOWS[1:],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show an incident."""
        return shown(request, pk)

    @endpoint(
        "updateIncident",
        tag="incidents",
        takes=serializers.ChangeSerializer,
        answers={200: one("incident", serializers.IncidentSerializer)},
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of an incident."""
        incident = selectors.get(request.user, pk)
        asked = serializers.ChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = dict(asked.validated_data)
        if "server_id" in fields:
            fields["server"] = _server(request, fields.pop("server_id"))
        incidents.change(actor=user_of(request), incident=incident, **fields)
        return shown(request, pk)


class TimelineView(APIView):
    """What happened to an incident."""

    @endpoint(
        "listIncidentTimeline",
        tag="incidents",
        answers={200: page("timeline", serializers.TimelineEntrySerializer)},
        query=queries.TimelineQuery,
        fails=(403, 404),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """List what happened to an incident, the oldest line first."""
        incident = selectors.get(request.user, pk)
        return listed(
            queries.TimelineQuery.of(request),
            incident.timeline.all(),
            name="timeline",
            serializer=serializers.TimelineEntrySerializer,
        )


class SuggestionsView(APIView):
    """What may help with an incident."""

    @endpoint(
        "listIncidentSuggestions",
        tag="incidents",
        answers={200: one("suggestions", serializers.SuggestionsSerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show what may help, what is most likely to first; launch it with ``incidentId``."""
        incident = selectors.get(request.user, pk)
        found = suggestions(user_of(request), incident)
        answer = serializers.SuggestionsSerializer.json_of(
            {
                "diagnose": [each for each in found if not each.changes],
                "fix": [each for each in found if each.changes],
            }
        )
        return Response({"suggestions": answer})


def _server(request: Request, pk: UUID | None) -> Server | None:
    return servers.get(request.user, pk) if pk else None
