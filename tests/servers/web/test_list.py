import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from servers.models import HostKeyState, Probe, Server
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.pages import HTMX, said, text
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


def names(answer: Any) -> list[str]:
    return [row.name for row in answer.context["page"].object_list]


def test_what_needs_somebody_stands_on_top(admin: Client) -> None:
    login = servers.password_credential()
    rows = {
        name: servers.server(name, credential=login, reachable=reachable)
        for name, reachable in (("a", True), ("b", None), ("c", False), ("d", True), ("e", False))
    }
    for name in "abce":
        servers.host_key(rows[name], generate_key(), HostKeyState.ACCEPTED)
    servers.host_key(rows["a"], generate_key(), HostKeyState.OFFERED)
    Server.objects.filter(name="e").update(is_active=False)
    # A changed key, not reached, not accepted, not checked, switched off.
    assert names(admin.get("/servers/")) == ["a", "c", "d", "b", "e"]
    assert names(admin.get("/servers/?order=name")) == ["a", "b", "c", "d", "e"]
    assert names(admin.get("/servers/?order=nonsense")) == ["a", "c", "d", "b", "e"]
    shown = text(admin.get("/servers/"))
    assert "Changed" in shown
    assert "Not accepted yet" in shown


def test_longest_not_checked_comes_first_where_asked_for(admin: Client) -> None:
    servers.server("old", checked_at="2026-01-01T00:00Z", reachable=True)
    servers.server("new", checked_at="2026-02-01T00:00Z", reachable=True)
    servers.server("never")
    assert names(admin.get("/servers/?order=checked")) == ["never", "old", "new"]


def test_the_list_is_asked_for_by_state_and_group(admin: Client) -> None:
    group = servers.group("fronts")
    servers.server("up", reachable=True, groups=(group,))
    servers.server("down", reachable=False, error_message="Nobody answers.")
    servers.server("off", is_active=False, reachable=False)
    servers.server("tended", in_maintenance=True)
    for state, expected in (
        ("needs", ["down"]),
        ("unreachable", ["down", "off"]),
        ("reachable", ["up"]),
        ("unchecked", ["tended"]),
        ("maintenance", ["tended"]),
        ("off", ["off"]),
    ):
        assert names(admin.get(f"/servers/?state={state}&order=name")) == expected, state
    assert names(admin.get(f"/servers/?group={group.pk}")) == ["up"]
    page = text(admin.get(f"/servers/?group={group.pk}&state=off"))
    assert f'<option value="{group.pk}" selected>fronts</option>' in page
    assert "No server fits" in page
    assert "Nobody answers." in text(admin.get("/servers/"))


def test_a_group_that_one_may_not_see_is_not_offered() -> None:
    servers.group("secret")
    assert "secret" not in text(signed_in(user_with("HR")).get("/servers/"))


def test_those_shown_are_checked_together_and_the_table_asks_until_all_are(admin: Client) -> None:
    one, other = servers.server("web1"), servers.server("web2")
    back = "/servers/?order=name"
    sent = {"server": [str(one.pk), str(other.pk), "nonsense"], "back": back}
    answer = admin.post("/servers/check/", sent)
    assert answer["Location"] == back
    assert said(answer) == ["Logging in to 2 servers…"]
    # Once more: they are on their way already.
    again = said(admin.post("/servers/check/", sent))
    assert again[-1] == "There was none that you may check and that is not checked now."
    assert Probe.objects.count() == 2
    shown = text(admin.get(back))
    assert shown.count("Logging in…") == 2
    poll = html.unescape(re.search(r'hx-get="([^"]*awaited[^"]*)"', shown)[1])
    assert admin.get(poll, headers=HTMX).status_code == 204
    one.probes.update(finished_at="2026-11-01T00:00Z", reachable=True)
    news = text(admin.get(poll, headers=HTMX))
    assert news.count("Logging in…") == 1
    assert "every 2s" in news
    other.probes.update(finished_at="2026-11-01T00:00Z", reachable=True)
    assert "every 2s" not in text(admin.get(poll, headers=HTMX))


def test_nobody_has_a_server_checked_that_they_may_not_operate() -> None:
    row = servers.server("web1")
    for role in ("NOC", "HELPDESK", "HR"):
        signed_in(user_with(role)).post("/servers/check/", {"server": str(row.pk)})
    assert not Probe.objects.exists()
    colleague = signed_in(servers.grant(user_with("NOC", name="carl"), row))
    answer = colleague.post("/servers/check/", {"server": str(row.pk), "back": "//evil.example/"})
    assert answer["Location"] == "/servers/"
    assert Probe.objects.get().server == row
