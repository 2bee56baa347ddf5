"""Streams of logs on the real web process: bounded, and no ordinary request waits for them."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import takewhile
from typing import Any

import pytest

from tests.stack.client import FINAL, PATIENCE, Api
from tests.stack.demo import Demo, begin
from tests.stack.stack import Stack, running
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("stack")

PLACES = 3
_MAKE_EXECUTION = """
from automation.models import CatalogEntry, Execution
from servers.models import Server
server = Server.objects.create(name="nowhere", hostname="192.0.2.1", environment="STAGING")
entry = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
# It waits, and nobody wakes it, as long as this test needs.
made = Execution.objects.create(
    runbook=entry, server=server, triggered_by="SCHEDULED", status="PENDING", waiting_since=None
)
print(made.pk)
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return one of our own, with few places and fewer connections to the database."""
    settings = {"OPSMANAGER_LIVE_PLACES": str(PLACES), "DATABASE_POOL_SIZE": "2"}
    with running(tmp_path_factory.mktemp("stack"), **settings) as started:
        yield started


@pytest.fixture(scope="module")
def demo(stack: Stack) -> Demo:
    """Return the demo servers of this stack."""
    return begin(stack)


class Stream:
    """One open stream, on a connection of its own."""

    def __init__(self, api: Api, execution: str) -> None:
        path = f"/api/v1/automation/executions/{execution}/logs/stream"
        headers = {"Authorization": f"Bearer {api.token()}", "Accept": "text/event-stream"}
        self.connection = http.client.HTTPConnection(api._netloc, timeout=PATIENCE)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    @property
    def is_open(self) -> bool:
        """Whether it was not refused."""
        return self.answer.status == 200

    def events(self) -> Iterator[tuple[str, Any]]:
        """Read events as they come, until the stream ends."""
        name = ""
        while line := self.answer.readline().decode():
            field, _, value = line.strip().partition(": ")
            name = value if field == "event" else name
            if field == "data":
                yield name, json.loads(value)

    def close(self) -> None:
        """Hang up."""
        self.answer.close()
        self.connection.close()


@pytest.fixture(scope="module")
def waiting(stack: Stack) -> str:
    """The id of an execution that does not end."""
    return stack.python(_MAKE_EXECUTION).strip()


def processes(stack: Stack) -> int:
    """Return how many web processes there are."""
    command = stack.processes["web"].program.command
    return int(command[command.index("--workers") + 1])


def fill(stack: Stack, users: list[Api], execution: str, opened: ExitStack) -> list[Stream]:
    """Open streams until all places of all processes are taken; it is chance who gets which."""
    streams: list[Stream] = []

    def is_full() -> bool:
        stream = Stream(users[len(streams) % len(users)], execution)
        if stream.is_open:
            streams.append(opened.enter_context(closing(stream)))
        else:
            assert stream.answer.status == 503
            stream.close()
            users.append(users.pop(0))
        return len(streams) == processes(stack) * PLACES

    eventually(is_full)
    return streams


def test_with_all_streams_open_one_more_is_refused_and_ordinary_requests_are_answered(
    stack: Stack, waiting: str
) -> None:
    users = [stack.api(), *(stack.api(stack.user("NOC")) for _ in range(2))]
    with ExitStack() as opened:
        fill(stack, users, waiting, opened)

        for _ in range(10):
            with closing(Stream(stack.api(), waiting)) as refused:
                said = json.loads(refused.answer.read())
            assert (refused.answer.status, said["code"]) == (503, "BUSY")
            assert refused.answer.getheader("Retry-After") == "5"
        # More at once than a process has connections to the database, of which a stream holds none.
        with ThreadPoolExecutor(8) as threads:
            paths = [f"automation/executions/{waiting}/logs", "servers", "auth/me"] * 20
            answers = list(threads.map(stack.api().get, paths))
        assert {answer.status for answer in answers} == {200}


def test_who_hangs_up_gives_the_place_back(stack: Stack, waiting: str) -> None:
    users = [stack.api(), *(stack.api(stack.user("NOC")) for _ in range(2))]
    for _ in range(3):
        with ExitStack() as opened:
            fill(stack, users, waiting, opened)


def test_a_real_execution_is_followed_to_its_end(stack: Stack, demo: Demo) -> None:
    api = stack.api()
    launched = api.launch("HEALTH_CHECK", demo.servers["web-1"]).expect(201)["execution"]
    with closing(Stream(api, launched["id"])) as stream:
        told = list(stream.events())

    rows = [data for name, data in told if name == "log"]
    assert rows == api.logs(launched)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) > 1
    assert told[-1][0] == "end"
    assert told[-1][1]["execution"]["status"] == "SUCCESS"
    assert {name for name, _ in told} <= {"status", "output", "log", "end"}


def test_a_long_poll_takes_the_log_to_its_end_without_a_pause(stack: Stack, demo: Demo) -> None:
    api = stack.api()
    launched = api.launch("HEALTH_CHECK", demo.servers["web-1"]).expect(201)["execution"]
    path = f"automation/executions/{launched['id']}"
    rows: list[dict[str, Any]] = []
    status = ""
    while status not in FINAL:
        status = api.get(path).expect(200)["execution"]["status"]
        after = rows[-1]["seq"] if rows else 0
        new = api.get(f"{path}/logs?wait=20&limit=3&after={after}").expect(200)["logs"]
        rows += list(takewhile(lambda row: row["status"] != "RUNNING", new))
    while new := api.get(f"{path}/logs?limit=3&after={rows[-1]['seq']}").expect(200)["logs"]:
        rows += new
    assert rows == api.logs(launched)
