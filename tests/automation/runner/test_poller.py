"""With Redis away a worker finds by itself what it would be woken for."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError

from automation.models import Priority
from automation.runner import poller as polling
from automation.runner.poller import Poller
from opsmanager.common import redis_client
from tests.automation import makers
from tests.automation.runner.conftest import wait_until

pytestmark = pytest.mark.usefixtures("committed")

NOWHERE = "redis://127.0.0.1:1/0"


class Hands:
    """Takes what it is handed, and says so."""

    def __init__(self) -> None:
        self.taken: list[UUID] = []
        self.may_end = threading.Event()
        self.may_end.set()
        self.fault: Exception | None = None

    def run(self, pk: UUID) -> None:
        self.taken.append(pk)
        self.may_end.wait(60)
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def poller(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> Iterator[Poller]:
    monkeypatch.setattr(polling, "_EVERY_SECONDS", 0.05)
    poller = Poller(run=hands.run)
    yield poller
    hands.may_end.set()
    poller.close()


@pytest.fixture
def redis_away(settings: Any) -> Iterator[Callable[[], None]]:
    """Have Redis away; calling it brings Redis back."""
    there = settings.REDIS_URL
    settings.REDIS_URL = NOWHERE
    redis_client.client.cache_clear()

    def back() -> None:
        settings.REDIS_URL = there
        redis_client.client.cache_clear()

    yield back
    back()


def test_it_takes_what_its_queues_would_bring_by_priority_and_no_more(
    poller: Poller, hands: Hands, redis_away: Callable[[], None]
) -> None:
    low = makers.execution(priority=Priority.LOW)
    normal = makers.execution(priority=Priority.NORMAL)
    makers.execution(priority=Priority.HIGH)
    poller.serve({"automation.normal", "automation.low", "servers"}, at_once=1)
    wait_until(lambda: len(hands.taken) > 3)
    assert hands.taken[:2] == [normal.pk, low.pk]
    assert set(hands.taken) == {normal.pk, low.pk}


def test_what_runs_is_not_handed_on_again(
    poller: Poller, hands: Hands, redis_away: Callable[[], None]
) -> None:
    hands.may_end.clear()
    execution = makers.execution(priority=Priority.NORMAL)
    looks: list[int] = []
    poller.serve({"automation.normal"}, at_once=4, others=[lambda: looks.append(1)])
    wait_until(lambda: len(looks) > 5)
    assert hands.taken == [execution.pk]


def test_once_redis_is_back_the_rest_is_left_to_messages(
    poller: Poller, hands: Hands, redis_away: Callable[[], None]
) -> None:
    hands.may_end.clear()
    for _ in range(3):
        makers.execution(priority=Priority.NORMAL)
    poller.serve({"automation.normal"}, at_once=1)
    wait_until(lambda: len(poller._taken) == 3)
    redis_away()
    wait_until(lambda: sum(future.cancelled() for future in poller._taken.values()) == 2)
    hands.may_end.set()
    poller.close()
    assert len(hands.taken) == 1


def test_while_redis_is_there_it_takes_nothing(poller: Poller, hands: Hands) -> None:
    makers.execution(priority=Priority.NORMAL)
    looks: list[int] = []
    poller.serve({"automation.normal"}, at_once=1, others=[lambda: looks.append(1)])
    poller.join(0.5)
    assert hands.taken == []
    assert looks == []


@pytest.mark.parametrize("fault", [OperationalError("gone"), RuntimeError("broken")])
def test_a_fault_keeps_nothing_else_from_being_taken(
    poller: Poller, hands: Hands, redis_away: Callable[[], None], fault: Exception
) -> None:
    def fail() -> None:
        raise fault

    hands.fault = fault
    makers.execution(priority=Priority.NORMAL)
    poller.serve({"automation.normal"}, at_once=1, others=[fail])
    wait_until(lambda: len(hands.taken) > 3)


def test_a_worker_of_other_queues_does_not_poll(poller: Poller, hands: Hands) -> None:
    poller.serve({"notifications"}, at_once=4)
    assert not poller.is_alive()
