"""What is accepted, and in which form it comes, is what REST framework itself would choose."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from opsmanager.common.api.negotiation import Negotiation
from tests.support.users import signed_in, user_with

ACCEPTS = (
    None,
    "*/*",
    "application/json",
    "application/json; indent=4",
    "application/*",
    "text/html, application/json;q=0.9",
)


class Csv(BaseRenderer):
    media_type = "text/csv"
    format = "csv"


@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("query", ["", "?limit=5"])
@pytest.mark.parametrize("kinds", [(JSONRenderer,), (Csv, JSONRenderer)])
def test_the_same_is_chosen(
    accept: str | None, query: str, kinds: tuple[type[BaseRenderer], ...]
) -> None:
    sent: dict[str, Any] = {} if accept is None else {"HTTP_ACCEPT": accept}
    request = Request(APIRequestFactory().get(f"/{query}", **sent))
    renderers = [kind() for kind in kinds]
    expected: Any = DefaultContentNegotiation().select_renderer(request, renderers)
    assert Negotiation().select_renderer(request, renderers) == tuple(expected)


@pytest.mark.django_db
def test_what_is_not_there_is_refused() -> None:
    browser: Client = signed_in(user_with("NOC"))
    assert browser.get("/api/v1/auth/me", headers={"accept": "text/csv"}).status_code == 406
    assert browser.get("/api/v1/auth/me?format=csv").status_code == 404
