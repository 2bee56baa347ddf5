"""The login page, and the page on which people look after their own account."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash, views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from opsmanager.accounts import (
    api_logins,
    api_tokens,
    attempts,
    held_forms,
    login_page,
    sessions,
    signals,
    token_pages,
)
from opsmanager.accounts.forms import LoginForm, PasswordForm
from opsmanager.accounts.models import BrowserSession, User
from opsmanager.accounts.requests import is_own_path, user_of
from opsmanager.common.htmx import form_invalid, go_to, is_fragment

PAGE = "accounts/account.html"
SIGN_IN = "accounts/partials/_sign_in.html"
PASSWORD = "accounts/partials/_password_form.html"  # noqa: S105 - a template


class OwnRedirects(views.RedirectURLMixin):
    """Led nowhere but to a path of ours."""

    request: HttpRequest

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Return where the link wants to go; an empty text when that is not ours."""
        place = str(super().get_redirect_url())
        return place if is_own_path(self.request, place) else ""


class LogoutView(OwnRedirects, views.LogoutView):
    """Let a person out; what the session held is deleted."""


@method_decorator([login_not_required, never_cache], name="dispatch")
class LoginView(OwnRedirects, views.LoginView):
    """Let a person in, and back to where they wanted to go."""

    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; a page that asks although its reader is signed in again is told so."""
        if is_fragment(request) and request.user.is_authenticated:
            return render(request, SIGN_IN)
        return super().dispatch(request, *args, **kwargs)

    def get_template_names(self) -> list[str]:
        """Return the page, or the part of it that other pages show in a box."""
        return [SIGN_IN if is_fragment(self.request) else self.template_name]

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """Return whom somebody can ask who does not get in, and a form that was sent too late."""
        held = self.request.POST.get(held_forms.FIELD, "")
        return super().get_context_data(
            contact=settings.CONTACT, held=held, **login_page.offered(), **more
        )

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign the person in, and know the browser from now on."""
        response: HttpResponse = super().form_valid(form)
        held = held_forms.release(self.request, self.request.POST.get(held_forms.FIELD, ""))
        if held:
            response = HttpResponseRedirect(held)
        if is_fragment(self.request):
            response = render(self.request, SIGN_IN)
        attempts.remember_device(self.request, response, form.get_user())
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show what is wrong; who has to wait is told so by the status, too."""
        response = super().form_invalid(form)
        if is_fragment(self.request):
            # What is an error to htmx, it would not show.
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
            return response
        wait = getattr(form, "wait", None)
        if wait is not None:
            response.status_code = wait.status
            response.headers["Retry-After"] = str(wait.retry_after)
        return response


@never_cache
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Show who one is, where one is signed in, and the form for another password."""
    return render(request, PAGE, _context(request, PasswordForm(user_of(request))))


@sensitive_post_parameters()
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; every other session and token ends with the old one."""
    user = user_of(request)
    form = PasswordForm(user, request.POST)
    if not form.is_valid():
        return form_invalid(request, page=PAGE, partial=PASSWORD, context=_context(request, form))
    form.save()
    # The others end by themselves, because they are tied to the old password.
    others = sessions.of(user).exclude(pk=request.session.session_key)
    others.delete()
    api_logins.end_all(user)
    update_session_auth_hash(request, user)
    messages.success(request, "Your password is changed. You are signed out everywhere else.")
    return go_to(request, "account")


@require_POST
def end_session(request: HttpRequest, name: str) -> HttpResponse:
    """End one of one's other sessions."""
    user = user_of(request)
    found = [row for row in _others(request, user) if row.name == name]
    if not found:
        raise Http404
    return _end(request, user, found)


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all of one's other sessions, logins over the API, and API tokens."""
    user = user_of(request)
    api_logins.end_all(user)
    api_tokens.end_all(user, by=user)
    return _end(request, user, _others(request, user))


def _end(request: HttpRequest, user: User, rows: list[BrowserSession]) -> HttpResponse:
    count, _ = BrowserSession.objects.filter(pk__in=[row.pk for row in rows]).delete()
    signals.session_ended.send(User, user=user, count=count)
    messages.success(request, "You are signed out there.")
    return go_to(request, "account")


def _others(request: HttpRequest, user: User) -> list[BrowserSession]:
    return [row for row in sessions.of(user) if row.pk != request.session.session_key]


def _context(request: HttpRequest, form: PasswordForm) -> dict[str, Any]:
    user = user_of(request)
    return {
        "form": form,
        "roles": [group.name for group in user.groups.order_by("name")],
        "sessions": sessions.of(user),
        "this_session": request.session.session_key,
        "api_logins": api_logins.of(user),
        "tokens": token_pages.lines(user),
    }
