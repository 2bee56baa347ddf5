import json
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from opsmanager.common.addresses import Allowed
from opsmanager.notifications import child, sending
from opsmanager.notifications.models import Channel, Delivery
from tests.automation.runner.web import Exchange, WebServer
from tests.opsmanager.notifications import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("woken")]


def ready(row: Delivery) -> None:
    """Have its time, and its channel's, come."""
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(pk=row.pk, state="PENDING").update(next_attempt_at=past)
    Channel.objects.update(rests_until=None)


def of(web: WebServer, **fields: Any) -> Delivery:
    return makers.delivery(
        makers.channel(url=f"json://me:pass-word@127.0.0.1:{web.port}/hook", **fields)
    )


def test_what_was_told_arrives(web: WebServer) -> None:
    row = of(web)

    assert sending.send(row.pk)

    (request,) = web.received
    assert request.target == "/hook"
    content = json.loads(request.body)
    assert (content["title"], content["message"]) == ("It failed", "It said no.")
    assert content["type"] == "failure"
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error, row.lease_until) == ("SENT", 1, "", None)
    assert row.sent_at is not None


def test_what_was_sent_is_not_sent_again(web: WebServer) -> None:
    row = of(web)

    assert [sending.send(row.pk), sending.send(row.pk)] == [True, False]
    assert len(web.received) == 1


def test_it_is_tried_until_the_service_answers(web: WebServer) -> None:
    answers = iter([503, 500, 200])
    web.script = lambda exchange: exchange.answer(next(answers))
    row = of(web)

    sending.send(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("PENDING", 1)
    assert "503" in row.error
    assert row.next_attempt_at > timezone.now() + timedelta(seconds=20)
    assert not sending.send(row.pk)
    for _ in range(2):
        ready(row)
        assert sending.send(row.pk)

    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == ("SENT", 3, "")
    assert Channel.objects.get().failures == 0


def test_after_five_attempts_it_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    said = child.Answer(ok=False, reason="The service said no.")
    monkeypatch.setattr(child, "send", lambda *_args, **_fields: said)
    row = makers.delivery(makers.channel())

    waits = []
    for _ in range(5):
        assert sending.send(row.pk)
        row.refresh_from_db()
        if row.next_attempt_at:
            waits.append(round((row.next_attempt_at - timezone.now()).total_seconds() / 10))
        ready(row)

    assert (row.state, row.attempts, row.error) == ("FAILED", 5, "The service said no.")
    assert waits == [3, 12, 60, 360]
    assert not sending.send(row.pk)


def test_the_reason_tells_no_secret_of_the_address() -> None:
    row = makers.delivery(makers.channel(url="json://me:pass-word@127.0.0.1:9/a-secret-path"))

    sending.send(row.pk)

    row.refresh_from_db()
    assert "refused" in row.error
    assert "pass-word" not in row.error
    assert "a-secret-path" not in row.error


def test_a_service_that_never_answers_is_given_up(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.script = Exchange.be_silent
    real = child.send
    monkeypatch.setattr(child, "send", lambda *args, **kw: real(*args, **kw, seconds=8))
    row, began = of(web), time.monotonic()

    sending.send(row.pk)

    assert time.monotonic() - began < 25
    row.refresh_from_db()
    assert row.state == "PENDING"
    assert "longer than 8 seconds" in row.error
    assert web.hung_up.wait(5)


def test_a_channel_that_failed_rests_and_a_person_need_not_wait_for_it(web: WebServer) -> None:
    web.script = lambda exchange: exchange.answer(500)
    first = of(web)
    second = makers.delivery(first.channel, key="another")
    sending.send(first.pk)

    assert not sending.send(second.pk)
    asked_for = makers.delivery(first.channel, asked_for=True)
    assert sending.send(asked_for.pk)
    assert Channel.objects.get().failures == 2


def test_one_channel_is_sent_one_at_a_time() -> None:
    channel = makers.channel()
    first, second = makers.delivery(channel), makers.delivery(channel, key="another")
    other = makers.delivery(makers.channel("other"))

    claimed = sending.claim(first.pk)
    assert claimed is not None
    assert sending.claim(second.pk) is None
    assert sending.claim(other.pk) is not None
    sending.finish(claimed, child.Answer(ok=True))
    assert sending.claim(second.pk) is not None


def lost(row: Delivery) -> None:
    """Have the worker that sends it be gone."""
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(pk=row.pk).update(lease_until=past)


def test_what_a_lost_worker_sent_is_sent_once_more_and_says_so(web: WebServer) -> None:
    row = of(web)
    assert sending.claim(row.pk) is not None
    lost(row)

    assert sending.send(row.pk)

    row.refresh_from_db()
    assert (row.state, row.times_lost) == ("SENT", 1)
    assert "may arrive twice" in row.error


def test_what_two_workers_were_lost_over_is_sent_no_more() -> None:
    row = makers.delivery(makers.channel())
    for _ in range(2):
        assert sending.claim(row.pk) is not None
        lost(row)

    assert sending.claim(row.pk) is None

    row.refresh_from_db()
    assert row.state == "FAILED"
    assert "lost twice" in row.error


def test_a_late_worker_ends_nothing_that_another_sends() -> None:
    row = makers.delivery(makers.channel())
    first = sending.claim(row.pk)
    assert first is not None
    lost(row)
    assert sending.claim(row.pk) is not None

    assert not sending.finish(first, child.Answer(ok=True))
    row.refresh_from_db()
    assert row.state == "PENDING"


def test_nobody_is_woken_by_yesterday() -> None:
    row = makers.delivery(makers.channel(), created_at=timezone.now() - timedelta(hours=25))

    assert not sending.send(row.pk)

    row.refresh_from_db()
    assert row.state == "FAILED"
    assert "within 24 hours" in row.error


def test_a_channel_that_was_switched_off_gets_nothing() -> None:
    row = makers.delivery(makers.channel(is_active=False))

    assert not sending.send(row.pk)

    row.refresh_from_db()
    assert row.error == "The channel was switched off before it was sent."


def test_an_address_that_was_closed_meanwhile_is_not_called(web: WebServer, settings: Any) -> None:
    row = of(web)
    settings.NOTIFY_ALLOWED_NETWORKS = Allowed()

    sending.send(row.pk)

    row.refresh_from_db()
    assert row.state == "FAILED"
    assert "OPSMANAGER_NOTIFY_ALLOWED_NETWORKS" in row.error
    assert web.connections == 0


def test_what_is_due_wakes_a_worker_for_each_channel(woken: list[UUID]) -> None:
    one, two = (
        makers.channel("one"),
        makers.channel("two", rests_until=timezone.now() + timedelta(minutes=1)),
    )
    first = makers.delivery(one)
    makers.delivery(one, key="another")
    makers.delivery(two)

    sending.wake_due()

    assert woken == [first.pk]


def test_old_deliveries_are_forgotten_and_what_waits_is_not() -> None:
    long_ago = timezone.now() - timedelta(days=91)
    channel = makers.channel()
    makers.delivery(channel, state="SENT", created_at=long_ago)
    waits = makers.delivery(channel, created_at=long_ago)
    recent = makers.delivery(channel, state="SENT")

    sending.forget_old()

    assert set(Delivery.objects.values_list("pk", flat=True)) == {waits.pk, recent.pk}
