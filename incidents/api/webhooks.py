"""Where sources send their alerts."""

import io
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from rest_framework.exceptions import AuthenticationFailed, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api import source_serializers as serializers
from incidents.services import webhooks
from incidents.services.proofs import NotProven, Received
from incidents.sources.reading import Malformed
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.parsers import StrictJSONParser
from opsmanager.common.client import client_network
from opsmanager.common.problems import Throttled
from opsmanager.common.request_rate import seconds_to_wait

_DELIVERIES: Final = 6000
"""Of one source within a minute: a burst of a thousand is nothing, a loop of the sender is."""
_REFUSALS: Final = 300
"""Of one address within a minute, after which not even why is looked at."""


class WebhookView(APIView):
    """Takes what a source sends: no session, no user, only the source's own proof."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for; without it REST framework would answer 403."""
        return 'Bearer realm="alerts"'

    @endpoint(
        "receiveAlerts",
        tag="incidents",
        takes=OpenApiTypes.OBJECT,  # type: ignore[arg-type]  # each kind has its own form
        answers={202: serializers.AcceptedSerializer},
        fails=(),
        is_open=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take alerts in, in the form of the source's kind, with its token or signature.

        They are kept before this is answered; a worker makes incidents of them within moments.
        Sent again, they change nothing: ``accepted`` is 0 for a delivery that is known.
        """
        _throttle(f"source:{slug[:60]}", "webhooks", _DELIVERIES, "This source")
        body = request.body
        received = Received(headers=request.headers, body=body, read=lambda: _json(body))
        try:
            accepted = webhooks.receive(slug, received)
        except NotProven:
            _throttle(
                f"address:{client_network(request) or 'none'}",
                "refused webhooks",
                _REFUSALS,
                "This address",
            )
            raise AuthenticationFailed(
                "The source is unknown or off, or its token or signature is not good."
            ) from None
        return Response({"accepted": accepted}, status=202)


def _json(body: bytes) -> Any:
    try:
        return StrictJSONParser().parse(io.BytesIO(body))
    except ParseError as problem:
        raise Malformed("The body", str(problem.detail)) from None


def _throttle(who: str, kind: str, limit: int, whose: str) -> None:
    seconds = seconds_to_wait(who, kind, limit)
    if seconds:
        raise Throttled(seconds, whose=whose, kind="writes", limit=limit)
