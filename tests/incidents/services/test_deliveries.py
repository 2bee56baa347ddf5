"""What was received is taken in, in order, whatever one of it does."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from incidents import tasks
from incidents.models import Delivery, Incident, SeenDelivery, Source
from incidents.services import deliveries
from incidents.services.taking import Taken, take_in
from incidents.sources.alert import Alert
from tests.incidents.alerts import Places, Rules, alert, began, source


@pytest.fixture
def sender(rows: None, monkeypatch: pytest.MonkeyPatch) -> Source:
    Rules(monkeypatch)
    Places(monkeypatch)
    return source()


def wait(sender: Source, *alerts: Alert) -> Delivery:
    return Delivery.objects.create(source=sender, alerts=[one.as_json() for one in alerts])


@pytest.mark.django_db
def test_what_waits_is_taken_in_order_and_said_what_it_came_to(sender: Source) -> None:
    begun = began()
    first = wait(sender, alert(began_at=begun), alert(fingerprint="a2"))
    second = wait(sender, alert(began_at=begun, is_firing=False), alert(fingerprint="a2"))
    tasks.take_deliveries(str(sender.pk))
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.message == "2 opened."
    assert second.message == "1 resolved, 1 seen again."
    assert first.handled_at
    assert second.handled_at
    assert deliveries.take_all(sender.pk) == 0


@pytest.mark.django_db
def test_what_no_message_woke_anybody_for_is_taken_by_the_tick(sender: Source) -> None:
    wait(sender, alert())
    wait(source(), alert())
    tasks.take_waiting()
    assert Incident.objects.count() == 2


@pytest.mark.django_db
def test_a_fault_with_one_alert_stops_no_other(
    sender: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(of: Source, one: Alert) -> Taken:
        if one.fingerprint == "bad":
            raise RuntimeError
        return take_in(of, one)

    monkeypatch.setattr(deliveries, "take_in", faulty)
    delivery = wait(sender, alert(), alert(fingerprint="bad"), alert(fingerprint="a3"))
    wait(sender, alert(fingerprint="a4"))
    assert deliveries.take_all(sender.pk) == 2
    assert Incident.objects.count() == 3
    delivery.refresh_from_db()
    assert "1 could not be taken in" in delivery.message
    sender.refresh_from_db()
    assert "could not be taken in" in sender.last_error


@pytest.mark.django_db
def test_a_database_that_is_away_loses_nothing(
    sender: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(sender, alert())

    def away(_of: Source, _one: Alert) -> Taken:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "take_in", away)
        with pytest.raises(OperationalError):
            deliveries.take_all(sender.pk)
    assert deliveries.take_waiting() == 1


@pytest.mark.django_db
def test_what_waits_of_a_source_that_is_gone_is_gone(sender: Source) -> None:
    pk = sender.pk
    sender.delete()
    assert deliveries.take_all(pk) == 0


@pytest.mark.django_db
def test_names_are_kept_for_a_day_and_deliveries_for_a_week(sender: Source) -> None:
    now = timezone.now()
    for hours in (1, 23, 25):
        SeenDelivery.objects.create(
            source=sender, name=str(hours), seen_at=now - timedelta(hours=hours)
        )
    for days in (1, 8):
        row = wait(sender)
        Delivery.objects.filter(pk=row.pk).update(
            received_at=now - timedelta(days=days), handled_at=now
        )
    waiting = wait(sender)
    Delivery.objects.filter(pk=waiting.pk).update(received_at=now - timedelta(days=30))
    tasks.prune_deliveries()
    assert SeenDelivery.objects.count() == 2
    assert Delivery.objects.count() == 2
    assert Delivery.objects.filter(pk=waiting.pk).exists()
