import re

import pytest
from django.test import Client

from opsmanager.accounts.models import User
from tests.support import servers
from tests.support.users import PASSWORD, signed_in, user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return user_with("ADMIN", name="ann")


def test_the_login_page_lets_a_person_in(user: User) -> None:
    browser = Client()
    page = browser.get("/login/")
    assert page.status_code == 200
    assert b'autocomplete="current-password"' in page.content
    answer = browser.post("/login/", {"username": "ann", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.get("/").status_code == 200


def test_a_person_is_led_back_to_where_they_wanted_to_go(user: User) -> None:
    browser = Client()
    wanted = browser.get("/servers/?search=web")
    assert (wanted.status_code, wanted["Location"]) == (
        302,
        "/login/?next=/servers/%3Fsearch%3Dweb",
    )
    assert b'value="/servers/?search=web"' in browser.get(wanted["Location"]).content
    form = {"username": "ann", "password": PASSWORD, "next": "/servers/?search=web"}
    assert browser.post("/login/", form)["Location"] == "/servers/?search=web"


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_a_person_is_never_led_to_another_site(user: User, place: str) -> None:
    form = {"username": "ann", "password": PASSWORD, "next": place}
    assert Client().post("/login/", form)["Location"] == "/"


def test_a_wrong_password_is_said_and_not_repeated(user: User) -> None:
    answer = Client().post("/login/", {"username": "ann", "password": "wr0ng-and-secret"})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Please enter a correct username and password" in text
    assert "wr0ng-and-secret" not in text


def test_a_user_who_was_switched_off_is_not_let_in() -> None:
    user_with("ADMIN", name="ann", is_active=False)
    browser = Client()
    assert browser.post("/login/", {"username": "ann", "password": PASSWORD}).status_code == 200
    assert browser.get("/").status_code == 302


def test_the_login_form_wants_its_csrf_token(user: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    form = {"username": "ann", "password": PASSWORD}
    refused = browser.post("/login/", form)
    assert refused.status_code == 403
    assert "This page was open for too long" in refused.content.decode()
    token = re.search(
        r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/login/").content.decode()
    )
    assert browser.post("/login/", {**form, "csrfmiddlewaretoken": token[1]}).status_code == 302


def test_somebody_who_is_in_is_not_asked_again(user: User) -> None:
    assert signed_in(user).get("/login/")["Location"] == "/"


def test_a_login_makes_a_new_session(user: User) -> None:
    browser = Client()
    browser.session.save()
    before = browser.session.session_key
    browser.post("/login/", {"username": "ann", "password": PASSWORD})
    assert browser.session.session_key != before


def test_signing_out_ends_the_session_and_is_never_a_mere_link(user: User) -> None:
    browser = signed_in(user)
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/")["Location"] == "/login/"
    assert browser.get("/").status_code == 302


def test_a_new_password_ends_the_other_sessions(user: User) -> None:
    browser = signed_in(user)
    user.set_password("another correct horse")
    user.save()
    assert browser.get("/").status_code == 302


def test_a_fragment_after_the_session_expired_takes_the_whole_page_to_the_login() -> None:
    server = servers.server()
    page = f"/servers/{server.pk}/?tab=1"
    answer = Client().get(
        f"/servers/{server.pk}/check/",
        headers={"hx-request": "true", "hx-current-url": f"http://testserver{page}"},
    )
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"/login/?next=/servers/{server.pk}/%3Ftab%3D1"
    assert answer.content == b""


def test_a_fragment_that_does_not_say_its_page_leads_home_after_the_login() -> None:
    elsewhere = {"hx-current-url": "https://evil.example/servers/"}
    for headers in ({}, elsewhere):
        answer = Client().get("/now/", headers={"hx-request": "true", **headers})
        assert answer["HX-Redirect"] == "/login/?next=/"


def test_a_poll_after_the_session_expired_changes_nothing(user: User) -> None:
    server = servers.server()
    browser = signed_in(user)
    browser.logout()
    browser.post(f"/servers/{server.pk}/check/", headers={"hx-request": "true"})
    assert server.probes.count() == 0
