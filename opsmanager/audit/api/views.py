"""The endpoints of the trail, for those who may read it."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.audit import selectors
from opsmanager.audit.api import serializers
from opsmanager.audit.looking import look
from opsmanager.audit.models import AuditEvent
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.filters import filtered
from opsmanager.common.api.paging import listed
from opsmanager.common.pages import by_key

_ORDERING = ("seq", "at", "verb", "actorName", "outcome")


class AuditEventsView(APIView):
    """All events."""

    @endpoint(
        "listAuditEvents",
        tag="audit",
        answers={200: page("events", serializers.AuditEventSerializer)},
        fails=(400, 401, 403),
        filters=(
            "verb",
            "actor",
            "targetType",
            "targetId",
            "outcome",
            "address",
            "startDate",
            "endDate",
            "search",
        ),
        ordering=_ORDERING,
        paged=True,
    )
    def get(self, request: Request) -> Response:
        """List audit events, newest first. ``startDate`` is included, ``endDate`` is not."""
        asked = request.query_params
        rows = filtered(
            selectors.visible_to(request.user),
            asked,
            words={
                "verb": "verb",
                "targetType": "target_type",
                "targetId": "target_id",
                "outcome": "outcome",
            },
            times={"startDate": "at__gte", "endDate": "at__lt"},
        )
        rows = selectors.by(rows, asked.get("actor", ""))
        rows = selectors.from_address(rows, asked.get("address", ""))
        return listed(
            request,
            selectors.search(rows, asked.get("search", "")),
            name="events",
            serializer=serializers.AuditEventSerializer,
            ordering=_ORDERING,
            prepare=_page,
        )


def _page(rows: Any) -> QuerySet[AuditEvent]:
    return by_key(rows)


class AuditVerificationView(APIView):
    """Whether the trail is whole."""

    @endpoint(
        "verifyAudit",
        tag="audit",
        answers={200: one("verification", serializers.AuditVerificationSerializer)},
        fails=(401, 403, 503),
    )
    def get(self, request: Request) -> Response:
        """Verify every event and the chain over them, and name the place of each problem."""
        selectors.require_reader(request.user)
        shown = serializers.AuditVerificationSerializer(look()).data
        return Response({"verification": shown})
