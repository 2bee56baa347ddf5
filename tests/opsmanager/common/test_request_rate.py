"""Requests are counted in a real Redis, by all processes together, and nobody waits for it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog

from opsmanager.common import request_rate
from opsmanager.common.request_rate import seconds_to_wait
from tests.support.redis_server import RedisServer, redis_server

ROOT = Path(__file__).parents[3]
_ANOTHER_PROCESS = """
import sys, django
django.setup()
from opsmanager.common.request_rate import seconds_to_wait
print(sum(not seconds_to_wait("user:1", "reads", 50) for _ in range(40)))
"""


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as started:
        settings.REDIS_URL = started.url
        request_rate.forget_connections()
        yield started
    request_rate.forget_connections()


def passed(times: int, limit: int, who: str = "user:1", kind: str = "reads") -> int:
    return sum(not seconds_to_wait(who, kind, limit) for _ in range(times))


def test_as_many_pass_as_may_and_the_next_is_told_how_long_to_wait(server: RedisServer) -> None:
    assert passed(3, 3) == 3
    assert 0 < seconds_to_wait("user:1", "reads", 3) <= 60


def test_each_is_counted_apart_and_so_are_reads_and_writes(server: RedisServer) -> None:
    assert passed(3, 2) == 2
    assert passed(3, 2, who="user:2") == 2
    assert passed(3, 2, who="token:1") == 2
    assert passed(3, 2, kind="writes") == 2


def test_of_100_at_once_exactly_as_many_pass_as_may(server: RedisServer) -> None:
    with ThreadPoolExecutor(100) as threads:
        waits = list(threads.map(lambda _: seconds_to_wait("user:1", "reads", 50), range(100)))
    assert waits.count(0) == 50


def test_two_processes_count_together(server: RedisServer) -> None:
    environ = {**os.environ, "REDIS_URL": server.url}
    environ["DJANGO_SETTINGS_MODULE"] = "opsmanager.settings.test"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", _ANOTHER_PROCESS], cwd=ROOT, env=environ, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [int(process.communicate(timeout=300)[0]) for process in both]
    assert sum(said) == 50
    assert max(said) <= 40


def test_it_goes_on_after_the_first_requests_are_a_minute_old(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert passed(2, 1) == 1
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 61)
    assert passed(2, 1) == 1


@pytest.mark.parametrize("outage", ["frozen", "killed"])
def test_without_redis_everything_passes_at_once_and_it_is_said_once(
    server: RedisServer, outage: str
) -> None:
    assert passed(2, 1) == 1
    with structlog.testing.capture_logs() as said:
        if outage == "killed":
            server.kill()
            assert passed(50, 1) == 50
        else:
            # It would answer never: that this comes to an end is what is shown.
            with server.frozen(), ThreadPoolExecutor(8) as threads:
                together = threads.map(lambda _: passed(10, 1), range(8), timeout=60)
                assert list(together) == [10] * 8
    assert [line["log_level"] for line in said] == ["warning"]
    assert "requests are not counted" in said[0]["event"]


def test_counting_goes_on_when_redis_is_back(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert passed(1, 1) == 1
    with server.frozen():
        assert passed(2, 1) == 2
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + 10)
    assert passed(1, 1) == 0
