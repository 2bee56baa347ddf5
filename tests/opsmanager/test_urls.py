import re

import pytest
from django.test import Client
from django.urls import get_resolver

from tests.support.routes import path_of, routes
from tests.support.users import signed_in, user_with

PUBLIC = {
    "login/",
    "login/sso/",
    "login/sso/answer/",
    "admin/login/",
    "api/v1/auth/token",
    "api/v1/auth/token/refresh",
    "api/v1/auth/token/revoke",
    "api/v1/incidents/webhooks/<slug:slug>",
    ".well-known/jwks.json",
    "healthz",
    "readyz",
    "metrics",
}
"""All that answers without a login; a webhook wants the proof of its source instead, and
Prometheus gives a token of the settings. Single sign-on is not there unless it is set."""
HELD = {"runbooks/<str:runbook_id>/run/", "runbooks/<str:runbook_id>/batch/"}
"""Forms of which the login page keeps what was typed."""


def test_the_walk_finds_the_routes_and_makes_paths_that_lead_to_them() -> None:
    found = set(routes())
    assert found >= PUBLIC
    assert {"", "servers/<uuid:pk>/", "api/v1/servers/<uuid:pk>/check", "admin/"} <= found
    for route in found:
        assert get_resolver().resolve(path_of(route)), route


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_nothing_but_what_is_public_answers_without_a_login(method: str) -> None:
    client = Client()
    for route in sorted(set(routes()) - PUBLIC):
        answer = getattr(client, method)(path_of(route))
        where = f"{method} /{route}: {answer.status_code}"
        if route.startswith("api/"):
            assert answer.status_code == 401, where
        elif method == "post" and route in HELD:
            assert answer.status_code == 401, where
            assert 'action="/login/"' in answer.content.decode(), where
        else:
            assert answer.status_code == 302, where
            assert "login" in answer["Location"], where


@pytest.mark.django_db
@pytest.mark.parametrize("route", sorted(PUBLIC))
def test_what_is_public_answers_without_a_login(route: str) -> None:
    answer = Client().get(path_of(route))
    assert answer.status_code in ((401,) if route == "metrics" else (200, 302, 404, 405, 503))


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["HR", "FINANCE", None])
def test_somebody_without_a_role_here_sees_lists_without_rows_and_no_admin(
    role: str | None,
) -> None:
    browser = signed_in(user_with(role))
    for path in (
        "/",
        "/now/",
        "/servers/",
        "/runbooks/",
        "/executions/",
        "/batches/",
        "/incidents/",
    ):
        assert browser.get(path).status_code in (200, 403), path
    for name in ("servers", "automation/runbooks", "automation/executions"):
        answer = browser.get(f"/api/v1/{name}")
        total = answer.json().get("total", 0)
        assert (answer.status_code, total) in ((200, 0), (403, 0)), name
    assert browser.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_the_pages_of_the_api_are_our_own_and_need_a_login() -> None:
    browser = signed_in(user_with("HELPDESK"))
    for name in ("schema", "docs", "redoc"):
        assert browser.get(f"/api/v1/{name}/").status_code == 200
    for name in ("docs", "redoc"):
        answer = browser.get(f"/api/v1/{name}/")
        sources = re.findall(r'(?:src|href)="([^"]+)"', answer.content.decode())
        assert sources
        assert not [source for source in sources if source.startswith(("http", "//"))]
        assert "script-src 'self';" in answer["Content-Security-Policy"]
        inline = re.findall(r"<script>", answer.content.decode())
        assert not inline


def test_no_two_routes_are_the_same() -> None:
    found = list(routes())
    assert len(found) == len(set(found))
