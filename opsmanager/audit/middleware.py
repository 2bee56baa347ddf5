"""Lets an event know from where its request came, and writes down refusals once it is answered."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from opsmanager.audit import trail
from opsmanager.audit.source import Source, working_for
from opsmanager.common.client import client_address

_MOST_OF_A_PATH = 200


class AuditSourceMiddleware:
    """Keep client and user of a request at hand while it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; what was refused in it is written into the trail."""
        source = Source(
            address=client_address(request),
            actor=lambda: getattr(request, "acts_as", None) or getattr(request, "user", None),
        )
        with working_for(source):
            response = self.get_response(request)
            trail.write_refusals(source)
            if response.status_code == 403 and not source.refusals:
                trail.record(
                    "ACCESS_REFUSED",
                    actor=source.actor(),
                    outcome="REFUSED",
                    message="This user may not do this.",
                    method=request.method,
                    path=request.path[:_MOST_OF_A_PATH],
                )
            return response
