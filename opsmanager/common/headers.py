"""The headers that every answer carries beside Django's own and the policy of its content."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

_HEADERS: Final = {
    # Static files never come here; all else is about somebody's fleet.
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
}


def bare(response: HttpResponse) -> HttpResponse:
    """Return an answer without content, which has nothing that a browser could show or keep.

    Pages ask each second whether there is news; what describes content would be all that is sent.
    """
    del response["Content-Type"]
    response.headers["Cache-Control"] = "no-store"
    return response


class SecurityHeadersMiddleware:
    """Set the headers on each answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        if response.status_code == HTTPStatus.NO_CONTENT:
            return bare(response)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        # One address answers with a page, or with a part of it to htmx.
        patch_vary_headers(response, ["HX-Request"])
        return response
