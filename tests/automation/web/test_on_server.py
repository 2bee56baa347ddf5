"""What happens on a server, as its page and its poll say it."""

import html
import re

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Execution
from servers.models import Server
from tests.automation import makers
from tests.support import servers
from tests.support.pages import HTMX, page, text
from tests.support.users import signed_in, user_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def row() -> Server:
    return servers.server("web1")


@pytest.fixture
def noc() -> Client:
    return signed_in(user_with("NOC", name="nora"))


def running(row: Server, **fields: object) -> Execution:
    return makers.execution(
        server=row,
        status=Status.RUNNING,
        waiting_since=None,
        lease_until="2099-01-01T00:00Z",
        started_at="2026-11-01T03:00Z",
        **fields,
    )


def test_a_quiet_server_says_so(noc: Client, row: Server) -> None:
    makers.execution(server=row, status=Status.SUCCESS, waiting_since=None, age_minutes=60)
    assert "Nothing runs or waits here" in text(noc.get(page(row)))


def test_who_has_the_server_and_who_waits_for_it_are_named(noc: Client, row: Server) -> None:
    holder = running(row, holds_server=True)
    looking = running(row, changes=False)
    held = makers.execution(server=row)
    elsewhere = makers.execution(server=servers.server("web2"))
    shown = text(noc.get(page(row, "now/"), headers=HTMX))
    order = [shown.index(str(each.pk)) for each in (holder, looking, held)]
    assert order == sorted(order)
    assert str(elsewhere.pk) not in shown
    assert "Has the server" in shown
    assert "Only looks" in shown
    assert "Waits for web1" in shown


def test_a_runbook_that_cools_down_says_how_long_still(noc: Client, row: Server) -> None:
    makers.entry(cooldown_minutes=30)
    makers.execution(server=row, status=Status.SUCCESS, waiting_since=None, age_minutes=10)
    makers.execution(server=row, status=Status.SUCCESS, waiting_since=None, age_minutes=25)
    (cooling,) = noc.get(page(row)).context["now"].cooling
    assert cooling.runbook_id == "SAMPLE_MENDING"
    assert 19 * 60 < cooling.seconds_left <= 20 * 60
    Execution.objects.update(is_dry_run=True)
    assert noc.get(page(row)).context["now"].cooling == []


def test_the_poll_is_answered_once_something_is_new(noc: Client, row: Server) -> None:
    execution = makers.execution(server=row)
    shown = text(noc.get(page(row)))
    poll = html.unescape(re.search(r'hx-get="([^"]*/now/[^"]*)"', shown)[1])
    assert noc.get(poll, headers=HTMX).status_code == 204
    Execution.objects.filter(pk=execution.pk).update(revision=execution.revision + 1)
    news = text(noc.get(poll, headers=HTMX))
    assert news.lstrip().startswith('<section id="server_now"')
    assert poll not in html.unescape(news)


def test_who_may_see_no_executions_sees_none(row: Server) -> None:
    makers.execution(server=row)
    stranger = signed_in(servers.grant(user_with(None, name="sam"), row))
    assert "What happens here now" not in text(stranger.get(page(row)))
    assert stranger.get(page(row, "now/")).status_code == 403
