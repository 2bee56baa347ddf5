"""Nothing answers without a login, but what says so itself; and a login that is used lives on."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthentication
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect

from opsmanager.accounts import held_forms, login_page, sessions
from opsmanager.accounts.forms import LoginForm

UNATTENDED = "HX-Unattended"
"""The header of a poll by a page at which nobody has touched anything for a while."""


class AuthenticationMiddleware(DjangoAuthentication):
    """Take the user who was read together with the session; and hand views' own question on."""

    def process_request(self, request: HttpRequest) -> None:
        """Give the request its user, once somebody asks."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _user(request))  # type: ignore[assignment]

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, arguments: dict[str, Any]
    ) -> None:
        """Let the session's query find what the view asks along, before anybody reads it."""
        asked = getattr(view, "asked_along", None)
        if asked is not None:
            request.session.along = asked  # type: ignore[attr-defined]
            request.session.along_of = arguments  # type: ignore[attr-defined]


def _user(request: HttpRequest) -> Any:
    """Return the user of the session where nothing speaks against it; else Django decides."""
    session = request.session
    user_id = session.get(auth.SESSION_KEY)  # which reads the session
    user = getattr(session, "user", None)
    is_whole = (
        user is not None
        and user.is_active
        and str(user.pk) == user_id
        and session.get(auth.BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(
            session.get(auth.HASH_SESSION_KEY) or "", user.get_session_auth_hash()
        )
    )
    return user if is_whole else auth.get_user(request)


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Ask a person to log in, in a way that loses nothing of what was typed.

    Who looks is sent to the login page, from a fragment with its whole page, and comes back. A form
    that a script sends stays where it is, and the page asks for the login; one that a browser sends
    waits on the login page (:mod:`opsmanager.accounts.held_forms`).
    """

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """Answer a request without a login."""
        htmx = getattr(request, "htmx", None)
        if not htmx:
            return self._ask_for_login(request, view_func)
        if request.method not in ("GET", "HEAD"):
            answer = HttpResponse(status=HTTPStatus.UNAUTHORIZED)
            patch_vary_headers(answer, ("HX-Request",))
            return answer
        try:
            page = htmx.current_url_abs_path or "/"
        except ValueError:  # no address at all
            page = "/"
        answer = HttpResponseClientRedirect(redirect_to_login(page)["Location"])
        patch_vary_headers(answer, ("HX-Request",))
        return answer

    def _ask_for_login(
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        held = held_forms.hold(request, view_func)
        if held is None:
            return super().handle_no_permission(request, view_func)
        page, typed = held
        context = {"form": LoginForm(request), "next": page, "held": typed, **login_page.offered()}
        return render(request, "accounts/login.html", context, status=HTTPStatus.UNAUTHORIZED)


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
