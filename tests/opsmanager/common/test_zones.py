import re
from types import SimpleNamespace

import pytest
from celery import Celery
from pytest_django import Settings

from opsmanager.celery import take_from_zones
from opsmanager.common import zone_queues, zones


def consumed(*names: str) -> list[str]:
    return [queue.name for queue in zones.consumed(names)]


def test_a_worker_that_names_no_zone_serves_the_servers_without_one() -> None:
    assert zones.here() == [zone_queues.NO_ZONE]
    assert consumed("schedules", "automation.low") == ["schedules", "automation.low"]


def test_a_worker_of_zones_takes_from_their_queues_in_the_order_of_those_named(
    settings: Settings,
) -> None:
    settings.AUTOMATION_ZONES = ["dmz", "plant-2"]
    assert zones.here() == ["dmz", "plant-2"]
    assert consumed("schedules", "automation.high", "servers") == [
        "schedules",
        "zone.dmz.automation.high",
        "zone.plant-2.automation.high",
        "zone.dmz.servers",
        "zone.plant-2.servers",
    ]


def test_each_queue_has_an_exchange_and_a_key_of_its_own() -> None:
    queue = zone_queues.queue("servers", "dmz")
    assert queue.name == queue.exchange.name == queue.routing_key == "zone.dmz.servers"
    assert queue.exchange.type == "direct"


@pytest.mark.parametrize("given", [["dmz"], []])
def test_celery_takes_from_the_queues_of_its_zones_and_from_no_others(
    settings: Settings, given: list[str]
) -> None:
    settings.AUTOMATION_ZONES = given
    app = Celery("of a zone", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.amqp.queues.select(["automation.high", "automation.normal"])
    take_from_zones(instance=SimpleNamespace(app=app))
    of = "zone.dmz." if given else ""
    assert list(app.amqp.queues.consume_from) == [
        f"{of}automation.high",
        f"{of}automation.normal",
    ]


@pytest.mark.parametrize("name", ["dmz", "plant-2", "1a"])
def test_a_zone_has_a_plain_name(name: str) -> None:
    assert re.match(zone_queues.NAME, name)


@pytest.mark.parametrize("name", ["", "DMZ", "-a", "a b", "a.b", "a,b", "dmz\n"])
def test_no_other_is_one(name: str) -> None:
    assert not re.match(zone_queues.NAME, name)
