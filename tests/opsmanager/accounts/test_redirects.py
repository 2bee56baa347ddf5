"""Nobody is led away from OpsManager by a link to its login page."""

import pytest
from django.test import Client

from opsmanager.accounts.models import User
from tests.support.users import PASSWORD, signed_in, user_with

pytestmark = pytest.mark.django_db

EVIL = [
    "https://evil.example/",
    "http://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "%09//evil.example",
    " //evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "ftp://evil.example/",
    "//evil.example@testserver",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "//evil%00.example",
    "[::1]//evil.example",
    "http://[evil.example",
]


@pytest.fixture
def user() -> User:
    return user_with("ADMIN", name="ann")


@pytest.mark.parametrize("place", EVIL)
def test_a_login_never_leads_to_another_site(user: User, place: str) -> None:
    form = {"username": "ann", "password": PASSWORD, "next": place}
    assert Client().post("/login/", form)["Location"] == "/"
    browser = signed_in(user)
    assert browser.get("/login/", {"next": place})["Location"] == "/"


@pytest.mark.parametrize("place", EVIL)
def test_a_logout_never_leads_to_another_site(user: User, place: str) -> None:
    assert signed_in(user).post("/logout/", {"next": place})["Location"] == "/login/"


@pytest.mark.parametrize("place", EVIL)
def test_a_fragment_never_leads_to_another_site(place: str) -> None:
    headers = {"hx-request": "true", "hx-current-url": place}
    if not place.isprintable():
        pytest.skip("a header can't hold it")
    assert Client().get("/now/", headers=headers)["HX-Redirect"] == "/login/?next=/"


@pytest.mark.parametrize("place", EVIL)
def test_the_login_page_does_not_pass_it_on_to_other_links(user: User, place: str) -> None:
    page = Client().get("/login/", {"next": place}).content.decode()
    assert 'href="https://evil' not in page
    assert 'action="/login/"' in page


def test_a_fragment_without_a_login_is_kept_apart_from_the_page_by_caches() -> None:
    answer = Client().get("/now/", headers={"hx-request": "true"})
    assert "HX-Request" in answer["Vary"]
