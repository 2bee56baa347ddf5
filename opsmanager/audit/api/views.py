"""The endpoints of the trail, for those who may read it."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.audit import selectors
from opsmanager.audit.api import serializers
from opsmanager.audit.api.queries import EventsQuery
from opsmanager.audit.looking import look
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from opsmanager.common.pages import by_key


class AuditEventsView(APIView):
    """All events."""

    @endpoint(
        "listAuditEvents",
        tag="audit",
        answers={200: page("events", serializers.AuditEventSerializer)},
        query=EventsQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List audit events, newest first. ``startDate`` is included, ``endDate`` is not."""
        asked = EventsQuery.of(request)
        rows = EventsQuery.narrow(selectors.visible_to(request.user), asked)
        rows = selectors.by(rows, asked.get("actor", ""))
        rows = selectors.from_address(rows, asked.get("address", ""))
        return listed(
            asked,
            selectors.search(rows, asked.get("search", "")),
            name="events",
            serializer=serializers.AuditEventSerializer,
            prepare=by_key,
        )


class AuditVerificationView(APIView):
    """Whether the trail is whole."""

    @endpoint(
        "verifyAudit",
        tag="audit",
        answers={200: one("verification", serializers.AuditVerificationSerializer)},
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """Verify every event and the chain over them, and name the place of each problem."""
        selectors.require_reader(request.user)
        shown = serializers.AuditVerificationSerializer.json_of(look())
        return Response({"verification": shown})
