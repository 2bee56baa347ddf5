"""Answers to pages that htmx drives, named for their effect; each also serves a plain browser."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.contrib.messages import get_messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


def is_fragment(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of a page, not for a page.

    A boosted link and the restored history want the whole page, though htmx fetches them.

    ``template = "…/_table.html" if is_fragment(request) else "…/list.html"``
    """
    details = getattr(request, "htmx", None)
    if not isinstance(details, HtmxDetails):
        return False
    return bool(details) and not details.boosted and not details.history_restore_request


def go_to(request: HttpRequest, to: str | Model, **arguments: object) -> HttpResponse:
    """Send the browser, not only the fragment, to a page.

    ``to`` is a URL's name with its ``arguments``, a path, or an object that knows its own URL.

    ``return go_to(request, "automation:execution_detail", pk=execution.pk)``
    """
    url = resolve_url(to, **arguments)
    return HttpResponseClientRedirect(url) if is_fragment(request) else HttpResponseRedirect(url)


def nothing_new() -> HttpResponse:
    """Leave the page as it is: 204, which htmx swaps nowhere. For a poll that found no change.

    ``if seen == state.version: return nothing_new()``
    """
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def form_invalid(
    request: HttpRequest, *, page: str, partial: str, context: Mapping[str, Any]
) -> HttpResponse:
    """Show the form again with its errors and what was typed: 422, which htmx is told to swap.

    A plain browser gets the whole ``page`` with the same status.

    ``return form_invalid(request, page="servers/server_form.html",
    partial="servers/partials/_server_form.html", context={"form": form})``
    """
    template = partial if is_fragment(request) else page
    return render(request, template, dict(context), status=HTTPStatus.UNPROCESSABLE_ENTITY)


def fragment(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Answer with a partial, and with the messages that wait for the user as toasts beside it.

    ``return fragment(request, "servers/partials/_check.html", {"server": server})``
    """
    html = render_to_string(template, dict(context), request=request)
    if get_messages(request):
        html += render_to_string("components/_toasts.html", request=request)
    return HttpResponse(html, status=status)
