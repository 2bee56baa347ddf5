"""Django's error reports hold no secret: neither as a page with DEBUG, nor by mail."""

import json
import logging
import re
import sys
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import override_settings
from django.views.debug import technical_500_response

from opsmanager.common import secrets_in_use

TYPICAL = "hunter" + "2x"  # a report shows lines of source, this one not among them
SECRET = f"S3CR3T-{uuid4()}"
KNOWN = f"S3CR3T-{uuid4()}"


def broken(request: HttpRequest) -> HttpResponse:
    secrets_in_use.remember([KNOWN])
    typed = request.POST.get("password") or json.loads(request.body)["login"]["privateKey"]
    harmless_name = f"x{typed}x"
    nested: dict[str, Any] = {"a": [typed], "opened": KNOWN}
    try:
        nested[f"{KNOWN} in the cause"]
    except KeyError as error:
        assert harmless_name, nested
        raise ValueError(f"It was {typed} and {KNOWN}; password={TYPICAL}") from error


def report(request: HttpRequest, *, accept: str) -> str:
    request.META["HTTP_ACCEPT"] = accept
    try:
        broken(request)
    except ValueError:
        return technical_500_response(request, *sys.exc_info()).content.decode()  # type: ignore[arg-type]
    raise AssertionError


def posted() -> HttpRequest:
    return RequestFactory().post(
        f"/x?token={SECRET}&plain=shown-value",
        {"password": SECRET, "passphrase": SECRET, "user": "bob"},
        headers={"authorization": f"Bearer {SECRET}", "x-note": f"about {KNOWN}"},
    )


def sent_as_json() -> HttpRequest:
    body = {"login": {"privateKey": SECRET, "user": "bob"}, "list": [{"token": SECRET}]}
    return RequestFactory().post("/x", json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
@pytest.mark.parametrize("make", [posted, sent_as_json])
def test_no_report_shows_what_was_typed_or_opened(make: Any, accept: str, debug: bool) -> None:
    with override_settings(DEBUG=debug):
        shown = report(make(), accept=accept)
    assert SECRET not in shown
    assert KNOWN not in shown
    assert TYPICAL not in shown
    assert settings.SECRET_KEY not in shown or len(settings.SECRET_KEY) < 8
    assert str(settings.DATABASES["default"]["PASSWORD"]) not in shown
    assert "ValueError" in shown
    assert "It was *** and ***" in shown
    if make is posted:
        assert "bob" in shown
        assert "shown-value" in shown


@override_settings(ADMINS=[("Ann", "ann@example.org")], DEBUG=False)
def test_the_mail_to_administrators_shows_none_either() -> None:
    request = posted()
    try:
        broken(request)
    except ValueError:
        logging.getLogger("django.request").exception(
            "Internal error: %s", KNOWN, extra={"request": request}
        )
    (message,) = mail.outbox
    assert "ValueError" in message.body
    assert KNOWN not in message.subject + message.body
    assert SECRET not in message.body


def test_a_variable_whose_repr_fails_harms_no_report() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    request = posted()
    try:
        broken_one, long_one = Broken(), "y" * 9000
        assert long_one
        broken_one.anything  # noqa: B018
    except AttributeError:
        shown = technical_500_response(request, *sys.exc_info()).content.decode()  # type: ignore[arg-type]
    assert "RuntimeError in its repr" in shown
    assert "y" * 5000 not in shown


@override_settings(DEBUG=True)
def test_settings_are_shown_without_what_is_secret() -> None:
    shown = report(posted(), accept="text/html")
    assert "accounts.User" in shown
    for name in ("SECRET_KEY", "DATABASES", "REDIS_URL", "CREDENTIAL_PRIVATE_KEYS"):
        assert re.search(rf"<td>{name}</td>\s*<td class=\"code\"><pre>(&#x27;)?\*\*\*", shown), name
