"""Each endpoint, asked by the API token of one who may everything, with limits that leave nothing.

Whatever decides without asking for the limits shows here: as an answer that is good, or as one that
tells of something.
"""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from servers.services import probes
from tests.access import personas, world
from tests.access.table import TABLE
from tests.access.world import World
from tests.support.api_tokens import made, program

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ENDPOINTS = [route for route in TABLE if route.startswith("api/v1/")]
PAGES = [route for route in TABLE if not route.startswith(("api/", ".well-known", "healthz"))]

OPEN = {
    "api/v1/auth/token",
    "api/v1/auth/token/refresh",
    "api/v1/auth/token/revoke",
    "api/v1/incidents/webhooks/<slug:slug>",
}
"""Who calls these is told by what is sent."""
OF_ONESELF = {"api/v1/auth/me", "api/v1/schema/", "api/v1/docs/", "api/v1/redoc/"}
LIBRARY = {"api/v1/automation/runbooks", "api/v1/automation/runbooks/<str:key>"}
"""What is deployed, which is the same for all servers."""
LISTS = {
    "api/v1/servers",
    "api/v1/servers/groups",
    "api/v1/automation/executions",
    "api/v1/automation/batches",
    "api/v1/incidents",
}
"""Those who may list at all are answered with what they may see of it."""
COUNTS = {
    "api/v1/automation/analytics/success-rate",
    "api/v1/automation/analytics/execution-time",
    "api/v1/automation/analytics/most-used",
    "api/v1/automation/analytics/summary",
}
"""And what they may see is counted."""

REPORTS = {
    "api/v1/automation/logs",
    "api/v1/reports/handover",
    "api/v1/reports/handover/export",
}
"""And reported."""

LIMITS: dict[str, dict[str, Any]] = {
    "no permission": {"permissions": []},
    "no server": {"server_ids": []},
    "no group": {"group_ids": []},
    "another server": {"server_ids": [uuid4()], "group_ids": [uuid4()]},
    "neither": {"permissions": [], "server_ids": [], "group_ids": []},
}


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("role", ["SUPER_ADMIN", "ADMIN+"])
def test_nothing_comes_out_for_a_token_that_may_nothing(
    role: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(probes.wait.__kwdefaults__, "seconds", 0.01)
    there = world.make()
    user = personas.make(role, there.server)
    _token, secret = made(user, **LIMITS[limit])
    client = program(secret)
    told = _words(there)
    good = set(OF_ONESELF)
    if LIMITS[limit].get("permissions") is None:
        good |= LIBRARY | LISTS | COUNTS | REPORTS
    else:
        good |= {route for route in LISTS if route.startswith("api/v1/servers")}
    for route in sorted(set(ENDPOINTS) - OPEN):
        for method in METHODS:
            if route == "api/v1/schema/" and method != "GET":
                continue
            answer = _asked(client, route, there, method)
            is_good = method == "GET" and route in good
            expected = {200} if is_good else {403, 404, 405}
            assert answer.status_code in expected, (route, method, answer.content)
            text = answer.content.decode()
            if route not in OF_ONESELF:
                assert not [word for word in told if word in text], (route, method, text)
            if is_good and route in LISTS:
                assert answer.json()["total"] == 0
            if is_good and route in COUNTS:
                found = answer.json()
                assert not found.get("totalExecutions")
                assert not found.get("runbooks")


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
def test_the_same_answers_come_out_for_a_token_without_limits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or the test above would show nothing."""
    monkeypatch.setitem(probes.wait.__kwdefaults__, "seconds", 0.01)
    there = world.make()
    user = personas.make("SUPER_ADMIN", there.server)
    _token, secret = made(user)
    client = program(secret)
    seen, expected = {}, {}
    for route in sorted(set(ENDPOINTS) - OPEN - OF_ONESELF):
        if route.startswith("api/v1/auth/tokens"):
            continue
        for method in TABLE[route].calls:
            before = transaction.savepoint()
            answer = _asked(client, route, there, method)
            seen[route, method] = answer.status_code
            if answer.streaming:
                list(answer)  # to its end, as a client does
            transaction.savepoint_rollback(before)
            expected[route, method] = TABLE[route].expected(method, "SUPER_ADMIN")
    assert seen == expected


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
def test_a_token_opens_no_page() -> None:
    there = world.make()
    _token, secret = made(personas.make("SUPER_ADMIN", there.server))
    holder, nobody = program(secret), Client()
    for route in PAGES:
        for method in TABLE[route].calls:
            holder.cookies.clear()
            nobody.cookies.clear()
            with_token = _asked(holder, route, there, method)
            without = _asked(nobody, route, there, method)
            assert with_token.status_code == without.status_code, (route, method)
            assert with_token.get("Location") == without.get("Location")


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("ended", ["revoked_at", "expires_at"])
def test_a_token_that_has_ended_opens_no_endpoint(ended: str) -> None:
    there = world.make()
    user = personas.make("SUPER_ADMIN", there.server)
    _token, secret = made(user, **{ended: timezone.now()})
    client = program(secret)
    for route in sorted(set(ENDPOINTS) - OPEN):
        for method in TABLE[route].calls:
            answer = _asked(client, route, there, method)
            assert answer.status_code == 401, (route, method)


def _words(there: World) -> list[str]:
    """Return what nobody may learn: ids and names of what is there, the runbook left out."""
    rows = [value for name, value in vars(there).items() if name not in ("runbook", "event")]
    names = [there.server.name, there.server.hostname, there.group.name, there.credential.name]
    return [*(str(row.pk) for row in rows), *names, there.incident.title]


def _asked(client: Client, route: str, there: World, method: str) -> HttpResponse:
    entry = TABLE[route]
    call = entry.calls.get(method)
    body: Any = dict(call.body(there)) if call and call.body else {}
    url = entry.url(there)
    if method == "GET":
        return client.get(url)
    if method == "POST" and not url.startswith("/api/"):
        return client.post(url, body)
    return client.generic(method, url, json.dumps(body), "application/json")
