"""The pages that say what could not be done, and what to do next."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

_OWN: Final = {403: "403.html", 404: "404.html"}
_HEADINGS: Final = {
    405: "This address shows nothing",
    409: "Something else is there already",
    413: "That is too much at once",
    429: "Not so soon",
    503: "Not at this moment",
}


def error_page(
    request: HttpRequest, status: int, message: str = "", *, template: str = "", **more: object
) -> HttpResponse:
    """Answer with the page for a status, and with a sentence of its own where there is one.

    It offers the way back, and names whom to ask. ``more`` is for the template.
    """
    context = {
        "status": status,
        "heading": _HEADINGS.get(status, "That could not be done"),
        "message": message,
        "back": _other_page_before(request),
        "contact": settings.CONTACT,
        **more,
    }
    page = template or _OWN.get(status, "400.html")
    return render(request, page, context, status=status)


def page_before(request: HttpRequest) -> str:
    """Return the address of the page that sent the reader here; empty when it is not ours."""
    page = request.headers.get("referer", "")
    is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    return page if is_ours else ""


def _other_page_before(request: HttpRequest) -> str:
    """Return it unless it is this one, to which nobody wants to go back."""
    page = page_before(request)
    return "" if page == request.build_absolute_uri() else page
