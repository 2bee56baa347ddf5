from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support import servers
from tests.support.pages import text
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


def test_the_list_shows_what_one_may_see(admin: Client) -> None:
    web1 = servers.server("web1", tags=["edge"], reachable=True, latency_ms=7)
    servers.server("web2", is_active=False, in_maintenance=True)
    colleague = signed_in(servers.grant(user_with(None, name="carl"), web1))
    stranger = signed_in(user_with("HR"))
    shown = text(admin.get("/servers/"))
    assert "web1.example:22" in shown
    assert "Switched off" in shown
    assert "Maintenance" in shown
    assert "Add a server" in shown
    assert "web1" in text(colleague.get("/servers/"))
    assert "web2" not in text(colleague.get("/servers/"))
    assert "Add a server" not in text(colleague.get("/servers/"))
    assert "No servers for you" in text(stranger.get("/servers/"))


def test_the_list_is_searched_and_filtered(admin: Client) -> None:
    servers.server("web1", environment="STAGING")
    servers.server("db1", environment="DEMO")
    assert "db1" not in text(admin.get("/servers/?search=web"))
    assert "web1" not in text(admin.get("/servers/?environment=DEMO"))
    assert "No server fits" in text(admin.get("/servers/?search=mail"))
    assert "No servers yet" not in text(admin.get("/servers/?search=mail"))


@pytest.mark.parametrize("number", ["0", "7", "x", "-1"])
def test_a_page_that_is_not_there_is_the_nearest_one(admin: Client, number: str) -> None:
    servers.server("web1")
    assert "web1" in text(admin.get(f"/servers/?page={number}"))


def test_the_list_costs_the_same_however_long_it_is(
    admin: Client, django_assert_num_queries: Any
) -> None:
    group = servers.group()
    for number in range(2):
        servers.server(f"web{number}", groups=(group,))
    with CaptureQueriesContext(connection) as few:
        admin.get("/servers/")
    for number in range(2, 10):
        servers.server(f"web{number}", groups=(group,))
    with django_assert_num_queries(len(few)):
        admin.get("/servers/")
