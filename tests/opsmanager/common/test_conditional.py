"""A client that polls the API asks whether anything is new, and is told 304 while nothing is."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from opsmanager.accounts.models import User
from opsmanager.common.conditional import ConditionalMiddleware
from servers.models import Server
from tests.support.users import PASSWORD, signed_in, user_with

pytestmark = pytest.mark.django_db

SERVERS = "/api/v1/servers"


@pytest.fixture
def server() -> Server:
    return Server.objects.create(name="web-1", hostname="192.0.2.1", environment="STAGING")


@pytest.fixture
def client(server: Server) -> Client:
    return signed_in(user_with("ADMIN"))


def with_token(user: User) -> Client:
    asked = {"username": user.username, "password": PASSWORD}
    tokens = Client().post("/api/v1/auth/token", asked, "application/json").json()
    return Client(headers={"authorization": f"Bearer {tokens['access']}"})


def asked(client: Client, path: str, etag: str, *, method: str = "get") -> Any:
    return getattr(client, method)(path, headers={"if-none-match": etag})


@pytest.mark.parametrize(
    "path", [SERVERS, f"{SERVERS}/{{}}", "/api/v1/auth/me", "/api/v1/schema/?format=json"]
)
def test_what_has_not_changed_is_not_sent_again(client: Client, server: Server, path: str) -> None:
    path = path.format(server.pk)
    first = client.get(path)
    assert (first.status_code, first["ETag"][:1]) == (200, '"')

    again = asked(client, path, first["ETag"])

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


def test_what_has_changed_is_sent_with_another_etag(client: Client, server: Server) -> None:
    first = client.get(f"{SERVERS}/{server.pk}")
    Server.objects.update(name="web-2")

    again = asked(client, f"{SERVERS}/{server.pk}", first["ETag"])

    assert (again.status_code, again.json()["server"]["name"]) == (200, "web-2")
    assert again["ETag"] != first["ETag"]


def test_head_says_what_get_would(client: Client) -> None:
    etag = client.get(SERVERS)["ETag"]
    head = client.head(SERVERS)
    assert (head.status_code, head["ETag"], head.content) == (200, etag, b"")
    assert asked(client, SERVERS, etag, method="head").status_code == 304


def test_another_user_is_not_told_that_it_is_still_what_the_first_one_saw(client: Client) -> None:
    etag = client.get("/api/v1/auth/me")["ETag"]
    other = asked(signed_in(user_with("NOC")), "/api/v1/auth/me", etag)
    assert (other.status_code, other.json()["username"]) == (200, "noc")
    assert other["ETag"] != etag


def test_who_may_not_see_it_is_not_told_that_nothing_is_new(client: Client) -> None:
    etag = client.get(SERVERS)["ETag"]
    assert asked(Client(), SERVERS, etag).status_code == 401
    nothing_there = asked(signed_in(user_with("HR")), SERVERS, etag)
    assert (nothing_there.status_code, nothing_there.json()["servers"]) == (200, [])


def test_a_token_s_client_may_keep_an_answer_for_itself_and_a_browser_may_not() -> None:
    user = user_with("ADMIN")
    token = with_token(user).get("/api/v1/auth/me")
    assert token["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= {name.strip() for name in token["Vary"].split(",")}
    again = asked(with_token(user), "/api/v1/auth/me", token["ETag"])
    assert (again.status_code, again["Cache-Control"]) == (304, "private, no-cache")
    assert again["Vary"] == token["Vary"]

    assert signed_in(user).get("/api/v1/auth/me")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["", "x", "*,", '"a', 'W/"', "\x00", '"a", "b"'])
def test_an_etag_that_nobody_gave_changes_nothing(client: Client, header: str) -> None:
    assert asked(client, SERVERS, header).status_code == 200


def test_other_conditions_change_nothing(client: Client) -> None:
    for name in ("If-Match", "If-Unmodified-Since", "If-Modified-Since"):
        for value in ('"x"', "Thu, 01 Jan 1970 00:00:00 GMT"):
            assert client.get(SERVERS, headers={name: value}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/api/v1/x", 200), ("GET", "/api/v1/x", 404), ("GET", "/servers/", 200)],
)
def test_what_is_no_answer_of_the_api_to_a_look_gets_none(
    method: str, path: str, status: int
) -> None:
    middleware = ConditionalMiddleware(lambda _: HttpResponse("x", status=status))
    assert "ETag" not in middleware(RequestFactory().generic(method, path))
