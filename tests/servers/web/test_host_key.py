import pytest
from django.test import Client

from servers.models import HostKeyState
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.pages import HTMX, page, said, text
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


def test_asking_for_the_key_shows_that_it_is_under_way_and_polls(admin: Client) -> None:
    row = servers.server("web1")
    answer = admin.post(page(row, "host-key/"), headers=HTMX)
    assert "Looking at the server's key" in text(answer)
    assert 'hx-trigger="every 1s"' in text(answer)
    assert admin.get(page(row, "host-key/"), headers=HTMX).status_code == 204
    assert admin.post(page(row, "host-key/"))["Location"] == page(row)


def test_an_offered_key_is_shown_and_accepted_and_the_server_checked(admin: Client) -> None:
    row = servers.server("web1")
    key = servers.host_key(row, generate_key(), HostKeyState.OFFERED)
    shown = text(admin.get(page(row, "host-key/"), headers=HTMX))
    assert key.fingerprint in shown
    assert "Accept this key" in shown
    answer = admin.post(page(row, "host-key/accept/"), {"fingerprint": key.fingerprint})
    assert answer["Location"] == page(row)
    assert said(answer) == ["The key of web1 is accepted."]
    assert row.host_keys.get().state == HostKeyState.ACCEPTED
    assert row.probes.get().kind == "CHECK"


def test_a_changed_key_is_an_alarm_that_shows_both(admin: Client) -> None:
    row = servers.server("web1")
    old = servers.host_key(row, generate_key(), HostKeyState.ACCEPTED)
    new = servers.host_key(row, generate_key(), HostKeyState.OFFERED)
    shown = text(admin.get(page(row)))
    assert "The server shows another key than the one you accepted" in shown
    assert old.fingerprint in shown
    assert new.fingerprint in shown
    admin.post(page(row, "host-key/accept/"), {"fingerprint": new.fingerprint})
    assert row.host_keys.get(state=HostKeyState.ACCEPTED) == new


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["browser", "htmx"])
def test_another_key_than_the_one_shown_is_not_accepted(
    admin: Client, headers: dict[str, str]
) -> None:
    row = servers.server("web1")
    servers.host_key(row, generate_key(), HostKeyState.OFFERED)
    where = f"http://testserver{page(row)}"
    answer = admin.post(
        page(row, "host-key/accept/"),
        {"fingerprint": "SHA256:old"},
        headers={"referer": where, **headers},
    )
    assert where in (answer.get("Location"), answer.get("HX-Redirect"))
    assert "Look at its key again and compare" in said(answer)[0]
    assert row.host_keys.get().state == HostKeyState.OFFERED


def test_a_key_that_could_not_be_seen_is_said(admin: Client) -> None:
    row = servers.server("web1")
    row.probes.create(
        kind="HOST_KEY",
        finished_at="2026-11-01T00:00Z",
        reachable=False,
        message="Nobody answers.",
    )
    shown = text(admin.get(page(row)))
    assert "The key could not be seen" in shown
    assert "Nobody answers." in shown


def test_accepting_is_the_administrators_business() -> None:
    row = servers.server("web1")
    key = servers.host_key(row, generate_key(), HostKeyState.OFFERED)
    colleague = signed_in(servers.grant(user_with("NOC", name="carl"), row))
    answer = colleague.post(page(row, "host-key/accept/"), {"fingerprint": key.fingerprint})
    assert answer.status_code == 403
    stranger = signed_in(user_with("HR"))
    answer = stranger.post(page(row, "host-key/accept/"), {"fingerprint": key.fingerprint})
    assert answer.status_code == 404
    key.refresh_from_db()
    assert key.state == HostKeyState.OFFERED


def test_accepting_is_never_a_mere_link(admin: Client) -> None:
    assert admin.get(page(servers.server(), "host-key/accept/")).status_code == 405
