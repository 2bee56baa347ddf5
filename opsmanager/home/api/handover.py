"""The endpoints of a shift's handover: as data, and as a text for tickets and chats."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one
from opsmanager.common.api.event_stream import AnyAccepted
from opsmanager.common.api.query import Query
from opsmanager.common.api.query_fields import When, Whole
from opsmanager.home import handover, handover_text, shift
from opsmanager.home.api.serializers import HandoverSerializer


class HandoverQuery(Query):
    """Of a handover."""

    hours = Whole(1, shift.MOST_HOURS, help_text="How long before endDate; 8 without.")
    start_date = When(help_text="Of being queued; included. In place of hours.")
    end_date = When(help_text="Of being queued; not included. Now without.")


class HandoverView(APIView):
    """What a shift hands over."""

    @endpoint(
        "getHandover",
        tag="reports",
        answers={200: one("handover", HandoverSerializer)},
        query=HandoverQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """Say what ran in a shift, and what is broken, waits and comes now.

        The last 8 hours unless ``hours`` or dates say otherwise. A list is null where your role may
        not see what is in it; it holds 50 things at most, and ``hasMore`` says that there are more.
        """
        found = handover.of(request.user, _asked_for(request))
        return Response({"handover": HandoverSerializer.json_of(found)})


class HandoverExportView(APIView):
    """The same as Markdown."""

    content_negotiation_class = AnyAccepted

    @endpoint(
        "exportHandover",
        tag="reports",
        answers={(200, "text/markdown"): OpenApiTypes.STR},
        query=HandoverQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> HttpResponse:
        """Return the handover as Markdown, to be pasted into a ticket or a chat."""
        found = handover.of(request.user, _asked_for(request))
        text = handover_text.markdown(found)
        return HttpResponse(text, content_type="text/markdown; charset=utf-8")


def _asked_for(request: Request) -> shift.Shift:
    asked = HandoverQuery.of(request)
    return shift.asked_for(
        hours=asked.get("hours"),
        start=asked.get("start_date"),
        end=asked.get("end_date"),
        now=timezone.now(),
    )
