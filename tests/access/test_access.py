"""Each route and method, asked by nobody, by each role, and by each with the server granted."""

import json
import re
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from servers.services import probes
from tests.access import personas, world
from tests.access.entry import Entry
from tests.access.table import TABLE
from tests.access.world import World
from tests.support.routes import routes
from tests.support.users import signed_in

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OWN = [route for route in routes() if not route.startswith("admin/")]
PART = re.compile(r"(?:api/v1/)?[^/]*/?")
"""The routes of a part share users and rows, which take longer to make than to ask about."""
PARTS = {part.group() for route in OWN if (part := PART.match(route))}


def test_no_route_is_left_out_of_the_table() -> None:
    assert set(OWN) == set(TABLE)


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("part", sorted(PARTS))
def test_everybody_gets_the_answer_of_the_table(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody answers for the server here, and waiting for a worker longer shows nothing more.
    monkeypatch.setitem(probes.wait.__kwdefaults__, "seconds", 0.01)
    made = world.make()
    cookies = {name: _login(name, made) for name in personas.PERSONAS}
    # One for all, who differ by their cookies: each makes its own chain of middleware.
    client = Client()
    expected, seen = {}, {}
    for route in OWN:
        if PART.match(route)[0] != part:
            continue
        for method in METHODS:
            for name in TABLE[route].worth_asking(method):
                client.cookies = SimpleCookie(cookies[name])
                before = transaction.savepoint()
                answer = _asked(client, TABLE[route], made, method)
                seen[route, method, name] = answer.status_code
                if answer.streaming:
                    list(answer)  # to its end, as a client does
                transaction.savepoint_rollback(before)
                expected[route, method, name] = TABLE[route].expected(method, name)
    assert seen == expected


def _login(name: str, made: World) -> str:
    user = personas.make(name, made.server)
    client = signed_in(user) if user else Client()
    return client.cookies.output(header="", sep=";")


def _asked(client: Client, entry: Entry, made: World, method: str) -> HttpResponse:
    call = entry.calls.get(method)
    body: Any = dict(call.body(made)) if call and call.body else {}
    url = entry.url(made)
    if method == "GET":
        return client.get(url)
    if method == "POST" and not url.startswith("/api/"):
        return client.post(url, body)
    return client.generic(method, url, json.dumps(body), "application/json")
