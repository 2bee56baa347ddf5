"""The web process itself refuses what is too large, at once and without keeping it."""

import http.client
import json
import time
from contextlib import closing, suppress
from urllib.parse import urlsplit

import psutil
import pytest

from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("stack")

MEBIBYTE = 1024 * 1024


def memory(stack: Stack) -> int:
    leader = psutil.Process(stack.processes["web"].process.pid)
    return sum(one.memory_info().rss for one in (leader, *leader.children(recursive=True)))


def post(stack: Stack, path: str, body: bytes) -> tuple[int, dict[str, object]]:
    with closing(http.client.HTTPConnection(urlsplit(stack.address).netloc, timeout=60)) as client:
        client.putrequest("POST", path)
        client.putheader("Content-Type", "application/json")
        client.putheader("Content-Length", str(len(body)))
        client.endheaders()
        # It may answer, and hang up, before all is sent.
        with suppress(BrokenPipeError, ConnectionResetError):
            client.send(body)
        answer = client.getresponse()
        return answer.status, json.loads(answer.read())


def test_ten_megabytes_are_refused_without_a_login(stack: Stack) -> None:
    post(stack, "/api/v1/auth/token", b"{}")
    before = memory(stack)
    for _ in range(20):
        began = time.monotonic()
        status, said = post(stack, "/api/v1/auth/token", b"[" * (10 * MEBIBYTE))
        assert time.monotonic() - began < 20
        assert (status, said["code"]) == (413, "TOO_LARGE")
    assert memory(stack) - before < 100 * MEBIBYTE


def test_a_bomb_below_the_limit_is_refused_as_json(stack: Stack) -> None:
    status, said = post(stack, "/api/v1/auth/token", b"[" * MEBIBYTE)
    assert (status, said["code"]) == (400, "PARSE_ERROR")
