"""The endpoints of sources of alerts."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api import source_serializers as serializers
from incidents.selectors import sources as selectors
from incidents.services import sources
from incidents.services.sources import Made
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.case import Serializer
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from opsmanager.common.api.query import PagedQuery
from opsmanager.common.api.query_fields import Ordering


class SourcesQuery(PagedQuery):
    """Of sources."""

    ordering = Ordering("name", "last_seen_at")


class DeliveriesQuery(PagedQuery):
    """Of what came of a source."""


class SourcesView(APIView):
    """All sources of alerts."""

    @endpoint(
        "listIncidentSources",
        tag="incidents",
        answers={200: page("sources", serializers.SourceSerializer)},
        query=SourcesQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List where alerts come from, with when each was seen last and what was wrong last."""
        permissions.require_view(request.user, roles.MANAGE_SOURCES)
        return listed(
            SourcesQuery.of(request),
            selectors.visible_to(request.user),
            name="sources",
            serializer=serializers.SourceSerializer,
        )

    @endpoint(
        "createIncidentSource",
        tag="incidents",
        takes=serializers.NewSourceSerializer,
        answers={201: serializers.MadeSourceSerializer},
        fails=(403, 409),
        leads_to=(
            "getIncidentSource id=source/id",
            "updateIncidentSource id=source/id",
            "rotateIncidentSource id=source/id",
            "deleteIncidentSource id=source/id",
        ),
    )
    def post(self, request: Request) -> Response:
        """Make a source; its token or secret is in this answer and nowhere else."""
        permissions.require(request.user, roles.MANAGE_SOURCES, sources.MAY_NOT)
        asked = _read(serializers.NewSourceSerializer, request)
        return _shown(sources.create(actor=user_of(request), **asked), status=201)


class SourceView(APIView):
    """One source of alerts."""

    @endpoint(
        "getIncidentSource",
        tag="incidents",
        answers={200: one("source", serializers.SourceSerializer)},
        fails=(404,),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a source."""
        source = selectors.get(request.user, pk)
        return Response({"source": serializers.SourceSerializer.json_of(source)})

    @endpoint(
        "updateIncidentSource",
        tag="incidents",
        takes=serializers.SourceChangeSerializer,
        answers={200: one("source", serializers.SourceSerializer)},
        fails=(404, 409),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a source; isActive false refuses all that it sends."""
        source = selectors.get(request.user, pk)
        asked = _read(serializers.SourceChangeSerializer, request)
        changed = sources.change(actor=user_of(request), source=source, **asked)
        return Response({"source": serializers.SourceSerializer.json_of(changed)})

    @endpoint("deleteIncidentSource", tag="incidents", answers={204: None}, fails=(404,))
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a source and what waits of it; its incidents stay."""
        sources.delete(actor=user_of(request), source=selectors.get(request.user, pk))
        return Response(status=204)


class RotateView(APIView):
    """A new token or secret."""

    @endpoint(
        "rotateIncidentSource",
        tag="incidents",
        takes=serializers.RotationSerializer,
        answers={200: serializers.MadeSourceSerializer},
        fails=(404,),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Give a source a new token or secret; the one before is good until that is ended."""
        source = selectors.get(request.user, pk)
        asked = _read(serializers.RotationSerializer, request)
        return _shown(sources.rotate(actor=user_of(request), source=source, **asked), status=200)


class EndPreviousView(APIView):
    """The end of the token or secret before."""

    @endpoint(
        "endPreviousOfIncidentSource",
        tag="incidents",
        answers={200: one("source", serializers.SourceSerializer)},
        fails=(404,),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Refuse the token or secret before the present one from now on."""
        source = sources.end_previous(
            actor=user_of(request), source=selectors.get(request.user, pk)
        )
        return Response({"source": serializers.SourceSerializer.json_of(source)})


class DeliveriesView(APIView):
    """What came of a source."""

    @endpoint(
        "listIncidentSourceDeliveries",
        tag="incidents",
        answers={
            200: page(
                "deliveries", serializers.DeliverySerializer, component="IncidentDeliveriesPage"
            )
        },
        query=DeliveriesQuery,
        fails=(404,),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """List what came of a source within a week, the newest first, and what came of it."""
        source = selectors.get(request.user, pk)
        return listed(
            DeliveriesQuery.of(request),
            selectors.deliveries(source),
            name="deliveries",
            serializer=serializers.DeliverySerializer,
        )


class TryView(APIView):
    """The try-out of a mapping."""

    @endpoint(
        "tryIncidentSource",
        tag="incidents",
        takes=serializers.TrySerializer,
        answers={200: serializers.TriedSerializer},
        fails=(403,),
    )
    def post(self, request: Request) -> Response:
        """Show which alerts a body would make, or what is wrong with it; nothing is kept."""
        permissions.require(request.user, roles.MANAGE_SOURCES, sources.MAY_NOT)
        asked = _read(serializers.TrySerializer, request)
        alerts = sources.tried(actor=user_of(request), **asked)
        return Response({"alerts": [alert.as_json() for alert in alerts]})


def _read(kind: type[Serializer], request: Request) -> dict[str, Any]:
    asked = kind(data=request.data)
    asked.is_valid(raise_exception=True)
    values: dict[str, Any] = asked.validated_data
    return values


def _shown(made: Made, *, status: int) -> Response:
    shown = {
        "source": serializers.SourceSerializer.json_of(made.source),
        "token": made.token or None,
        "secret": made.secret or None,
    }
    return Response(shown, status=status)
