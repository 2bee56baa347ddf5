"""Sources over the API: made with a token shown once, changed, tried, looked at, deleted."""

import json
from typing import Any

import pytest
from django.test import Client

from incidents.models import Delivery, Source
from opsmanager.audit.models import AuditEvent
from tests.automation import makers
from tests.incidents.alerts import alert, made, source
from tests.incidents.payloads import alertmanager
from tests.support.users import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

URL = "/api/v1/incidents/sources"


@pytest.fixture
def api() -> Client:
    return signed_in(makers.admin())


def sent(api: Client, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = api.generic(method, f"{URL}{path}", json.dumps(body or {}), "application/json")
    return answer.status_code, answer.json() if answer.content else None


def new(**fields: Any) -> dict[str, Any]:
    return {"name": "Prometheus", "slug": "prometheus", "kind": "alertmanager", **fields}


def test_a_source_is_made_and_its_token_shown_this_once(api: Client) -> None:
    status, made = sent(api, "POST", "", new())
    assert status == 201
    assert made["token"].startswith("opsm_")
    assert made["secret"] is None
    shown = made["source"]
    assert shown["url"].endswith("/api/v1/incidents/webhooks/prometheus")
    assert (shown["proof"], shown["hasSecret"], shown["isActive"]) == ("token", True, True)
    again = sent(api, "GET", f"/{shown['id']}")[1]
    listed = sent(api, "GET", "")[1]
    assert again["source"] == shown == listed["sources"][0]
    assert made["token"] not in json.dumps([again, listed])
    event = makers.last_event("INCIDENT_SOURCE_CREATED")
    assert made["token"] not in json.dumps(event.details)
    row = Source.objects.get()
    assert made["token"] not in json.dumps([row.token_digest, row.token_start])


def test_a_source_that_signs_shows_its_secret_once_and_keeps_it_locked(api: Client) -> None:
    made = sent(api, "POST", "", new(kind="generic", proof="signature"))[1]
    assert made["token"] is None
    assert len(made["secret"]) >= 32
    row = Source.objects.get()
    assert row.locked_secret.startswith("k1:")
    assert made["secret"] not in row.locked_secret


def test_pagerduty_s_secret_may_be_entered_later_and_is_never_shown(api: Client) -> None:
    made = sent(api, "POST", "", new(kind="pagerduty"))[1]
    assert (made["token"], made["secret"], made["source"]["hasSecret"]) == (None, None, False)
    path = f"/{made['source']['id']}/rotate"
    assert sent(api, "POST", path)[0] == 400
    status, rotated = sent(api, "POST", path, {"secret": "whsec-0123456789abcdef"})
    assert (status, rotated["secret"], rotated["source"]["hasSecret"]) == (200, None, True)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "zabbix"}, "kind"),
        ({"slug": "Über"}, "slug"),
        ({"slug": "-a"}, "slug"),
        ({"slug": "manual"}, "slug"),
        ({"proof": "signature"}, "proof"),
        ({"secret": "0123456789abcdef"}, "secret"),
        ({"kind": "generic", "proof": "signature", "secret": "short"}, "secret"),
        ({"mapping": {"title": "a"}}, "mapping"),
        ({"kind": "generic", "mapping": {"title": "a["}}, "mapping"),
        ({"graceMinutes": 1441}, "graceMinutes"),
        ({"name": ""}, "name"),
        ({"isActiv": True}, "isActiv"),
    ],
)
def test_what_is_not_valid_is_said_at_its_field(
    api: Client, fields: dict[str, Any], field: str
) -> None:
    status, answer = sent(api, "POST", "", new(**fields))
    assert status == 400
    assert list(answer["details"]) == [field]
    assert not Source.objects.exists()


@pytest.mark.parametrize("field", ["name", "slug"])
def test_two_sources_have_no_name_or_slug_in_common(api: Client, field: str) -> None:
    sent(api, "POST", "", new())
    other = {"name": "Another", "slug": "another", field: new()[field]}
    status, answer = sent(api, "POST", "", new(**other))
    assert (status, list(answer["details"])) == (409, [field])


def test_what_is_given_is_changed_and_audited(api: Client) -> None:
    row = source("generic")
    body = {"isActive": False, "mapping": {"title": "msg"}, "graceMinutes": 0}
    status, answer = sent(api, "PATCH", f"/{row.pk}", body)
    assert status == 200
    shown = answer["source"]
    assert {name: shown[name] for name in body} == body
    assert makers.last_event("INCIDENT_SOURCE_UPDATED").details["changed"]["is_active"] is False
    assert sent(api, "PATCH", f"/{row.pk}", {"slug": "x"})[0] == 400
    sent(api, "PATCH", f"/{row.pk}", body)
    assert AuditEvent.objects.filter(verb="INCIDENT_SOURCE_UPDATED").count() == 1


def test_a_token_is_renewed_and_the_one_before_ended(api: Client) -> None:
    before = made()
    path = f"/{before.source.pk}"
    status, rotated = sent(api, "POST", f"{path}/rotate")
    assert status == 200
    assert rotated["token"] not in (before.token, None)
    assert rotated["source"]["hasPrevious"]
    status, answer = sent(api, "POST", f"{path}/end-previous")
    assert (status, answer["source"]["hasPrevious"]) == (200, False)
    assert makers.last_event("INCIDENT_SOURCE_ROTATED").target_name == before.source.name
    assert makers.last_event("INCIDENT_SOURCE_PREVIOUS_ENDED").target_name == before.source.name


def test_what_came_is_listed_with_what_came_of_it(api: Client) -> None:
    row = source()
    Delivery.objects.create(source=row, alerts=[alert().as_json()], message="1 opened.")
    answer = sent(api, "GET", f"/{row.pk}/deliveries")[1]
    (shown,) = answer["deliveries"]
    assert (answer["total"], shown["message"]) == (1, "1 opened.")
    assert shown["alerts"][0]["title"] == "nginx is down"


def test_a_mapping_is_tried_on_what_would_come(api: Client) -> None:
    asked = {
        "kind": "generic",
        "mapping": {"title": "message", "severity": "level"},
        "payload": {"message": "Disk full", "level": "critical"},
    }
    status, answer = sent(api, "POST", "/try", asked)
    (found,) = answer["alerts"]
    assert (status, found["title"], found["severity"]) == (200, "Disk full", "CRITICAL")
    assert sent(api, "POST", "/try", {"kind": "alertmanager", "payload": alertmanager()})[0] == 200


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "generic", "payload": []}, "payload"),
        ({"kind": "generic", "payload": {}, "mapping": {"title": "["}}, "mapping"),
        ({"kind": "nagios", "payload": {}}, "kind"),
        ({"kind": "generic"}, "payload"),
    ],
)
def test_what_is_wrong_with_it_is_said(api: Client, asked: dict[str, Any], field: str) -> None:
    status, answer = sent(api, "POST", "/try", asked)
    assert (status, list(answer["details"])) == (400, [field])


def test_a_source_is_deleted_and_its_incidents_stay(api: Client) -> None:
    row = source()
    makers.server()
    assert sent(api, "DELETE", f"/{row.pk}")[0] == 204
    assert not Source.objects.exists()
    assert makers.last_event("INCIDENT_SOURCE_DELETED").details["slug"] == row.slug
