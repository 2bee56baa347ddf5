"""Each route and method, asked by nobody, by each role, and by each with the server granted."""

import json
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


def test_no_route_is_left_out_of_the_table() -> None:
    assert set(OWN) == set(TABLE)


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("route", OWN)
def test_everybody_gets_the_answer_of_the_table(
    route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody answers for the server here, and waiting for a worker longer shows nothing more.
    monkeypatch.setitem(probes.wait.__kwdefaults__, "seconds", 0.01)
    entry, made = TABLE[route], world.make()
    users = {name: personas.make(name, made.server) for name in personas.PERSONAS}
    expected, seen = {}, {}
    for method in METHODS:
        for name in entry.worth_asking(method):
            client = signed_in(user) if (user := users[name]) else Client()
            before = transaction.savepoint()
            answer = _asked(client, entry, made, method)
            seen[method, name] = answer.status_code
            if answer.streaming:
                list(answer)  # to its end, as a client does
            transaction.savepoint_rollback(before)
            expected[method, name] = entry.expected(method, name)
    assert seen == expected


def _asked(client: Client, entry: Entry, made: World, method: str) -> HttpResponse:
    call = entry.calls.get(method)
    body: Any = dict(call.body(made)) if call and call.body else {}
    url = entry.url(made)
    if method == "GET":
        return client.get(url)
    if method == "POST" and not url.startswith("/api/"):
        return client.post(url, body)
    return client.generic(method, url, json.dumps(body), "application/json")
