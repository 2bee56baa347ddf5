"""The log of what was sent: whether it arrived, why not, and once more."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.query import Query
from opsmanager.common.api.query_fields import Text, Uuid, Words
from opsmanager.common.filters import Filters, choice
from opsmanager.common.htmx import fragment, go_to, is_fragment
from opsmanager.common.pages import LongPaginator
from opsmanager.common.problems import Problem
from opsmanager.common.templatetags.values import words
from opsmanager.notifications import channels, selectors
from opsmanager.notifications.message import ALL
from opsmanager.notifications.models import DeliveryState

_PAGE: Final = 50
_STATES: Final = (
    (DeliveryState.PENDING, "Waiting"),
    (DeliveryState.SENT, "Sent"),
    (DeliveryState.FAILED, "Failed"),
)


class DeliveryFilters(Query):
    """The fields above the log; those left empty ask for nothing."""

    search = Text()
    channel = Uuid()
    state = Words(DeliveryState.values)
    event = Words(ALL)

    filters = {"channel": "channel", "state": "state__in", "event": "event__in"}


@require_GET
def delivery_list(request: HttpRequest) -> HttpResponse:
    """Show what was sent, the newest first, searched and filtered."""
    everything = selectors.deliveries(request.user)
    problem = ""
    try:
        asked = DeliveryFilters.of_form(request.GET)
        rows = selectors.search(DeliveryFilters.narrow(everything, asked), asked.get("search", ""))
    except Problem as refused:
        rows, problem = everything.none(), refused.message
    context: dict[str, Any] = {
        "page": LongPaginator(rows, _PAGE).get_page(request.GET.get("page")),
        "problem": problem,
        "may_resend": permissions.may(request.user, roles.RESEND_DELIVERIES),
    }
    if is_fragment(request):
        return fragment(request, "notifications/partials/_delivery_table.html", context)
    context["filters"] = _filters(request, request.GET)
    return render(request, "notifications/delivery_list.html", context)


@require_GET
def delivery_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what was sent, and what came of it."""
    context = {
        "delivery": selectors.delivery(request.user, pk),
        "may_resend": permissions.may(request.user, roles.RESEND_DELIVERIES),
    }
    return render(request, "notifications/delivery_detail.html", context)


@require_POST
def delivery_resend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send it again, in a delivery of its own, and show that."""
    delivery = selectors.delivery(request.user, pk)
    sentence = "Only administrators may send notifications again. Ask one of them."
    permissions.require(request.user, roles.RESEND_DELIVERIES, sentence)
    again = channels.resend(actor=user_of(request), delivery=delivery)
    messages.success(request, f"It is sent to {delivery.channel.name} once more.")
    return go_to(request, "notifications:delivery_detail", pk=again.pk)


def _filters(request: HttpRequest, asked: QueryDict) -> Filters:
    known = [(str(row.pk), row.name) for row in selectors.visible_to(request.user)]
    return Filters(
        url="notifications:delivery_list",
        table="delivery_table",
        hint="Search notifications",
        search=asked.get("search", ""),
        choices=(
            choice(asked, "channel", "Channel", known, everything="Any channel"),
            choice(asked, "state", "State", _STATES, everything="Any state"),
            choice(
                asked,
                "event",
                "Event",
                [(each, words(each)) for each in ALL],
                everything="Any event",
            ),
        ),
    )
