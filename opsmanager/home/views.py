"""Home, the two questions that a load balancer asks, and what Prometheus asks."""

import hmac
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opsmanager.accounts import along, permissions
from opsmanager.common.htmx import fragment, nothing_new
from opsmanager.home import health, metrics, now, often
from servers.selectors import servers


@require_safe
@along.asks_along(now.news_along)
def home(request: HttpRequest) -> HttpResponse:
    """Show what needs the reader now."""
    user = request.user
    context = {
        **_context(request),
        "often": often.run_often(user),
        "has_servers": servers.visible_to(user).exists(),
        "may_add_servers": permissions.may(user, "servers.add_server"),
    }
    return render(request, "home/home.html", context)


@require_safe
@along.asks_along(now.news_along)
def home_now(request: HttpRequest) -> HttpResponse:
    """Answer the poll of the home page: nothing while nothing is new."""
    seen = now.seen(along.found_along(request))
    if seen and request.GET.get("seen") == seen:
        return nothing_new()
    return fragment(request, "home/partials/_now.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    # What was so before the rest was read: what came since is news to the next poll.
    seen = now.seen(along.found_along(request))
    return {**now.context(request.user), "seen": seen}


@login_not_required
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that this process is alive."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Say whether all parts are there: database, Redis, workers and beat by their heartbeats."""
    parts = health.parts()
    ready = all(part.ok for part in parts)
    body = {"ready": ready, "checks": {part.name: part.ok for part in parts}}
    return JsonResponse(body, status=200 if ready else 503)


@login_not_required
@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, where it gives the token of the settings: 401 without, 503 if it can't."""
    if not _has_token(request):
        said = "Give the token that OPSMANAGER_METRICS_TOKEN holds, as a bearer token.\n"
        refusal = HttpResponse(said, content_type="text/plain", status=HTTPStatus.UNAUTHORIZED)
        refusal["WWW-Authenticate"] = "Bearer"
        return refusal
    try:
        text = metrics.text()
    except Error:
        away = "PostgreSQL does not answer.\n"
        return HttpResponse(away, content_type="text/plain", status=HTTPStatus.SERVICE_UNAVAILABLE)
    return HttpResponse(text, content_type=metrics.CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    is_it = hmac.compare_digest(given.strip().encode(), wanted.encode())
    return bool(wanted) and kind.lower() == "bearer" and is_it
