"""A name for each request: in its answer, in each line of the log about it, on the error page."""

import re
from collections.abc import Callable
from typing import Final
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse

HEADER: Final = "X-Request-ID"
# What a proxy in front may have given it; anything else could forge lines of the log.
_GIVEN: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Give the request an id, or keep the one that a proxy gave it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        given = request.headers.get(HEADER, "")
        name = given if _GIVEN.fullmatch(given) else uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=name):
            response = self.get_response(request)
        response.headers[HEADER] = name
        return response


def request_id() -> str:
    """Return the id of the request being answered; empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
