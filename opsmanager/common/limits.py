"""Refuses requests that are too large, before anything reads them."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from opsmanager.common.error_pages import error_page
from opsmanager.common.problems import TooLarge


class BodyLimitMiddleware:
    """Answer 413 to a body beyond ``DATA_UPLOAD_MAX_MEMORY_SIZE``, of whatever kind."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdigit() and int(length[:20]) <= limit:
            return self.get_response(request)
        problem = TooLarge(f"A request may hold at most {limit // 1024} KiB. Send less at once.")
        if request.path.startswith("/api/"):
            return JsonResponse(problem.as_json(), status=problem.status)
        return error_page(request, problem.status, problem.message)
