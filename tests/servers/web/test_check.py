import pytest
from django.test import Client

from servers.models import Probe
from tests.support import servers
from tests.support.pages import HTMX, page, text
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


def test_asking_for_a_check_shows_that_it_is_under_way_and_polls(admin: Client) -> None:
    row = servers.server("web1")
    answer = admin.post(page(row, "check/"), headers=HTMX)
    assert "Logging in to web1" in text(answer)
    assert 'hx-trigger="every 1s"' in text(answer)
    assert admin.get(page(row, "check/"), headers=HTMX).status_code == 204


def test_the_poll_ends_with_what_was_found(admin: Client) -> None:
    row = servers.server("web1")
    admin.post(page(row, "check/"), headers=HTMX)
    Probe.objects.update(
        finished_at="2026-11-01T00:00Z",
        reachable=False,
        error_code="CONNECTION",
        message="Nobody answers.",
    )
    answer = admin.get(page(row, "check/"), headers=HTMX)
    assert "Nobody answers." in text(answer)
    assert "every 1s" not in text(answer)


def test_a_plain_browser_goes_back_to_the_page(admin: Client) -> None:
    row = servers.server("web1")
    answer = admin.post(page(row, "check/"))
    assert (answer.status_code, answer["Location"]) == (302, page(row))
    assert row.probes.get().kind == "CHECK"


def test_a_stranger_can_not_ask_for_a_check() -> None:
    row = servers.server()
    assert signed_in(user_with("HR")).post(page(row, "check/")).status_code == 404
    assert not row.probes.exists()
