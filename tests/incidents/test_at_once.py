"""Many at once: rows that other threads can see, and that are deleted when a test is over."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, TypeVar

import pytest
from django.db import connection, connections
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from incidents import wakeups
from incidents.models import Delivery, Incident, IncidentStatus, Source
from incidents.services import deliveries
from incidents.services.taking import Taken, take_in
from incidents.sources.alert import Alert
from opsmanager.common.signatures import sign
from tests.automation.runner.committed import delete_all
from tests.incidents.alerts import Places, Rules, alert, began, made, source
from tests.incidents.payloads import alertmanager

_T = TypeVar("_T")


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the test commit; in place of pytest-django's, which rolls back."""
    with django_db_blocker.unblock():
        yield
        delete_all()
        connection.close()


@pytest.fixture(autouse=True)
def _ready(rows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Rules(monkeypatch)
    Places(monkeypatch)
    monkeypatch.setattr(wakeups, "send", lambda _source_id: None)


def in_threads(number: int, do: Callable[[int], _T]) -> list[_T]:
    """Do it so many times, eight at once."""

    def once(which: int) -> _T:
        try:
            return do(which)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(once, range(number)))


def post(slug: str, body: Any, **headers: str) -> tuple[int, Any]:
    """Send a webhook, and return the status and the answer."""
    answer = Client(headers=headers).post(
        f"/api/v1/incidents/webhooks/{slug}", json.dumps(body), "application/json"
    )
    return answer.status_code, answer.json()


def test_one_at_a_time_takes_and_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    is_at_it, may_go_on = Event(), Event()

    def slow(of: Source, one: Alert) -> Taken:
        is_at_it.set()
        assert may_go_on.wait(20)
        return take_in(of, one)

    def take(_number: int) -> int:
        try:
            return deliveries.take_all(sender.pk)
        finally:
            connection.close()

    monkeypatch.setattr(deliveries, "take_in", slow)
    sender = source()
    wait(sender, "first")
    with ThreadPoolExecutor(2) as pool:
        busy = pool.submit(take, 0)
        assert is_at_it.wait(20)
        # Woken for what came meanwhile, another worker leaves it to the one that is at it.
        wait(sender, "second")
        assert pool.submit(take, 1).result(20) == 0
        may_go_on.set()
        assert busy.result(20) == 2
    assert Incident.objects.count() == 2


def wait(sender: Source, fingerprint: str) -> None:
    one = alert(fingerprint=fingerprint)
    Delivery.objects.create(source=sender, alerts=[one.as_json()])


def test_the_same_alert_told_by_many_at_once_is_one_incident() -> None:
    sender, begun = source(), began()
    in_threads(40, lambda _number: take_in(sender, alert(began_at=begun)))
    incident = Incident.objects.get()
    assert (incident.times_seen, incident.status) == (40, IncidentStatus.OPEN)


def test_of_a_hundred_replays_at_once_one_counts() -> None:
    sender = made("generic", proof="signature")
    body = {"title": "Disk full"}
    now = int(time.time())
    headers = {
        "X-OpsManager-Timestamp": str(now),
        "X-OpsManager-Signature": sign(sender.secret, now, json.dumps(body).encode()),
        "X-OpsManager-Delivery": "one",
    }
    answers = in_threads(100, lambda _number: post(sender.source.slug, body, **headers))
    assert {status for status, _answer in answers} == {202}
    assert sum(answer["accepted"] for _status, answer in answers) == 1
    assert Delivery.objects.count() == 1


def test_of_a_burst_every_alert_becomes_one_incident() -> None:
    sender = made()
    token = {"Authorization": f"Bearer {sender.token}"}

    def send(number: int) -> int:
        labels = {"alertname": "Down", "instance": f"web-{number // 2}"}
        return post(sender.source.slug, alertmanager({"labels": labels}), **token)[0]

    assert set(in_threads(100, send)) == {202}
    many = [{"labels": {"alertname": "Full", "instance": str(number)}} for number in range(200)]
    assert post(sender.source.slug, alertmanager(*many), **token) == (202, {"accepted": 200})
    in_threads(3, lambda _number: deliveries.take_all(sender.source.pk))
    assert Incident.objects.filter(title="Down", times_seen=2).count() == 50
    assert Incident.objects.filter(title="Full", times_seen=1).count() == 200
    assert not Delivery.objects.filter(handled_at=None).exists()
