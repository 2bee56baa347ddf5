"""Who asks too much of the API waits, and nobody else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from opsmanager.accounts.models import User
from opsmanager.common import request_rate
from opsmanager.common.api.throttling import Throttle
from opsmanager.common.problems import Throttled
from tests.opsmanager.settings.test_start import settings_of, start
from tests.support.redis_server import RedisServer, redis_server
from tests.support.users import signed_in, user_with

ME = "/api/v1/auth/me"
JSON = "application/json"


@pytest.fixture(autouse=True)
def server(tmp_path: Path, settings: Any) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as started:
        settings.REDIS_URL = started.url
        settings.API_READS_PER_MINUTE = 3
        settings.API_WRITES_PER_MINUTE = 2
        request_rate.forget_connections()
        yield started
    request_rate.forget_connections()


def statuses(client: Client, times: int, path: str = ME) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


@pytest.mark.django_db
def test_a_user_who_asks_too_much_is_told_what_the_limit_is_and_when_to_go_on() -> None:
    client = signed_in(user_with("NOC"))
    assert statuses(client, 3) == [200, 200, 200]

    refused = client.get(ME)

    seconds = int(refused["Retry-After"])
    assert (refused.status_code, 0 < seconds <= 60) == (429, True)
    assert refused.json() == {
        "error": "Throttled",
        "message": f"This user may send 3 reads within a minute, and has. Wait {seconds} s, then "
        "go on. Ask less often, with If-None-Match, or follow an execution by its stream.",
        "code": "THROTTLED",
        "details": {"retryAfterSeconds": seconds, "kind": "reads", "limitPerMinute": 3},
    }


@pytest.mark.django_db
def test_one_user_s_requests_do_not_count_for_another_nor_reads_for_writes() -> None:
    client = signed_in(user_with("ADMIN"))
    assert statuses(client, 4) == [200, 200, 200, 429]
    assert statuses(signed_in(user_with("NOC")), 3) == [200, 200, 200]

    made = [
        client.post("/api/v1/servers/groups", {"name": f"g{number}"}, JSON).status_code
        for number in range(3)
    ]
    assert made == [201, 201, 429]


@pytest.mark.django_db
def test_all_sessions_of_a_user_count_together() -> None:
    user = user_with("NOC")
    assert statuses(signed_in(user), 2) + statuses(signed_in(user), 2) == [200, 200, 200, 429]


@pytest.mark.django_db
def test_without_a_login_the_address_is_counted_and_of_ipv6_the_customer(settings: Any) -> None:
    settings.API_WRITES_PER_MINUTE = 1

    def refresh(address: str) -> int:
        client = Client(REMOTE_ADDR=address)
        return client.post("/api/v1/auth/token/refresh", {"refresh": "x"}, JSON).status_code

    assert [refresh("192.0.2.1"), refresh("192.0.2.1"), refresh("192.0.2.2")] == [401, 429, 401]
    assert [refresh("2001:db8::1"), refresh("2001:db8::2"), refresh("2001:db8:1::1")] == [
        401,
        429,
        401,
    ]


def ask(throttle: Throttle, *, user: object, auth: object = None) -> bool:
    request = Request(APIRequestFactory().get(ME))
    request.user, request.auth = user, auth
    try:
        return throttle.allow_request(request, APIView())
    except Throttled:
        return False


def test_a_token_for_machines_is_counted_apart_from_its_user_and_from_other_tokens() -> None:
    user = User()
    one, other = SimpleNamespace(pk=1), SimpleNamespace(pk=2)
    throttle = Throttle()
    assert [ask(throttle, user=user, auth=one) for _ in range(4)] == [True] * 3 + [False]
    assert ask(throttle, user=user, auth=other)
    assert ask(throttle, user=user)


def test_of_100_requests_at_once_exactly_as_many_pass_as_may(settings: Any) -> None:
    settings.API_READS_PER_MINUTE = 50
    user, throttle = User(), Throttle()
    with ThreadPoolExecutor(100) as threads:
        passed = list(threads.map(lambda _: ask(throttle, user=user), range(100)))
    assert passed.count(True) == 50


@pytest.mark.django_db
def test_the_api_answers_while_redis_is_frozen_or_gone(server: RedisServer) -> None:
    client = signed_in(user_with("NOC"))
    assert statuses(client, 4) == [200, 200, 200, 429]
    # Without an end of patience the first would be answered when Redis goes on: never.
    with server.frozen():
        assert statuses(client, 5) == [200] * 5
    request_rate.forget_connections()
    server.kill()
    assert statuses(client, 5) == [200] * 5


@pytest.mark.django_db
def test_0_switches_it_off(settings: Any) -> None:
    settings.API_READS_PER_MINUTE = 0
    assert statuses(signed_in(user_with("NOC")), 20) == [200] * 20


def test_the_limits_are_read_and_checked_at_the_start() -> None:
    names = ("API_READS_PER_MINUTE", "API_WRITES_PER_MINUTE", "LIVE_PLACES")
    variables = {f"OPSMANAGER_{name}": None for name in names}
    assert settings_of(*names, **variables) == ["1200", "240", "16"]
    ended = start("manage.py", "check", OPSMANAGER_API_READS_PER_MINUTE="-1")
    assert (ended.returncode, ended.stderr[:44]) == (
        1,
        "OPSMANAGER_API_READS_PER_MINUTE must be betw",
    )
