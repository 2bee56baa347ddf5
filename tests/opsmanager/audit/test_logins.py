import json

import pytest
from django.contrib.auth import logout
from django.core import serializers
from django.test import Client

from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from tests.support.users import PASSWORD, user_with

pytestmark = pytest.mark.django_db

ADDRESS = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def user() -> User:
    return user_with("NOC", name="nora")


def told() -> list[tuple[str, str, str, str, str | None]]:
    return [
        (event.verb, event.outcome, event.actor_type, event.actor_name, event.address)
        for event in AuditEvent.objects.order_by("seq")
    ]


def written() -> str:
    return json.dumps(serializers.serialize("json", AuditEvent.objects.all()))


def test_a_login_and_a_logout_are_told_with_their_address(user: User) -> None:
    browser = Client(**ADDRESS)
    browser.post("/login/", {"username": "nora", "password": PASSWORD})
    browser.post("/logout/")
    assert told() == [
        ("LOGIN", "OK", "USER", "nora", "192.0.2.7"),
        ("LOGOUT", "OK", "USER", "nora", "192.0.2.7"),
    ]
    assert PASSWORD not in written()


def test_the_logout_of_nobody_is_no_event() -> None:
    Client().post("/logout/")
    assert told() == []


@pytest.mark.parametrize("name", ["nora", "nobody"])
def test_a_refused_login_is_told_with_the_name_and_never_the_password(
    user: User, name: str
) -> None:
    Client(**ADDRESS).post("/login/", {"username": name, "password": "wr0ng-and-secret"})
    assert told() == [("LOGIN_FAILED", "REFUSED", "ANONYMOUS", "", "192.0.2.7")]
    assert AuditEvent.objects.get().details == {"username": name}
    assert "wr0ng-and-secret" not in written()


def test_a_name_that_no_user_can_have_is_not_even_tried(user: User) -> None:
    data = {"username": "x" * 5000, "password": "wrong"}
    assert Client().post("/api/v1/auth/token", data, "application/json").status_code == 400
    assert Client().post("/login/", data).status_code == 200
    assert told() == []


def test_getting_a_token_is_a_login_too(user: User) -> None:
    data = {"username": "nora", "password": PASSWORD}
    Client(**ADDRESS).post("/api/v1/auth/token", data, "application/json")
    assert told() == [("LOGIN", "OK", "USER", "nora", "192.0.2.7")]
    assert User.objects.get().last_login is not None


def test_a_token_that_is_refused_is_told(user: User) -> None:
    data = {"username": "nora", "password": "wr0ng-and-secret"}
    Client(**ADDRESS).post("/api/v1/auth/token", data, "application/json")
    assert told() == [("LOGIN_FAILED", "REFUSED", "ANONYMOUS", "", "192.0.2.7")]
    assert "wr0ng-and-secret" not in written()


def test_signing_out_in_code_without_a_login_is_no_event(rf) -> None:
    request = rf.get("/")
    request.session = Client().session
    logout(request)
    assert told() == []
