"""What is answered where no view could answer: a sentence, and nothing of what happened."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from opsmanager.common.request_id import request_id


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to what Django itself can't read or does not trust."""
    if request.path.startswith("/api/"):
        body = {
            "error": "BadRequest",
            "message": "OpsManager could not read the request.",
            "code": "PARSE_ERROR",
            "details": {},
        }
        return JsonResponse(body, status=400)
    return HttpResponse(render_to_string("400.html"), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; what happened stands in the log, under the same id."""
    if request.path.startswith("/api/"):
        body = {
            "error": "InternalError",
            "message": "A server error occurred.",
            "code": "INTERNAL",
            "details": {"requestId": request_id()},
        }
        return JsonResponse(body, status=500)
    # Without the request: what failed may fail again.
    page = render_to_string("500.html", {"request_id": request_id()})
    return HttpResponse(page, status=500)
