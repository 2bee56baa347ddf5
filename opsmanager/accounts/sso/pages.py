"""The way to the provider, and back from it into a session.

The way begins with a form, so that no other site's link begins a login. Its answer is a page that
goes on by itself: browsers hold a form's redirects to the policy's ``form-action``, and a provider
may send people through addresses that nobody knows beforehand.
"""

import time
from http import HTTPStatus
from typing import Any, Final

import structlog
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from opsmanager.accounts import attempts, held_forms, signals, throttle
from opsmanager.accounts.models import User
from opsmanager.accounts.requests import is_own_path
from opsmanager.accounts.sso import identities, provider
from opsmanager.accounts.sso.errors import Declined, LoginFailed, NotProven, Refused, Stale
from opsmanager.accounts.sso.person import Person
from opsmanager.common.client import client_network
from opsmanager.common.problems import TooManyTries

log = structlog.get_logger(__name__)

BACKEND: Final = "opsmanager.accounts.backends.PasswordBackend"
"""Which reads the users of sessions, however they began."""
_NAME: Final = "single sign-on"
_ACTOR: Final = f"system:{_NAME}"
"""Who makes users and sets roles, for the trail."""
_SESSION_KEY: Final = "sign_on"
_SECONDS: Final = 600
_MOST_AT_ONCE: Final = 4
"""Logins that one browser may have begun, in as many tabs."""
_MOST_HELD: Final = 50_000
"""Characters of a form that waits for the login; a larger one is not kept."""


@login_not_required
@never_cache
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Show the page that goes on to the provider."""
    _only_if_on()
    place = request.POST.get("next", "")
    if request.user.is_authenticated:
        return HttpResponseRedirect(_own(request, place))
    try:
        question = provider.current().question()
    except LoginFailed as problem:
        return _failed(request, problem)
    held = request.POST.get(held_forms.FIELD, "")
    begun = dict(request.session.get(_SESSION_KEY, {}))
    while len(begun) >= _MOST_AT_ONCE:
        del begun[next(iter(begun))]
    begun[question.state] = {
        "nonce": question.nonce,
        "verifier": question.verifier,
        "at": time.time(),
        "next": place[:2000],
        "held": held if len(held) <= _MOST_HELD else "",
    }
    request.session[_SESSION_KEY] = begun
    return render(
        request, "accounts/sso_begin.html", {"url": question.url, "sso": settings.OIDC_NAME}
    )


@login_not_required
@never_cache
@require_GET
def answer(request: HttpRequest) -> HttpResponse:
    """Sign in whom the provider sends back, if all of it holds."""
    _only_if_on()
    limits = _limits(request)
    try:
        throttle.reserve(limits)
    except TooManyTries as problem:
        if problem.is_news:
            signals.login_throttled.send(User, username=_NAME)
        return _wait(request, problem)
    try:
        response = _sign_in(request)
    except LoginFailed as problem:
        guessed = isinstance(problem, Refused | NotProven | Stale)
        (throttle.was_wrong if guessed else throttle.was_right)(limits)
        return _failed(request, problem)
    throttle.was_right(limits)
    return response


@sensitive_variables()
def _sign_in(request: HttpRequest) -> HttpResponse:
    begun = _taken(request)
    if "error" in request.GET:
        code = request.GET["error"]
        raise Declined(code if code.replace("_", "").isalnum() and len(code) <= 40 else "no reason")
    claims = provider.current().claims(
        code=request.GET.get("code", "")[:4000], nonce=begun["nonce"], verifier=begun["verifier"]
    )
    user, person = _user(request, claims)
    # As with a password: another session key, the login's place and time, and a line in the trail.
    request.signed_on_as = person.subject  # type: ignore[attr-defined]
    auth.login(request, user, backend=BACKEND)
    held = held_forms.release(request, begun["held"]) if begun["held"] else ""
    response = HttpResponseRedirect(held or _own(request, begun["next"]))
    attempts.remember_device(request, response, user)
    return response


def _user(request: HttpRequest, claims: dict[str, Any]) -> tuple[User, Person]:
    request.acts_as = _ACTOR  # type: ignore[attr-defined]
    try:
        person = Person.of(claims)
        return identities.user_for(person), person
    except Refused as problem:
        name = claims.get("preferred_username") or claims.get("email")
        signals.sign_on_refused.send(
            User, reason=problem.reason, username=str(name or ""), subject=claims["sub"]
        )
        raise
    finally:
        del request.acts_as  # type: ignore[attr-defined]


def _taken(request: HttpRequest) -> dict[str, Any]:
    """Return what was noted when this login began, which is good for one answer."""
    begun = dict(request.session.get(_SESSION_KEY, {}))
    given = request.GET.get("state", "")
    state = next((each for each in begun if constant_time_compare(each, given)), None)
    if state is None:
        raise Stale
    found: dict[str, Any] = begun.pop(state)
    request.session[_SESSION_KEY] = begun
    # Also when what follows fails: a second try with the same answer must find nothing.
    request.session.save()
    if time.time() - found["at"] > _SECONDS:
        raise Stale("The login took longer than ten minutes.")
    return found


def _limits(request: HttpRequest) -> dict[str, throttle.Limit]:
    limits = {throttle.key("all", _NAME): throttle.EVERYBODY}
    address = client_network(request)
    if address:
        limits[throttle.key("address", _NAME, address)] = throttle.ADDRESS
    return limits


def _failed(request: HttpRequest, problem: LoginFailed) -> HttpResponse:
    log.warning("single sign-on failed", reason=problem.reason, kind=type(problem).__name__)
    if not isinstance(problem, Refused | Stale):
        signals.sign_on_refused.send(User, reason=problem.reason, username="", subject="")
    return _page(request, problem.status, problem.heading, problem.message)


def _wait(request: HttpRequest, problem: TooManyTries) -> HttpResponse:
    seconds = problem.retry_after or 1
    response = _page(
        request,
        HTTPStatus.TOO_MANY_REQUESTS,
        "Not so soon",
        f"Too many logins by single sign-on failed. Wait {seconds} s, then try again.",
    )
    response.headers["Retry-After"] = str(seconds)
    return response


def _page(request: HttpRequest, status: int, heading: str, message: str) -> HttpResponse:
    context = {"heading": heading, "message": message, "contact": settings.CONTACT}
    return render(request, "accounts/sso_failed.html", context, status=status)


def _own(request: HttpRequest, place: str) -> str:
    return place if is_own_path(request, place) else resolve_url(settings.LOGIN_REDIRECT_URL)


def _only_if_on() -> None:
    if not settings.OIDC_ISSUER:
        raise Http404
