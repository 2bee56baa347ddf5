"""The pages of the trail."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from opsmanager.audit import sealing, trail
from tests.support import servers
from tests.support.audit import tamper
from tests.support.pages import HTMX, text
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))


@pytest.mark.parametrize("path", ["/audit/", "/audit/chain/", "/audit/1/"])
@pytest.mark.parametrize("role", ["MANAGER", "NOC", "HELPDESK", "HR", None])
def test_it_is_for_administrators(role: str | None, path: str) -> None:
    assert signed_in(user_with(role)).get(path).status_code == 403


@pytest.mark.parametrize(("role", "shown"), [("ADMIN", True), ("MANAGER", False)])
def test_only_who_may_read_it_is_led_there(role: str, shown: bool) -> None:
    page = signed_in(user_with(role)).get("/servers/").content.decode()
    assert ('href="/audit/"' in page) is shown


def test_the_list_shows_who_did_what_and_leads_to_each_event(ann: Client) -> None:
    web1 = servers.server("web1")
    nora = user_with("NOC", name="nora")
    event = trail.record("SERVER_UPDATED", actor=nora, target=web1, outcome="REFUSED")
    page = text(ann.get("/audit/"))
    assert f'<a class="row-link" href="/audit/{event.seq}/">Server updated</a>' in page
    assert "nora" in page
    assert "Refused" in page
    detail = text(ann.get(f"/audit/{event.seq}/"))
    assert "SERVER_UPDATED" in detail
    assert f"/audit/?actor={nora.pk}" in detail
    assert f"/audit/?target={web1.pk}" in detail


def test_what_somebody_else_named_is_text_and_no_markup(ann: Client) -> None:
    event = trail.record(
        "LOGIN_FAILED", actor=None, message="<b>x</b>", username="<script>alert(1)</script>"
    )
    for path in (f"/audit/{event.seq}/", "/audit/"):
        page = ann.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<b>x</b>" not in page


def test_an_event_that_is_not_there_says_so(ann: Client) -> None:
    for number in ("0", "999999", "9" * 40):
        answer = ann.get(f"/audit/{number}/")
        assert answer.status_code == 404
        assert "There is no such event" in text(answer)


def shown(client: Client, **query: str) -> list[str]:
    return [event.verb for event in client.get("/audit/", query).context["events"]]


def test_search_and_filters(ann: Client) -> None:
    nora = user_with("NOC", name="nora")
    trail.record("FIRST", actor=nora)
    trail.record("SECOND", actor="worker:a", outcome="FAILED", message="Disk full")
    assert shown(ann, search="disk") == ["SECOND"]
    assert shown(ann, verb="FIRST") == ["FIRST"]
    assert shown(ann, outcome="FAILED") == ["SECOND"]
    assert shown(ann, actor=str(nora.pk)) == ["FIRST"]
    assert shown(ann, since="2000-01-01", until="2000-01-02") == []
    part = ann.get("/audit/", {"search": "disk"}, headers=HTMX)
    assert text(part).startswith(' <div id="event_table"')
    assert "No event fits" in text(ann.get("/audit/?search=nothing+of+the+kind"))
    assert "since: Use a date or time in ISO 8601" in text(ann.get("/audit/?since=soon"))
    assert len(shown(ann, verb="", outcome="", since="", unheard_of="x")) == 3


def test_what_a_link_asked_for_is_named_and_can_be_taken_away(ann: Client) -> None:
    nora, web1 = user_with("NOC", name="nora"), servers.server("web1")
    trail.record("FIRST", actor=nora, target=web1)
    listed = text(ann.get("/audit/"))
    assert f'href="/audit/?target={web1.pk}"' in listed
    assert f'href="/audit/?actor={nora.pk}"' in listed
    page = text(ann.get(f"/audit/?actor={nora.pk}&target={web1.pk}&search=first&before=999999"))
    # Each is called by its name, and its link keeps the rest, from the beginning of the list.
    assert f'href="?actor={nora.pk}&amp;search=first"' in page
    assert f'href="?target={web1.pk}&amp;search=first"' in page
    assert f'name="target" value="{web1.pk}"' in page


def test_an_event_leads_to_the_page_of_what_it_was_done_to(ann: Client) -> None:
    web1 = servers.server("web1")
    event = trail.record("SERVER_UPDATED", actor=None, target=web1)
    assert f'href="/servers/{web1.pk}/"' in text(ann.get(f"/audit/{event.seq}/"))


def test_older_events_are_paged_by_their_number(ann: Client) -> None:
    for number in range(60):
        trail.record(f"EVENT_{number}", actor=None)
    first = ann.get("/audit/")
    older = first.context["older"]
    assert f"?before={older}" in first.content.decode()
    second = ann.get("/audit/", {"before": str(older)})
    both = [*first.context["events"], *second.context["events"]]
    verbs = [event.verb for event in both if event.verb.startswith("EVENT_")]
    assert verbs == [f"EVENT_{number}" for number in reversed(range(60))]
    assert second.context["older"] is None
    assert "Newest" in text(second)
    for nonsense in ("x", "-1", "9" * 30, "²"):
        assert len(ann.get("/audit/", {"before": nonsense}).context["events"]) == 50


def test_the_list_costs_the_same_however_long_it_is(ann: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            ann.get("/audit/")
        return len(queries)

    cost()
    before = cost()
    for number in range(60):
        trail.record(f"EVENT_{number}", actor=None)
    assert cost() == before <= 10


def test_the_page_says_that_the_trail_is_whole(ann: Client) -> None:
    trail.record("DONE", actor=None)
    sealing.seal()
    page = text(ann.get("/audit/chain/"))
    assert "The trail is whole" in page
    assert "1 seal, up to event" in page
    assert "No anchor goes outside" in page
    part = text(ann.get("/audit/chain/", headers=HTMX))
    assert part.startswith(' <section id="chain"')


def test_the_page_names_what_is_not(ann: Client, settings, tmp_path) -> None:
    event = trail.record("DONE", actor=None)
    sealing.seal()
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "none" / "x")
    from opsmanager.audit import anchors

    anchors.send()
    tamper("DELETE FROM audit_auditevent WHERE seq = %s", event.seq)
    page = text(ann.get("/audit/chain/"))
    assert "The trail is not whole" in page
    assert f"Event {event.seq} (seal 1) was removed." in page
    assert "Not sent: No such file or directory" in page


def test_the_admin_shows_events_and_changes_none() -> None:
    browser = signed_in(user_with("ADMIN", name="ann", is_staff=True))
    event = trail.record("SERVER_UPDATED", actor=None, message="Why.")
    place = "/admin/audit/auditevent/"
    assert "SERVER_UPDATED" in text(browser.get(place))
    assert "Why." in text(browser.get(f"{place}{event.seq}/change/"))
    assert browser.get(f"{place}add/").status_code == 403
    assert browser.post(f"{place}{event.seq}/delete/", {"post": "yes"}).status_code == 403
    assert browser.post(f"{place}{event.seq}/change/", {"verb": "X"}).status_code == 403
    event.refresh_from_db()
    assert event.verb == "SERVER_UPDATED"
