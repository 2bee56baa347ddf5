"""Nothing answers without a login, but what says so itself; and a login that is used lives on."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from opsmanager.accounts import sessions

UNATTENDED = "HX-Unattended"
"""The header of a poll by a page at which nobody has touched anything for a while."""


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Send a person to the login page, and a fragment's whole page rather than the fragment."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """Answer a request without a login."""
        htmx = getattr(request, "htmx", None)
        if not htmx:
            return super().handle_no_permission(request, view_func)
        try:
            page = htmx.current_url_abs_path or "/"
        except ValueError:  # no address at all
            page = "/"
        answer = HttpResponseClientRedirect(redirect_to_login(page)["Location"])
        patch_vary_headers(answer, ("HX-Request",))
        return answer


class SessionUseMiddleware:
    """Note that a session is used, but not by polls of a page that somebody left open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        if UNATTENDED not in request.headers:
            sessions.touch(request.session)
        return response
