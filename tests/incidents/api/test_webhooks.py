"""A webhook is taken from its source alone, whatever else is sent to its address."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from incidents import wakeups
from incidents.api import webhooks
from incidents.models import Delivery, SeenDelivery, Source
from incidents.services import sources
from incidents.services.sources import Made
from opsmanager.common import request_rate, secrets_in_use
from opsmanager.common.signatures import sign
from tests.automation import makers
from tests.incidents.alerts import made
from tests.incidents.payloads import alertmanager, grafana, pagerduty_event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

SECRET = "whsec-of-pagerduty-0123456789"
WINDOW = 300


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(wakeups, "send", found.append)
    return found


def post(slug: str, body: Any, **headers: str) -> HttpResponse:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client(headers=headers).generic(
        "POST", f"/api/v1/incidents/webhooks/{slug}", text, "application/json"
    )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def signed(secret: str, body: Any, delivery: str = "d1", at: int | None = None) -> dict[str, str]:
    now = int(time.time()) if at is None else at
    return {
        "X-OpsManager-Timestamp": str(now),
        "X-OpsManager-Signature": sign(secret, now, json.dumps(body).encode()),
        "X-OpsManager-Delivery": delivery,
    }


def by_grafana(secret: str, body: Any, at: int | None = None) -> dict[str, str]:
    now = str(int(time.time()) if at is None else at)
    text = now.encode() + b":" + json.dumps(body).encode()
    return {
        "X-Grafana-Alerting-Timestamp": now,
        "X-Grafana-Alerting-Signature": hmac.new(secret.encode(), text, "sha256").hexdigest(),
    }


def by_pagerduty(*secrets: str, body: Any) -> dict[str, str]:
    text = json.dumps(body).encode()
    each = [hmac.new(one.encode(), text, hashlib.sha256).hexdigest() for one in secrets]
    return {"X-PagerDuty-Signature": ",".join(f"v1={one}" for one in each)}


def test_an_alertmanager_with_its_token_is_believed(
    woken: list[Any], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    sender = made()
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(sender.source.slug, alertmanager({}, {}), **bearer(sender.token))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
    delivery = Delivery.objects.get()
    assert (delivery.source, delivery.handled_at) == (sender.source, None)
    assert [one["title"] for one in delivery.alerts] == ["ServiceDown", "ServiceDown"]
    assert woken == [sender.source.pk]
    sender.source.refresh_from_db()
    assert sender.source.last_seen_at is not None
    assert sender.source.last_error == ""


def test_grafana_sends_a_token_or_signs() -> None:
    one, other = made("grafana"), made("grafana", proof="signature")
    body = grafana()
    assert post(one.source.slug, body, **bearer(one.token)).status_code == 202
    assert post(other.source.slug, body, **by_grafana(other.secret, body)).status_code == 202
    assert Delivery.objects.count() == 2


def test_pagerduty_signs_with_a_secret_of_its_own() -> None:
    sender = made("pagerduty", secret=SECRET)
    assert sender.secret == ""
    body = pagerduty_event()
    headers = by_pagerduty("of-another-subscription", SECRET, body=body)
    assert post(sender.source.slug, body, **headers).json() == {"accepted": 1}
    assert post(sender.source.slug, body, **headers).json() == {"accepted": 0}
    ping = pagerduty_event("pagey.ping", event="another")
    headers = by_pagerduty(SECRET, body=ping)
    assert post(sender.source.slug, ping, **headers).json() == {"accepted": 0}
    assert Delivery.objects.count() == 1


def test_one_s_own_script_signs_and_a_replay_counts_once() -> None:
    sender = made("generic", proof="signature")
    body = {"title": "Backup failed"}
    headers = signed(sender.secret, body)
    assert post(sender.source.slug, body, **headers).json() == {"accepted": 1}
    assert post(sender.source.slug, body, **headers).json() == {"accepted": 0}
    renamed = headers | {"X-OpsManager-Delivery": "another"}
    assert post(sender.source.slug, body, **renamed).json() == {"accepted": 0}
    assert Delivery.objects.count() == 1


def refused() -> dict[str, Callable[[], HttpResponse]]:
    """Return what must not be believed."""

    def sent(sender: Made, body: Any, **headers: str) -> HttpResponse:
        return post(sender.source.slug, body, **headers)

    def off() -> HttpResponse:
        sender = made()
        sources.change(actor=makers.admin(), source=sender.source, is_active=False)
        return sent(sender, alertmanager(), **bearer(sender.token))

    def altered() -> HttpResponse:
        sender = made("generic", proof="signature")
        return sent(sender, {"title": "b"}, **signed(sender.secret, {"title": "a"}))

    def old(kind: str, sign_as: Callable[..., dict[str, str]]) -> HttpResponse:
        sender, body = made(kind, proof="signature"), {"title": "a", "alerts": []}
        return sent(sender, body, **sign_as(sender.secret, body, at=int(time.time()) - WINDOW - 5))

    return {
        "unknown": lambda: post("nobody", alertmanager(), **bearer(made().token)),
        "off": off,
        "nothing": lambda: sent(made(), alertmanager()),
        "wrong token": lambda: sent(made(), alertmanager(), **bearer("opsm_wrong")),
        "another's token": lambda: sent(made(), alertmanager(), **bearer(made().token)),
        "token where it signs": lambda: sent(
            made("generic", proof="signature"), {"title": "a"}, **bearer(made().token)
        ),
        "unsigned": lambda: sent(made("generic", proof="signature"), {"title": "a"}),
        "another's secret": lambda: sent(
            made("generic", proof="signature"),
            {"title": "a"},
            **signed(made("generic", proof="signature").secret, {"title": "a"}),
        ),
        "altered": altered,
        "old": lambda: old("generic", signed),
        "old of Grafana": lambda: old("grafana", by_grafana),
        "Grafana without a time": lambda: sent(
            (sender := made("grafana", proof="signature")),
            grafana(),
            **(by_grafana(sender.secret, grafana()) | {"X-Grafana-Alerting-Timestamp": ""}),
        ),
        "PagerDuty without a secret yet": lambda: sent(
            made("pagerduty"), pagerduty_event(), **by_pagerduty("", body=pagerduty_event())
        ),
        "PagerDuty's wrong": lambda: sent(
            made("pagerduty", secret=SECRET),
            pagerduty_event(),
            **by_pagerduty("another secret of 1234", body=pagerduty_event()),
        ),
        "PagerDuty's of no form": lambda: sent(
            made("pagerduty", secret=SECRET),
            pagerduty_event(),
            **{"X-PagerDuty-Signature": "v1=,,v2=x,é"},
        ),
        "an API token of a person": lambda: sent(made(), {}, **bearer("opsm_" + "a" * 46)),
    }


@pytest.mark.parametrize("what", refused())
def test_whatever_is_not_proven_gets_the_same_answer_and_leaves_nothing(what: str) -> None:
    answer = refused()[what]()
    assert answer.status_code == 401
    said = answer.json()
    assert said["message"] == (
        "The source is unknown or off, or its token or signature is not good."
    )
    assert said["details"] == {}
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert not Delivery.objects.exists()
    assert not SeenDelivery.objects.exists()


def test_what_was_refused_is_said_to_those_who_look_after_it() -> None:
    sender = made()
    post(sender.source.slug, alertmanager(), **bearer("opsm_wrong"))
    row = Source.objects.get()
    assert "was refused" in row.last_error
    assert row.last_error_at is not None
    assert row.last_seen_at is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "The body: The body can't be read as JSON"),
        (b"\xff\xfe", "The body: The body is not UTF-8."),
        (b"[" * 5000, "nested more than 32 deep"),
        (b'{"version": "4", "alerts": [{"status": "?"}]}', "alerts[0].status"),
        (b'"\\u0000"', "a NUL character"),
        (b"", "The body"),
    ],
)
def test_what_cannot_be_read_is_said_to_both_sides(body: bytes, said: str) -> None:
    sender = made()
    answer = post(sender.source.slug, body, **bearer(sender.token))
    assert answer.status_code == 400
    assert said in answer.json()["message"]
    row = Source.objects.get()
    assert said in row.last_error
    assert not Delivery.objects.exists()


def test_what_was_signed_and_malformed_may_be_sent_again_in_better_form() -> None:
    sender = made("generic", proof="signature")
    for body, status in (({"title": ""}, 400), ({"title": "a"}, 202)):
        headers = signed(sender.secret, body, delivery="same")
        assert post(sender.source.slug, body, **headers).status_code == status


def test_what_is_too_large_is_refused_before_anything_reads_it() -> None:
    sender = made()
    answer = post(sender.source.slug, b"x" * (1024 * 1024 + 1), **bearer(sender.token))
    assert answer.status_code == 413


def test_a_token_stays_good_until_the_one_before_is_ended() -> None:
    sender, admin = made(), makers.admin()
    renewed = sources.rotate(actor=admin, source=sender.source)
    for token in (sender.token, renewed.token):
        assert post(sender.source.slug, alertmanager(), **bearer(token)).status_code == 202
    sources.end_previous(actor=admin, source=sender.source)
    assert post(sender.source.slug, alertmanager(), **bearer(sender.token)).status_code == 401
    assert post(sender.source.slug, alertmanager(), **bearer(renewed.token)).status_code == 202


def test_a_secret_stays_good_until_the_one_before_is_ended() -> None:
    sender, admin = made("generic", proof="signature"), makers.admin()
    renewed = sources.rotate(actor=admin, source=sender.source)
    body = {"title": "a"}

    def sent(secret: str, name: str) -> int:
        return post(sender.source.slug, body, **signed(secret, body, delivery=name)).status_code

    assert [sent(sender.secret, "1"), sent(renewed.secret, "2")] == [202, 202]
    sources.end_previous(actor=admin, source=sender.source)
    SeenDelivery.objects.all().delete()
    assert [sent(sender.secret, "3"), sent(renewed.secret, "4")] == [401, 202]


def test_a_secret_that_cannot_be_read_is_said_and_nothing_is_lost(settings: Any) -> None:
    sender = made("generic", proof="signature")
    body = {"title": "a"}
    headers = signed(sender.secret, body)
    kept, settings.SECRET_KEY = settings.SECRET_KEY, "another key"
    answer = post(sender.source.slug, body, **headers)
    assert answer.status_code == 503
    assert "SECRET_KEY" in Source.objects.get().last_error
    settings.SECRET_KEY = kept
    assert post(sender.source.slug, body, **headers).json() == {"accepted": 1}


def test_secrets_that_an_alert_quotes_are_masked_before_it_is_kept() -> None:
    secrets_in_use.remember(["hunter2-of-the-database"])
    sender = made()
    body = alertmanager(
        {
            "labels": {"alertname": "Down", "dsn": "postgres://a:hunter2-of-the-database@db/"},
            "annotations": {"summary": "password=hunter2-of-the-database", "description": "x"},
        }
    )
    post(sender.source.slug, body, **bearer(sender.token))
    assert "hunter2" not in json.dumps(Delivery.objects.get().alerts)


def test_a_session_proves_nothing() -> None:
    client = Client()
    client.force_login(makers.admin())
    answer = client.post(
        f"/api/v1/incidents/webhooks/{made().source.slug}", "{}", "application/json"
    )
    assert answer.status_code == 401


def test_who_is_refused_again_and_again_is_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    request_rate.forget_connections()
    monkeypatch.setattr(webhooks, "_REFUSALS", 2)
    sender = made()
    headers = {"X-Forwarded-For": "", **bearer("opsm_wrong")}
    url = f"/api/v1/incidents/webhooks/{sender.source.slug}"
    client = Client(headers=headers, REMOTE_ADDR="203.0.113.77")
    codes = [client.post(url, "{}", "application/json").status_code for _ in range(3)]
    assert codes == [401, 401, 429]
    good = Client(headers=bearer(sender.token), REMOTE_ADDR="203.0.113.77")
    body = json.dumps(alertmanager())
    assert good.post(url, body, "application/json").status_code == 202
