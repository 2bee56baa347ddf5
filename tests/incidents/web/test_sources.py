"""The pages of sources of alerts, as an administrator goes through them."""

import json
from html import unescape
from typing import Any

import pytest
import yaml
from django.http import HttpResponse
from django.test import Client

from incidents.models import Delivery, Source
from incidents.services import sources
from incidents.web.setup import SECRET_HERE, TOKEN_HERE, setup_of
from tests.automation import makers
from tests.incidents.alerts import alert, made, source
from tests.support.users import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

FORM = {"name": "Prometheus", "slug": "prometheus", "proof": "token", "grace_minutes": "5"}
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}"


@pytest.fixture
def browser() -> Client:
    return signed_in(makers.admin())


def text(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def new(browser: Client, kind: str, **fields: str) -> HttpResponse:
    return browser.post(f"/incidents/sources/new/?kind={kind}", {**FORM, **fields})


def mapping(browser: Client, row: Source, htmx: bool = True, **fields: str) -> HttpResponse:
    headers = {"HX-Request": "true"} if htmx else {}
    return browser.post(f"/incidents/sources/{row.pk}/mapping/", fields, headers=headers)


def test_the_incidents_lead_there_those_who_may(browser: Client) -> None:
    assert "/incidents/sources/" in text(browser.get("/incidents/"))
    assert "/incidents/sources/" not in text(signed_in(makers.user("NOC")).get("/incidents/"))


def test_an_empty_list_says_what_to_connect(browser: Client) -> None:
    assert "Nothing sends alerts here yet" in text(browser.get("/incidents/sources/"))
    kinds = text(browser.get("/incidents/sources/new/"))
    assert all(word in kinds for word in ("Alertmanager", "Grafana", "PagerDuty", "Any JSON"))


def test_the_token_is_shown_once_in_a_configuration_to_paste(browser: Client) -> None:
    answer = new(browser, "alertmanager")
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    row = Source.objects.get()
    page = text(answer)
    assert "it is shown this once" in page
    assert page.count(row.token_start) >= 2
    assert f"/api/v1/incidents/webhooks/{row.slug}" in page
    again = text(browser.get(f"/incidents/sources/{row.pk}/"))
    assert TOKEN_HERE in again
    assert f"{row.token_start}…" in again


def test_what_is_wrong_is_said_at_its_field(browser: Client) -> None:
    new(browser, "alertmanager")
    answer = new(browser, "alertmanager", slug="another")
    assert answer.status_code == 422
    assert "Another source has this name" in text(answer)
    assert new(browser, "alertmanager", name="x", slug="manual").status_code == 422
    assert new(browser, "alertmanager", name="x", slug="a", proof="signature").status_code == 422
    assert Source.objects.count() == 1


def test_pagerduty_s_secret_is_entered_on_its_page(browser: Client) -> None:
    answer = new(browser, "pagerduty", proof="signature")
    row = Source.objects.get()
    assert answer["Location"] == f"/incidents/sources/{row.pk}/"
    assert "Its secret is missing" in text(browser.get(answer["Location"]))
    url = f"/incidents/sources/{row.pk}/rotate/"
    assert browser.post(url, {"secret": "short"}).status_code == 422
    assert browser.post(url, {"secret": "whsec-0123456789abcdef"}).status_code == 302
    page = text(browser.get(answer["Location"]))
    assert "Its secret is missing" not in page
    assert "whsec" not in page


def test_a_new_token_is_shown_and_the_one_before_ended(browser: Client) -> None:
    row = source()
    page = text(browser.post(f"/incidents/sources/{row.pk}/rotate/"))
    assert "The one before is still taken" in page
    browser.post(f"/incidents/sources/{row.pk}/end-previous/")
    assert "still taken" not in text(browser.get(f"/incidents/sources/{row.pk}/"))


def test_it_is_switched_off_and_on_and_deleted(browser: Client) -> None:
    row = source()
    for on in ("0", "1"):
        browser.post(f"/incidents/sources/{row.pk}/switch/", {"on": on})
        row.refresh_from_db()
        assert row.is_active is (on == "1")
    browser.post(f"/incidents/sources/{row.pk}/delete/")
    assert not Source.objects.exists()


@pytest.mark.parametrize("htmx", [True, False])
def test_a_mapping_is_tried_before_it_is_saved(browser: Client, htmx: bool) -> None:
    row = source("generic")
    fields = {
        "map_title": "msg",
        "map_labels": "tags",
        "payload": json.dumps({"msg": "Disk full", "tags": {"server": "db-1"}}),
    }
    page = text(mapping(browser, row, htmx, do="try", **fields))
    assert "1 alert" in page
    assert "Disk full" in page
    assert "db-1" in page
    row.refresh_from_db()
    assert row.mapping == {}
    mapping(browser, row, htmx, do="save", **fields)
    row.refresh_from_db()
    assert row.mapping == {"title": "msg", "labels": "tags"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"map_title": "a["}, "This is no JMESPath expression"),
        ({"map_severity": "a"}, "Say where the title stands."),
        ({"map_title": "a", "payload": "{"}, "This is no JSON."),
        ({"map_title": "a", "payload": "[" * 50_000}, "This is no JSON."),
        ({"map_title": "a", "payload": "{}"}, "Nothing stands there."),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said(
    browser: Client, fields: dict[str, str], said: str
) -> None:
    answer = mapping(browser, source("generic"), do="try", **fields)
    assert answer.status_code == 422
    assert said in text(answer)


def test_also_of_a_known_form_one_may_try_what_it_sends(browser: Client) -> None:
    answer = mapping(browser, source(), do="try", payload='{"version": "4", "alerts": []}')
    assert "0 alerts" in text(answer)


def test_what_came_is_shown_and_what_is_wrong(browser: Client) -> None:
    row = source()
    Delivery.objects.create(source=row, alerts=[alert(title=HOSTILE).as_json()] * 5)
    Source.objects.update(last_error="alerts[0].status: It must be firing or resolved.")
    raw = browser.get(f"/incidents/sources/{row.pk}/").content.decode()
    assert HOSTILE not in raw
    assert HOSTILE in unescape(raw)
    assert "5 in all" in raw
    assert "waits for a worker" in raw
    assert "It must be firing" in raw
    listed = text(browser.get("/incidents/sources/"))
    assert "1 waiting" in listed


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("alertmanager", {}),
        ("grafana", {}),
        ("grafana", {"proof": "signature"}),
        ("pagerduty", {}),
        ("generic", {}),
        ("generic", {"proof": "signature"}),
    ],
)
def test_each_kind_has_something_to_paste(kind: str, fields: dict[str, Any]) -> None:
    sender = made(kind, **fields)
    shown = setup_of(sender.source, token=sender.token, secret=sender.secret).text
    assert f"/api/v1/incidents/webhooks/{sender.source.slug}" in shown
    assert (sender.token or sender.secret) in shown
    assert "@" not in shown
    assert TOKEN_HERE not in shown
    assert SECRET_HERE not in shown
    if kind in ("alertmanager", "grafana") and not fields:
        assert yaml.safe_load(shown)


def test_who_may_not_change_sources_is_told_so() -> None:
    answer = signed_in(makers.user("MANAGER")).get("/incidents/sources/")
    assert answer.status_code == 403
    assert sources.MAY_NOT in text(answer)
