"""What changes something wants a token of ours; what is only looked at changes nothing (A19)."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support.routes import path_of, routes
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

WITHOUT_COOKIES = {
    "api/v1/auth/token",
    "api/v1/auth/token/refresh",
    "api/v1/auth/token/revoke",
    "api/v1/incidents/webhooks/<slug:slug>",
}
"""They look at no cookie: nobody else's browser can call them in its owner's name."""
WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
TOLD = ('"accounts_browsersession"', "audit_auditevent")
"""When a session was last used, and that somebody was refused."""
ASKS_A_WORKER = {"api/v1/servers/<uuid:pk>/host-key", "servers/<uuid:pk>/host-key/"}
"""They look at a server over the network, by a worker that takes the request from a row."""


@pytest.mark.parametrize(
    ("method", "origin"),
    [
        ("post", "https://evil.example"),
        # The way to the check is the same for all; where they come from is not looked at before.
        *((method, None) for method in ("post", "put", "patch", "delete")),
    ],
)
def test_every_change_by_a_session_without_a_token_is_refused(
    method: str, origin: str | None
) -> None:
    browser = signed_in(user_with(None, name="root", is_superuser=True), enforce_csrf_checks=True)
    headers = {} if origin is None else {"origin": origin}
    for route in sorted(set(routes()) - WITHOUT_COOKIES):
        answer = getattr(browser, method)(path_of(route), headers=headers)
        assert answer.status_code == 403, f"{method} /{route}: {answer.status_code}"


def test_a_token_of_somebody_else_is_no_token() -> None:
    root = user_with(None, name="root", is_superuser=True)
    browser, other = signed_in(root, enforce_csrf_checks=True), Client()
    other.get("/login/")
    token = other.cookies["csrftoken"].value
    answer = browser.post("/account/sessions/end/", {"csrfmiddlewaretoken": token})
    assert answer.status_code == 403


def test_looking_changes_nothing() -> None:
    browser = signed_in(user_with(None, name="root", is_superuser=True))
    for route in sorted(set(routes()) - ASKS_A_WORKER):
        for method in ("get", "head", "options"):
            with CaptureQueriesContext(connection) as queries:
                getattr(browser, method)(path_of(route))
            wrote = [
                query["sql"]
                for query in queries
                if query["sql"].lstrip().upper().startswith(WRITES)
                and not any(table in query["sql"] for table in TOLD)
            ]
            assert wrote == [], f"{method} /{route}"
