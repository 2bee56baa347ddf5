"""What is answered where no view could answer: what to do next, and nothing of what happened."""

import sys
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from opsmanager.common import database_away
from opsmanager.common.error_pages import error_page
from opsmanager.common.htmx import is_fragment
from opsmanager.common.request_id import request_id
from opsmanager.home.nearby import meant_by


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to what Django itself can't read or does not trust."""
    if request.path.startswith("/api/"):
        message = "OpsManager could not read the request."
        return _json(HTTPStatus.BAD_REQUEST, "BadRequest", message, "PARSE_ERROR")
    # Without the request, whose host may be none of ours.
    page = {"status": 400, "heading": "That could not be read", "contact": settings.CONTACT}
    return HttpResponse(render_to_string("400.html", page), status=HTTPStatus.BAD_REQUEST)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form that was not made for this login; a script may have the page go on."""
    if is_fragment(request):
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    return error_page(request, HTTPStatus.FORBIDDEN, template="403_csrf.html")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404, with the page that may have been meant."""
    if request.path.startswith("/api/"):
        message = f"There is no {request.path}. /api/v1/docs/ lists what the API has."
        return _json(HTTPStatus.NOT_FOUND, "NotFound", message, "NOT_FOUND")
    return error_page(request, HTTPStatus.NOT_FOUND, meant=meant_by(request.path))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 while the database is away; what happened is in the log, by its id."""
    fault = sys.exc_info()[1]
    if database_away.is_meant_by(fault):
        response = database_away.answer(request)
        database_away.note(response, fault)
        return response
    if request.path.startswith("/api/"):
        message = "A server error occurred."
        details = {"requestId": request_id()}
        return _json(
            HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", message, "INTERNAL", details
        )
    context = {
        "request_id": request_id(),
        "contact": settings.CONTACT,
        "is_read": request.method in ("GET", "HEAD"),
    }
    # Without the request: what failed may fail again.
    page = render_to_string("500.html", context)
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _json(
    status: HTTPStatus, error: str, message: str, code: str, details: dict[str, str] | None = None
) -> HttpResponse:
    body = {"error": error, "message": message, "code": code, "details": details or {}}
    return JsonResponse(body, status=status)
