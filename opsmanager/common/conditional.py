"""Lets a client that polls the API ask whether anything is new: an answer's ETag, and 304."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers, set_response_etag

# A cache of a client with a token may keep it, and has to ask each time whether it is still so.
# Browsers keep nothing: what they hold lies on a disk after its person has gone.
_KEPT: Final = "private, no-cache"


class ConditionalMiddleware:
    """Give what the API shows an ETag, and answer 304 to who has it already.

    The ETag is that of the content, unless the view knew one; so whoever is shown something else
    has another one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        is_shown = request.method in ("GET", "HEAD") and response.status_code in (200, 304)
        if not is_shown or response.streaming or not request.path.startswith("/api/"):
            return response
        if response.status_code == 200 and not response.has_header("ETag"):
            set_response_etag(response)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        if "Authorization" in request.headers:
            response.headers.setdefault("Cache-Control", _KEPT)
        etag = response.get("ETag")
        if etag is None or response.status_code != 200:
            return response
        return not_modified(request, etag, response) or response


def not_modified(
    request: HttpRequest, etag: str, response: HttpResponse | None = None
) -> HttpResponse | None:
    """Return 304 if the client says in ``If-None-Match`` that it has this ETag already."""
    answer = get_conditional_response(request, etag=etag, response=response)
    # Of the other conditions none can hold or fail: nothing is changed by asking.
    if answer is None or answer.status_code != 304:
        return None
    answer.headers["ETag"] = etag
    return answer
