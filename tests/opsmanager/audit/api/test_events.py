"""The trail in the API: for administrators, filtered, and read only."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from opsmanager.audit import sealing, trail
from opsmanager.audit.models import AuditEvent
from opsmanager.audit.source import Source, working_for
from tests.support import servers
from tests.support.audit import tamper
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

EVENTS, VERIFY = "/api/v1/audit/events", "/api/v1/audit/verify"


@pytest.fixture
def ann() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))


def listed(client: Client, **query: Any) -> list[str]:
    answer = client.get(EVENTS, query)
    assert answer.status_code == 200, answer.content
    return [event["verb"] for event in answer.json()["events"]]


@pytest.mark.parametrize("path", [EVENTS, VERIFY])
@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("SUPER_ADMIN", 200),
        ("ADMIN", 200),
        ("MANAGER", 403),
        ("NOC", 403),
        ("HELPDESK", 403),
        ("HR", 403),
        ("FINANCE", 403),
        (None, 403),
    ],
)
def test_who_may_read_it(path: str, role: str | None, status: int) -> None:
    browser = signed_in(user_with(role))
    assert browser.get(path).status_code == status
    for method in ("post", "put", "patch", "delete"):
        assert getattr(browser, method)(path).status_code == 405


@pytest.mark.parametrize("path", [EVENTS, VERIFY])
def test_nobody_reads_it_without_a_login(path: str) -> None:
    assert Client().get(path).status_code == 401


def test_an_event_as_it_is_shown(ann: Client) -> None:
    web1 = servers.server("web1")
    AuditEvent.objects.all()
    with working_for(Source(address="192.0.2.7", actor=lambda: None)):
        event = trail.record("LOOKED", actor="worker:a", target=web1, message="Why.", some_key=[1])
    answer = ann.get(EVENTS, {"verb": "LOOKED"}).json()
    assert (answer["total"], answer["page"], answer["limit"]) == (1, 1, 20)
    (shown,) = answer["events"]
    assert shown.pop("at").endswith("Z")
    assert shown == {
        "seq": event.seq,
        "verb": "LOOKED",
        "outcome": "OK",
        "actorType": "WORKER",
        "actorId": "",
        "actorName": "a",
        "address": "192.0.2.7",
        "targetType": "Server",
        "targetId": str(web1.pk),
        "targetName": "web1",
        "message": "Why.",
        "details": {"some_key": [1]},
    }


def test_filters(ann: Client) -> None:
    web1 = servers.server("web1")
    user = user_with("NOC", name="nora")
    trail.record("FIRST", actor=user, target=web1)
    with working_for(Source(address="2001:db8::7", actor=lambda: None)):
        trail.record("SECOND", actor="worker:a", outcome="FAILED", message="Disk full")
    assert listed(ann)[:2] == ["SECOND", "FIRST"]
    assert listed(ann, verb="FIRST") == ["FIRST"]
    assert listed(ann, verb="FIRST,SECOND") == ["SECOND", "FIRST"]
    for name in ("nora", str(user.pk), "USER:nora", "user:nora"):
        assert listed(ann, actor=name) == ["FIRST"], name
    assert listed(ann, actor="WORKER:a") == ["SECOND"]
    assert listed(ann, targetType="Server") == ["FIRST"]
    assert listed(ann, targetId=str(web1.pk)) == ["FIRST"]
    assert listed(ann, outcome="FAILED") == ["SECOND"]
    assert listed(ann, address="2001:0db8:0::7") == ["SECOND"]
    assert listed(ann, search="disk f") == ["SECOND"]
    assert listed(ann, search="web1") == ["FIRST"]
    assert listed(ann, search="100%_") == []
    assert listed(ann, startDate="2000-01-01", endDate="2000-02-01") == []
    assert listed(ann, startDate="2000-01-01")[:1] == ["SECOND"]
    assert listed(ann, ordering="seq", verb="FIRST,SECOND") == ["FIRST", "SECOND"]
    assert listed(ann, ordering="-actorName", verb="FIRST,SECOND") == ["FIRST", "SECOND"]
    assert listed(ann, limit=1, page=2, verb="FIRST,SECOND") == ["FIRST"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("address", "nowhere"),
        ("address", "192.0.2.7; DROP"),
        ("startDate", "soon"),
        ("endDate", "2026-13-01"),
        ("ordering", "details"),
        ("ordering", "xid"),
        ("page", "0"),
        ("limit", "101"),
    ],
)
def test_what_can_not_be_read_is_refused(ann: Client, name: str, value: str) -> None:
    answer = ann.get(EVENTS, {name: value})
    assert answer.status_code == 400
    assert name in answer.json()["details"]


def test_a_page_costs_the_same_however_many_events_there_are(ann: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            ann.get(EVENTS)
        return len(queries)

    trail.record("ONE", actor=None)
    cost()
    before = cost()
    for number in range(30):
        trail.record(f"EVENT_{number}", actor=None)
    assert cost() == before <= 8


def test_a_verification_that_finds_nothing(ann: Client) -> None:
    event = trail.record("DONE", actor=None)
    sealing.seal()
    found = ann.get(VERIFY).json()["verification"]
    assert (found["isWhole"], found["problems"], found["anchors"]) == (True, [], 0)
    assert found["seals"] == found["head"]["n"] == 1
    assert found["head"]["lastSeq"] == event.seq
    assert len(found["head"]["chain"]) == 64


def test_a_verification_that_finds_something_names_the_place(ann: Client) -> None:
    event = trail.record("DONE", actor=None)
    sealing.seal()
    tamper("UPDATE audit_auditevent SET verb = 'ELSE' WHERE seq = %s", event.seq)
    found = ann.get(VERIFY).json()["verification"]
    assert found["isWhole"] is False
    (problem,) = found["problems"]
    assert problem == {
        "code": "EVENT_CHANGED",
        "message": f"Event {event.seq} (seal 1) was changed after it was written.",
        "seal": 1,
        "firstSeq": event.seq,
        "lastSeq": event.seq,
        "month": f"{event.at:%Y-%m}-01",
    }


def test_anchors_that_can_not_be_read_are_said(ann: Client, settings, tmp_path) -> None:
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "anchors")
    (tmp_path / "anchors").write_text("nonsense\n")
    answer = ann.get(VERIFY)
    assert answer.status_code == 503
    assert "Line 1 of" in answer.json()["message"]
    assert "trail" not in str(ann.get("/audit/chain/").context.get("found"))
