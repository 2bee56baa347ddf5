from datetime import timedelta

import pytest
from celery.signals import beat_init
from django.db.models import F

from opsmanager.common import pulse, tasks
from opsmanager.common.models import Pulse
from tests.support import broker

pytestmark = pytest.mark.django_db


def test_a_heartbeat_is_kept_once_a_process_with_its_latest_details() -> None:
    pulse.note("worker", "host-1", executions=3)
    pulse.note("worker", "host-1", executions=5)
    (beat,) = pulse.seen()
    assert (str(beat), beat.details) == ("worker host-1", {"executions": 5})


def test_age_counts_by_the_clock_of_the_database() -> None:
    pulse.note("worker", "host-1")
    assert pulse.seen().get().age < timedelta(seconds=30)
    Pulse.objects.update(seen_at=F("seen_at") - timedelta(minutes=5))
    assert timedelta(minutes=5) <= pulse.seen().get().age < timedelta(minutes=6)


def test_noting_again_makes_it_young_again() -> None:
    pulse.note("worker", "host-1")
    Pulse.objects.update(seen_at=F("seen_at") - timedelta(minutes=5))
    pulse.note("worker", "host-1")
    assert pulse.seen().get().age < timedelta(minutes=1)


def test_a_process_that_stops_in_order_is_forgotten_alone() -> None:
    pulse.note("worker", "host-1")
    pulse.note("worker", "host-2")
    pulse.note("beat", "host-1")
    pulse.forget("worker", "host-1")
    assert [str(beat) for beat in pulse.seen()] == ["beat host-1", "worker host-2"]


def test_beat_is_alive_when_a_worker_ran_what_it_sent() -> None:
    tasks.note_beat()
    assert [str(beat) for beat in pulse.seen()] == ["beat beat"]


def test_a_beat_that_starts_says_so_at_once() -> None:
    def said() -> int:
        return broker.tasks("maintenance").count("opsmanager.common.tasks.note_beat")

    before = said()
    beat_init.send(sender=None)
    assert said() > before


def test_what_fell_silent_long_ago_is_forgotten_and_what_is_no_process_stays() -> None:
    for kind in ("worker", "anchor"):
        pulse.note(kind, "old")
    Pulse.objects.update(seen_at=F("seen_at") - timedelta(minutes=61))
    pulse.note("worker", "young")
    Pulse.objects.filter(name="young").update(seen_at=F("seen_at") - timedelta(minutes=59))
    tasks.note_beat()
    assert [str(beat) for beat in pulse.seen()] == ["anchor old", "beat beat", "worker young"]
    assert [pulse.is_alive(beat) for beat in pulse.processes()] == [True, False]


def test_workers_say_which_zones_they_serve() -> None:
    pulse.note("worker", "of the release before")
    pulse.note("worker", "outside", zones=[""])
    pulse.note("worker", "inside", zones=["dmz", "plant"])
    pulse.note("worker", "gone", zones=["dmz"])
    pulse.note("beat", "beat")
    Pulse.objects.filter(name="gone").update(seen_at=F("seen_at") - timedelta(seconds=50))
    assert pulse.serving() == {"": 2, "dmz": 1, "plant": 1}
    assert pulse.serving(timedelta(seconds=60))["dmz"] == 2
    assert pulse.serving()["elsewhere"] == 0


def test_all_are_forgotten_at_once() -> None:
    pulse.note("worker", "host-1")
    pulse.forget_all()
    assert not pulse.seen().exists()
