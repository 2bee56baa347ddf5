from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings

from automation.runner import high_water
from opsmanager.common import origin, redis_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def remembered() -> Iterator[redis.Redis]:
    key = f"opsmanager:fence:{origin.name()}"
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        client.delete(key)
        yield client
        client.delete(key)


def value(client: redis.Redis) -> Any:
    return client.get(f"opsmanager:fence:{origin.name()}")


def test_how_far_the_database_has_come_is_remembered(remembered: redis.Redis) -> None:
    high_water.go_ahead()
    high_water.compare()
    first = int(value(remembered))
    high_water.go_ahead()
    high_water.compare()
    assert int(value(remembered)) >= first + 1_000_000
    assert not origin.is_foreign()


def test_one_that_is_behind_begins_nothing_until_it_is_accepted(remembered: redis.Redis) -> None:
    high_water.go_ahead()
    remembered.set(f"opsmanager:fence:{origin.name()}", 10**15)
    high_water.compare()
    assert origin.is_foreign()
    assert value(remembered) == str(10**15)


@pytest.mark.parametrize("found", ["no number", ""])
def test_what_redis_does_not_know_says_nothing(remembered: redis.Redis, found: str) -> None:
    remembered.set(f"opsmanager:fence:{origin.name()}", found)
    high_water.compare()
    assert not origin.is_foreign()


def test_without_redis_nothing_is_compared(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    redis_client.client.cache_clear()
    high_water.compare()
    redis_client.client.cache_clear()
    assert not origin.is_foreign()
