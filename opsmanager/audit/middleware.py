"""Lets an event know from which address its request came."""

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from opsmanager.common.client import client_address

_address: ContextVar[str | None] = ContextVar("audit_address", default=None)


def current_address() -> str | None:
    """Return the address of the request being answered; ``None`` outside of one."""
    return _address.get()


class AuditSourceMiddleware:
    """Keep the client's address at hand while a request is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        token = _address.set(client_address(request))
        try:
            return self.get_response(request)
        finally:
            _address.reset(token)
