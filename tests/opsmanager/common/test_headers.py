"""Every answer of every route carries the headers that keep a browser in check."""

from typing import Any

import pytest
from django.test import Client

from tests.opsmanager.settings.test_start import settings_of
from tests.opsmanager.test_urls import path_of, routes
from tests.support.users import signed_in, user_with

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def assert_in_check(answer: Any, where: str) -> None:
    for name, value in HEADERS.items():
        found = answer.headers.get(name, "")
        assert value in found if name == "Cache-Control" else value == found, (where, name, found)
    rules = answer["Content-Security-Policy"]
    assert "script-src 'self';" in rules, where
    assert "frame-ancestors 'none'" in rules, where
    assert "geolocation=()" in answer["Permissions-Policy"], where
    assert "HX-Request" in answer["Vary"], where
    assert answer["X-Request-ID"], where


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["anonymous", "ADMIN"])
@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_every_route_answers_with_all_headers(who: str, method: str) -> None:
    if who == "anonymous":
        client = Client()
    else:
        client = signed_in(user_with(who, is_staff=True), raise_request_exception=False)
    seen = 0
    for route in sorted(set(routes())):
        if "logout" in route and who != "anonymous":
            continue
        answer = getattr(client, method)(path_of(route))
        assert_in_check(answer, f"{method} /{route} {answer.status_code}")
        seen += 1
    assert seen > 100


@pytest.mark.django_db
def test_over_https_the_browser_is_told_to_stay_there(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    answer = Client().get("/login/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_the_pages_of_an_https_address_have_cookies_that_no_other_host_can_set() -> None:
    names = (
        "SESSION_COOKIE_NAME",
        "CSRF_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "SESSION_COOKIE_HTTPONLY",
        "CSRF_COOKIE_HTTPONLY",
        "SESSION_COOKIE_SAMESITE",
        "SESSION_COOKIE_PATH",
        "SESSION_COOKIE_DOMAIN",
        "SECURE_HSTS_SECONDS",
    )
    assert settings_of(*names, OPSMANAGER_PUBLIC_URL="https://ops.example") == [
        "__Host-sessionid",
        "__Host-csrftoken",
        "True",
        "True",
        "True",
        "Lax",
        "/",
        "None",
        "31536000",
    ]
    plain = settings_of(*names[:2], OPSMANAGER_PUBLIC_URL="http://ops.example")
    assert plain == ["sessionid", "csrftoken"]
