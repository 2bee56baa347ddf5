"""Whoever can write to Redis can wake workers, and nothing else."""

import base64
import json
import pickle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from tests.stack.demo import Demo
from tests.stack.stack import Stack
from tests.support.unique import unique
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("stack")

QUEUES = ("automation.normal", "servers", "maintenance")
RUN = "automation.tasks.run_execution"


class Bomb:
    """Runs a command where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.mark, "ran")


def put(
    stack: Stack,
    queue: str,
    body: bytes,
    *,
    task: str = RUN,
    kind: str = "application/json",
    encoding: str = "utf-8",
    **headers: Any,
) -> None:
    """Put a message into a queue as a client of Celery would."""
    tag = str(uuid4())
    message = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": encoding,
        "content-type": kind,
        "headers": {"lang": "py", "task": task, "id": tag, "root_id": tag, **headers},
        "properties": {
            "correlation_id": tag,
            "delivery_mode": 2,
            "delivery_info": {"exchange": queue, "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": tag,
        },
    }
    put_raw(stack, queue, json.dumps(message).encode())


def put_raw(stack: Stack, queue: str, message: bytes) -> None:
    with redis.Redis.from_url(stack.plan.services["REDIS_URL"]) as broker:
        broker.lpush(queue, message)


def words(*arguments: object) -> bytes:
    return json.dumps([list(arguments), {}, {}]).encode()


def assert_the_worker_still_works(stack: Stack, demo: Demo) -> None:
    assert not stack.processes["worker"].has_ended
    assert stack.api().run("HEALTH_CHECK", demo.servers["app-1"])["status"] == "SUCCESS"


@pytest.mark.parametrize("queue", QUEUES)
def test_a_pickle_is_never_opened(stack: Stack, demo: Demo, tmp_path: Path, queue: str) -> None:
    mark = tmp_path / "mark"
    bomb = pickle.dumps(((Bomb(mark),), {}, {}))
    kinds = ("application/x-python-serialize", "application/json", "application/x-yaml")
    for kind in kinds:
        put(stack, queue, bomb, kind=kind, encoding="binary")
    assert_the_worker_still_works(stack, demo)
    eventually(lambda: "x-python-serialize" in stack.processes["worker"].output())
    assert not mark.exists()


def test_the_pickle_would_have_run(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "mark")))
    assert (tmp_path / "mark").read_text() == "ran"


def test_a_task_that_nobody_knows_is_left_out_and_told(stack: Stack, demo: Demo) -> None:
    name = unique("os.system")
    put(stack, "automation.normal", words("touch /tmp/x"), task=name)
    assert_the_worker_still_works(stack, demo)
    eventually(lambda: name in stack.processes["worker"].output())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"[[], {}, {}]",
        words(),
        words("not a uuid"),
        words(None),
        words(["x"]),
        words({"__class__": "os.system"}),
        words("x" * 100_000),
        words("a", "b", "c"),
        b"\xff\xfe",
        b"[" * 50_000,
    ],
)
def test_arguments_that_no_task_takes_are_left_out(stack: Stack, demo: Demo, body: bytes) -> None:
    for queue, task in (("automation.normal", RUN), ("servers", "servers.tasks.take_probe")):
        put(stack, queue, body, task=task)
    assert_the_worker_still_works(stack, demo)


@pytest.mark.parametrize(
    "entry", [b"", b"garbage", b"null", b"{}", b"[1]", b"\xff", b"[" * 50_000, b'{"body": 1}']
)
def test_an_entry_that_is_no_message_is_left_out(stack: Stack, demo: Demo, entry: bytes) -> None:
    put_raw(stack, "automation.normal", entry)
    assert_the_worker_still_works(stack, demo)


def test_a_message_that_asks_celery_for_more_gets_no_more(stack: Stack, demo: Demo) -> None:
    """Callbacks, chains and chords in a message name tasks of ours alone, and wake at most."""
    link = {"task": RUN, "args": [str(uuid4())], "kwargs": {}, "options": {}, "subtask_type": None}
    body = json.dumps(
        [[str(uuid4())], {}, {"callbacks": [link], "errbacks": [link], "chain": [link]}]
    )
    put(stack, "automation.normal", body.encode())
    assert_the_worker_still_works(stack, demo)


def test_the_id_of_what_is_over_or_never_was_starts_nothing(stack: Stack, demo: Demo) -> None:
    done = stack.api().run("HEALTH_CHECK", demo.servers["app-1"])
    logs = f"automation/executions/{done['id']}/logs?limit=100"
    before = stack.api().get(logs).expect(200)
    total = stack.api().get("automation/executions").expect(200)["total"]
    for key in (done["id"], str(uuid4()), demo.servers["app-1"]["id"]):
        for _ in range(20):
            put(stack, "automation.normal", words(key))
            put(stack, "servers", words(key), task="servers.tasks.take_probe")
    assert_the_worker_still_works(stack, demo)
    after = stack.api().get(f"automation/executions/{done['id']}").expect(200)["execution"]
    assert {name: after[name] for name in ("status", "finishedAt", "attempt")} == {
        name: done[name] for name in ("status", "finishedAt", "attempt")
    }
    assert stack.api().get(logs).expect(200) == before
    assert stack.api().get("automation/executions").expect(200)["total"] == total + 1
