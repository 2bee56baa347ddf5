from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.test import Client

from opsmanager.common import origin, pulse, redis_client
from opsmanager.common.models import Pulse
from opsmanager.home import health

pytestmark = pytest.mark.django_db


def found() -> dict[str, tuple[bool, str]]:
    return {part.name: (part.ok, part.detail) for part in health.parts()}


def silent_for(**age: int) -> None:
    Pulse.objects.update(seen_at=F("seen_at") - timedelta(**age))


@pytest.fixture
def without_redis(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    redis_client.client.cache_clear()
    yield
    redis_client.client.cache_clear()


@pytest.fixture
def without_database():
    def refuse(*_: object) -> None:
        raise OperationalError("password=hunter2")

    with connection.execute_wrapper(refuse):
        yield


def test_alive_says_nothing_but_that() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert answer["Content-Type"] == "text/plain"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_load_balancers_may_ask_for_the_head_alone(path: str) -> None:
    answer = Client().head(path)
    assert answer.status_code in (200, 503)
    assert answer.content == b""
    assert Client().post(path).status_code == 405


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_load_balancers_are_not_sent_to_https(settings, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(path).status_code in (200, 503)
    assert Client().get("/login/").status_code == 301


def test_ready_when_every_part_is_there() -> None:
    pulse.note("worker", "host-1")
    pulse.note("worker", "host-2")
    pulse.note("beat", "beat")
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": {"database": True, "redis": True, "workers": True, "beat": True},
    }
    assert found()["workers"] == (True, "2 running.")


def test_not_ready_without_workers_and_beat() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "checks": {"database": True, "redis": True, "workers": False, "beat": False},
    }
    assert found()["workers"] == (False, "None has been seen. Start one.")


def test_a_worker_that_fell_silent_is_said_with_how_long_ago() -> None:
    pulse.note("worker", "host-1")
    silent_for(seconds=100)
    pulse.note("beat", "beat")
    ok, detail = found()["workers"]
    assert not ok
    assert detail.startswith("Last seen 10")
    assert detail.endswith(" s ago. Start it again.")
    assert found()["beat"] == (True, "1 running.")


def test_one_living_worker_is_enough() -> None:
    pulse.note("worker", "host-1")
    silent_for(days=3)
    pulse.note("worker", "host-2")
    assert found()["workers"] == (True, "1 running.")


def test_beat_may_be_silent_for_longer_than_a_worker() -> None:
    pulse.note("worker", "host-1")
    pulse.note("beat", "beat")
    silent_for(seconds=60)
    assert not found()["workers"][0]
    assert found()["beat"][0]
    silent_for(seconds=120)
    assert not found()["beat"][0]


@pytest.mark.usefixtures("without_redis")
def test_without_redis_it_is_not_ready_and_says_what_that_means() -> None:
    assert found()["redis"] == (
        False,
        "Redis does not answer. Executions still start, some seconds later.",
    )
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["redis"]) == (503, False)


@pytest.mark.usefixtures("without_database")
def test_without_the_database_it_still_answers() -> None:
    assert found()["database"] == (False, "PostgreSQL does not answer.")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "checks": {"database": False, "redis": True}}
    assert b"hunter2" not in answer.content
    assert Client().get("/healthz").status_code == 200


def test_a_restored_database_is_not_ready_and_says_what_to_do() -> None:
    origin.doubt()
    ok, detail = found()["database"]
    assert not ok
    assert "manage.py after_restore" in detail
    assert Client().get("/readyz").status_code == 503
