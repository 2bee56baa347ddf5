"""Each form of webhook: what its sender documents becomes alerts, all else is told its place."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.sources import alert as alerts
from incidents.sources import generic, pagerduty
from incidents.sources.alert import Alert
from incidents.sources.reading import MOST_ALERTS, Malformed
from incidents.sources.registry import FORMS
from tests.incidents.payloads import alertmanager, grafana, pagerduty_event

HOSTILE = "$(reboot) `id` {{ 7*7 }} {% include 'x' %} <script>alert(1)</script> '; DROP TABLE x;--"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(kind: str, payload: Any, **mapping: str) -> list[Alert]:
    return FORMS[kind].alerts_of(payload, mapping)


def test_alertmanager_tells_what_fires_and_what_is_over() -> None:
    fires, over = read(
        "alertmanager",
        alertmanager(
            {"labels": {"alertname": "Down", "severity": "critical"}, "fingerprint": "a1"},
            {"labels": {"alertname": "Full"}, "status": "resolved", "fingerprint": "a2"},
        ),
    )
    assert (fires.fingerprint, fires.title, fires.severity) == ("a1", "Down", "CRITICAL")
    assert fires.is_firing
    assert fires.ended_at is None
    assert fires.began_at == datetime(2026, 1, 31, 3, 4, 5, 123456, tzinfo=UTC)
    assert not over.is_firing
    assert over.severity == "MEDIUM"
    assert over.ended_at == datetime(2026, 1, 31, 4, tzinfo=UTC)


def test_a_summary_is_the_title_and_a_link_is_kept() -> None:
    notes = {"summary": "nginx is down on web-1", "description": "It does not answer."}
    (found,) = read("alertmanager", alertmanager({"annotations": notes}))
    assert (found.title, found.description) == (notes["summary"], notes["description"])
    assert found.url == "https://prometheus.example/graph"


def test_a_link_that_is_no_web_address_is_left_out() -> None:
    (found,) = read("alertmanager", alertmanager({"generatorURL": "javascript:alert(1)"}))
    assert found.url == ""


def test_grafana_tells_it_like_alertmanager_with_its_own_links() -> None:
    (found,) = read("grafana", grafana())
    assert (found.title, found.severity, found.is_firing) == ("Disk full", "HIGH", True)
    assert found.url == "https://grafana.example/d/abc?viewPanel=1"
    assert found.fingerprint == "c6eadffa33fcdf37"


@pytest.mark.parametrize(
    ("kind", "fires", "acknowledged"),
    [
        ("incident.triggered", True, False),
        ("incident.reopened", True, False),
        ("incident.unacknowledged", True, False),
        ("incident.acknowledged", True, True),
        ("incident.resolved", False, False),
    ],
)
def test_pagerduty_tells_what_happened(kind: str, fires: bool, acknowledged: bool) -> None:
    (found,) = read("pagerduty", pagerduty_event(kind))
    assert (found.is_firing, found.is_acknowledged) == (fires, acknowledged)
    assert (found.fingerprint, found.title) == ("PGR0VU2", "A little bump in the road")
    assert found.labels["service"] == "API Service"
    assert found.severity == "HIGH"


def test_pagerduty_s_priority_counts_more_than_its_urgency() -> None:
    (found,) = read("pagerduty", pagerduty_event(priority={"summary": "P1"}))
    assert found.severity == "CRITICAL"


def test_what_pagerduty_opens_again_fires_since_then() -> None:
    (made,) = read("pagerduty", pagerduty_event())
    (again,) = read("pagerduty", pagerduty_event("incident.reopened"))
    assert again.began_at
    assert made.began_at
    assert again.began_at > made.began_at


@pytest.mark.parametrize("kind", ["pagey.ping", "incident.priority_updated", "service.created"])
def test_other_events_of_pagerduty_are_no_alerts(kind: str) -> None:
    assert read("pagerduty", pagerduty_event(kind)) == []


def test_an_event_s_id_names_its_delivery() -> None:
    assert pagerduty.delivery_of(pagerduty_event()) == "01BY9R6Z9T5Y3K7C0M5V"


def test_one_s_own_script_needs_no_mapping() -> None:
    (found,) = read(
        "generic", {"title": "Backup failed", "severity": "P1", "labels": {"server": "db-1"}}
    )
    assert (found.title, found.severity, found.is_firing) == ("Backup failed", "CRITICAL", True)
    assert found.labels == {"server": "db-1"}


def test_a_mapping_says_where_things_stand() -> None:
    payload = {
        "checks": [
            {"msg": "Disk", "tags": {"host": "a"}, "meta": {"state": "OK", "id": 7, "lvl": 1}},
            {"msg": "Load", "tags": {"host": "b"}, "meta": {"state": "ack", "id": 8}},
        ]
    }
    disk, load = read(
        "generic",
        payload,
        alerts="checks",
        title="join(' ', ['Check', msg])",
        status="meta.state",
        fingerprint="meta.id",
        severity="meta.lvl",
        labels="tags",
    )
    assert (disk.title, disk.is_firing, disk.fingerprint) == ("Check Disk", False, "7")
    assert disk.severity == "CRITICAL"
    assert load.is_acknowledged


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"title": "a["}, "title: This is no JMESPath expression"),
        ({"titel": "a"}, "titel: There is no such field"),
        ({"severity": "a"}, "title: Say where the title stands."),
        ({"title": "nosuch(@)"}, ""),
        ({"title": "a" * 501}, "title: Use a text of at most 500 characters."),
    ],
)
def test_a_mapping_is_checked_before_it_is_used(mapping: dict[str, str], said: str) -> None:
    assert any(said in one for one in generic.mistakes(mapping)) or not said


def test_an_expression_that_does_not_fit_what_came_is_said() -> None:
    with pytest.raises(Malformed, match="title: The mapping's expression"):
        read("generic", {"a": 1}, title="nosuch(@)")


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        ("alertmanager", [], "The body: An object is expected here, not a list."),
        ("alertmanager", {"version": "3"}, 'version: Only version "4"'),
        ("alertmanager", {"version": "4"}, "alerts: A list is expected here, not nothing."),
        ("alertmanager", alertmanager({"status": "on fire"}), "alerts[0].status: It must be"),
        ("alertmanager", alertmanager({}, {"startsAt": "x"}), "alerts[1].startsAt: A time"),
        ("alertmanager", alertmanager({"labels": {"a": {}}}), "alerts[0].labels.a: A text"),
        ("alertmanager", alertmanager({"labels": {}}), "alerts[0].labels: An alert has labels"),
        ("alertmanager", {"version": "4", "alerts": [1]}, "alerts[0]: An object is expected"),
        ("alertmanager", {"version": "4", "alerts": [{}] * (MOST_ALERTS + 1)}, "alerts: At most"),
        ("grafana", {"alerts": {}}, "alerts: A list is expected here, not an object."),
        ("pagerduty", {"event": {}}, "event.event_type: It is missing"),
        ("pagerduty", pagerduty_event(id=None), "event.data.id: The incident's id is missing."),
        ("generic", {"severity": "low"}, "The body, title: Nothing stands there."),
        ("generic", {"title": "a", "status": "hm"}, "The body, status: Use firing"),
        ("generic", {"title": "a", "labels": 1}, "The body, labels: An object is expected"),
        ("generic", {"title": []}, "The body, title: A text is expected here, not a list."),
    ],
)
def test_what_is_malformed_is_said_with_its_place(kind: str, payload: Any, said: str) -> None:
    with pytest.raises(Malformed) as refused:
        read(kind, payload)
    assert said in str(refused.value)


@pytest.mark.parametrize("kind", FORMS)
@given(payload=JSON)
def test_no_json_whatever_breaks_a_form(kind: str, payload: Any) -> None:
    for body in (payload, {"alerts": payload, "version": "4", "event": payload, "title": payload}):
        try:
            found = read(kind, body)
        except Malformed:
            continue
        for one in found:
            assert Alert.from_json(json.loads(json.dumps(one.as_json()))) == one
            assert one.severity in alerts.SEVERITIES
            assert len(one.title) <= alerts.LONGEST_TITLE
            assert 0 < len(one.fingerprint) <= 64


def test_labels_with_code_in_them_stay_text() -> None:
    (found,) = read("alertmanager", alertmanager({"labels": {"alertname": HOSTILE}}))
    assert found.labels["alertname"] == HOSTILE == found.title


def test_labels_are_bounded_in_number_and_length() -> None:
    many = {f"label{number}": "x" * 5000 for number in range(500)}
    (found,) = read("alertmanager", alertmanager({"labels": many}))
    assert len(found.labels) == alerts.MOST_LABELS
    assert {len(value) for value in found.labels.values()} == {alerts.LONGEST_VALUE}


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), min_size=1, max_size=8))
def test_without_a_fingerprint_the_same_labels_are_the_same_trouble(labels: dict[str, str]) -> None:
    turned = dict(reversed(labels.items()))
    assert alerts.fingerprint_of("", labels) == alerts.fingerprint_of("", turned)
    assert alerts.fingerprint_of("", labels) != alerts.fingerprint_of("", {**labels, "more": "?"})


def test_an_odd_fingerprint_is_made_a_short_one() -> None:
    odd = alerts.fingerprint_of("a b " * 50, {})
    assert len(odd) == 64
    assert odd == alerts.fingerprint_of("a b " * 50, {"x": "y"})


def test_the_time_never_of_go_is_none_and_one_without_a_zone_is_utc() -> None:
    never = {"startsAt": "0001-01-01T00:00:00Z"}
    local = {"startsAt": "2026-01-31T05:00:00+02:00"}
    one, two = read("alertmanager", alertmanager(never, local))
    assert one.began_at is None
    assert two.began_at == datetime(2026, 1, 31, 3, tzinfo=UTC)
    assert two.began_at.tzinfo == UTC
