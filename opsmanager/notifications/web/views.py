"""The pages of channels: what goes where, a form, and a test whose outcome is seen at once."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import form_invalid, fragment, go_to, is_fragment, nothing_new
from opsmanager.notifications import channels, selectors
from opsmanager.notifications.kinds import KINDS
from opsmanager.notifications.message import Event
from opsmanager.notifications.models import Channel, DeliveryState
from opsmanager.notifications.web.form import ChannelForm

_MAY_NOT = "Only administrators may change channels. Ask one of them."
_RECENT = 8


@require_GET
def channel_list(request: HttpRequest) -> HttpResponse:
    """Show the channels, each with what came of its last delivery."""
    context = {
        "channels": selectors.with_last(selectors.visible_to(request.user)),
        "may_add": permissions.may(request.user, "notifications.add_channel"),
    }
    return render(request, "notifications/channel_list.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def channel_add(request: HttpRequest) -> HttpResponse:
    """Add a channel."""
    permissions.require(request.user, "notifications.add_channel", _MAY_NOT)
    return _edit(request, None)


@never_cache
@require_http_methods(["GET", "POST"])
def channel_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a channel: its form, a test, and what was sent to it of late."""
    channel = selectors.get(request.user, pk)
    if request.method == "POST":
        permissions.require(request.user, roles.MANAGE_CHANNELS, _MAY_NOT)
    return _edit(request, channel)


@require_http_methods(["GET", "POST"])
def channel_test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a test (POST), or say what came of the last one (GET, the poll)."""
    channel = selectors.get(request.user, pk)
    if request.method == "POST":
        permissions.require(request.user, roles.MANAGE_CHANNELS, _MAY_NOT)
        channels.test(actor=user_of(request), channel=channel)
        if not is_fragment(request):
            return go_to(request, "notifications:channel_detail", pk=pk)
    context = _test_context(request, channel)
    test = context["test"]
    if request.method == "GET" and test and test.state == DeliveryState.PENDING:
        return nothing_new()
    return fragment(request, "notifications/partials/_channel_test.html", context)


@require_POST
def channel_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a channel, with the log of what was sent to it."""
    channel = selectors.get(request.user, pk)
    permissions.require(request.user, "notifications.delete_channel", _MAY_NOT)
    channels.delete(actor=user_of(request), channel=channel)
    messages.success(request, f"{channel.name} is deleted.")
    return go_to(request, "notifications:channel_list")


def _edit(request: HttpRequest, channel: Channel | None) -> HttpResponse:
    user = user_of(request)
    given = request.POST if request.method == "POST" else None
    form = ChannelForm(user, channel, given)
    if form.is_valid() and (saved := form.save()):
        messages.success(request, f"{saved.name} is saved.")
        return go_to(request, "notifications:channel_detail", pk=saved.pk)
    context = {"form": form, "channel": channel, "kinds": KINDS}
    if given is not None:
        return form_invalid(
            request,
            page="notifications/channel_form.html",
            partial="notifications/partials/_channel_form.html",
            context={**context, **_more(request, channel)},
        )
    return render(
        request, "notifications/channel_form.html", {**context, **_more(request, channel)}
    )


def _more(request: HttpRequest, channel: Channel | None) -> dict[str, Any]:
    if channel is None or is_fragment(request):
        return {"may_change": True}
    recent = selectors.deliveries(request.user).filter(channel=channel)[:_RECENT]
    return {**_test_context(request, channel), "deliveries": recent}


def _test_context(request: HttpRequest, channel: Channel) -> dict[str, Any]:
    tests = channel.deliveries.filter(event=Event.CHANNEL_TEST).order_by("-created_at")
    return {
        "channel": channel,
        "test": tests.first(),
        "may_change": permissions.may(request.user, roles.MANAGE_CHANNELS),
    }
