"""Home, and the two questions that a load balancer asks."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opsmanager.common.htmx import fragment
from opsmanager.home import health, now


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what needs the reader now."""
    context = {**now.context(request.user), "shortcuts": now.shortcuts(request.user)}
    return render(request, "home/home.html", context)


@require_safe
def home_now(request: HttpRequest) -> HttpResponse:
    """Answer the poll of the home page."""
    return fragment(request, "home/partials/_now.html", now.context(request.user))


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
