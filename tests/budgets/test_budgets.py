"""Each list and detail takes the queries of its budget, however many rows there are."""

import re
from collections import Counter

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from opsmanager.accounts.models import User
from servers.services import probes
from tests.budgets import world
from tests.budgets.table import ENDPOINTS, PAGES, WITHOUT_ROWS, Budget
from tests.support.routes import path_of, routes
from tests.support.users import PASSWORD, signed_in

FEW, MANY = 2, 6
TOUCH = 'UPDATE "accounts_browsersession"'
"""Once a minute: when the session was last seen."""
VALUES = re.compile(r"'[^']*'|_django_curs_\w+|\b\d+\b|(?<=IN )\([^()]*\)|s\d+_x\d+")


def test_each_endpoint_that_shows_something_has_a_budget() -> None:
    shown = {route for route in routes() if route.startswith("api/v1/") and answers_get(route)}
    assert shown == set(ENDPOINTS) | set(WITHOUT_ROWS), "Correct tests/budgets/table.py."


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("role", ["admin", "noc"])
@pytest.mark.parametrize(
    "budgets",
    [
        pytest.param([each for several in ENDPOINTS.values() for each in several], id="endpoints"),
        pytest.param(PAGES, id="pages"),
    ],
)
def test_each_takes_its_queries_with_few_rows_and_with_three_times_as_many(
    budgets: list[Budget], role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No worker answers here.
    monkeypatch.setitem(probes.wait.__kwdefaults__, "seconds", 0)
    made = world.make()
    client = asker(made.admin if role == "admin" else made.noc, budgets)
    asked = [budget for budget in budgets if budget.of(role) is not None]
    made.add(FEW)
    few = {budget.name: queries(client, budget, made) for budget in asked}
    made.add(MANY - FEW)
    many = {budget.name: queries(client, budget, made) for budget in asked}
    grown = {name: many[name] - few[name] for name in few if many[name] != few[name]}
    expected = {budget.name: budget.of(role) for budget in asked}
    assert {name: found.total() for name, found in few.items()} == expected
    assert {name: found.total() for name, found in many.items()} == expected, grown


def answers_get(route: str) -> bool:
    """Whether a route of the API answers to GET with more than that there is no such thing."""
    view = resolve(path_of(route)).func
    kind = getattr(view, "cls", None) or view.view_class
    return hasattr(kind, "get") and not route.endswith("<path:rest>")


def asker(user: User, budgets: list[Budget]) -> Client:
    """Return a browser with a session for pages, a script with a token for endpoints."""
    if not budgets[0].path.startswith("/api/"):
        return signed_in(user)
    login = {"username": user.username, "password": PASSWORD}
    tokens = Client().post("/api/v1/auth/token", login, "application/json").json()
    return Client(headers={"Authorization": f"Bearer {tokens['access']}"})


def queries(client: Client, budget: Budget, made: world.World) -> Counter[str]:
    """Ask twice, and return the queries of the second time, values left out.

    What is looked up once in a process, such as the kinds of content, is known by then.
    """
    url = budget.url(made)
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        answer: HttpResponse = client.get(url)
    assert answer.status_code == budget.status, answer.content
    asked = (query["sql"] for query in captured if not query["sql"].startswith(TOUCH))
    return Counter(VALUES.sub("…", sql) for sql in asked)
