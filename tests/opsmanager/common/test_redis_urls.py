"""A Redis is found by its sentinels, also once another one leads."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from django.conf import settings as project
from kombu import Connection

import opsmanager.celery  # noqa: F401 - names our transports to kombu
from opsmanager.common import redis_urls
from opsmanager.embedded import port as ports
from opsmanager.embedded.redis import installed

PATIENCE = 120.0  # seconds, for a busy machine
PASSWORD = "pass/word"


@dataclass
class Watched:
    """A leader, one that follows it, and the sentinel that watches both."""

    url: str
    leader: subprocess.Popen[bytes]


def _started(folder: Path, name: str, *lines: str, is_sentinel: bool = False) -> subprocess.Popen:
    file = folder / f"{name}.conf"
    file.write_text("\n".join(["bind 127.0.0.1", f"dir {folder}", *lines, ""]))
    words = [installed(), file, *(["--sentinel"] if is_sentinel else [])]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    one, two, sentinel = (ports.free() for _ in range(3))
    login = [f'requirepass "{PASSWORD}"', f'masterauth "{PASSWORD}"', 'save ""']
    running = [
        _started(tmp_path, "one", f"port {one}", *login),
        _started(tmp_path, "two", f"port {two}", *login, f"replicaof 127.0.0.1 {one}"),
        _started(
            tmp_path,
            "sentinel",
            f"port {sentinel}",
            f"sentinel monitor ops 127.0.0.1 {one} 1",
            f'sentinel auth-pass ops "{PASSWORD}"',
            "sentinel down-after-milliseconds ops 1500",
            "sentinel failover-timeout ops 4000",
            is_sentinel=True,
        ),
    ]
    # Of two sentinels one that nobody answers at harms nothing.
    dead = ports.free()
    url = f"sentinel://:pass%2Fword@127.0.0.1:{dead},127.0.0.1:{sentinel}/0?master=ops"
    try:
        yield Watched(url=url, leader=running[0])
    finally:
        for process in running:
            process.kill()
            process.wait()


def _client(watched: Watched) -> redis.Redis:
    pool = redis_urls.pool(watched.url, socket_timeout=2, socket_connect_timeout=2)
    return redis.Redis.from_pool(pool)


def _until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if done():
                return
        except (redis.RedisError, OSError):
            pass
        assert time.monotonic() < deadline, "It did not come to that."
        time.sleep(0.2)


def _message_passes(watched: Watched) -> bool:
    url, options = redis_urls.broker(watched.url)
    options = {**project.CELERY_BROKER_TRANSPORT_OPTIONS, **options}
    with Connection(url, transport_options=options) as connection:
        assert type(connection.transport).__module__ == "opsmanager.messages"
        queue = connection.SimpleQueue("tried")
        queue.put({"woken": os.getpid()})
        message = queue.get(timeout=10)
        message.ack()
        queue.close()
        return message.payload == {"woken": os.getpid()}


def test_whoever_leads_answers_and_carries_messages_also_after_the_leader_was_killed(
    watched: Watched,
) -> None:
    with _client(watched) as client:
        _until(client.ping)
        # One that has not seen the other yet could not hand over to it.
        _until(lambda: client.info("replication")["connected_slaves"] == 1)
        _until(lambda: client.wait(1, 1000) == 1 or (client.set("kept", "yes") and False))
        assert _message_passes(watched)
        time.sleep(2)  # the sentinel reads of followers every second or so
        watched.leader.send_signal(signal.SIGKILL)
        _until(lambda: client.set("after", "yes"))
        assert client.info("replication")["role"] == "master"
    _until(lambda: _message_passes(watched))


@pytest.mark.parametrize("url", ["redis://:pw@host:6379/3", "rediss://host", "unix:///x.sock"])
def test_one_server_is_named_as_it_is(url: str) -> None:
    assert redis_urls.sentinels(url) is None
    assert redis_urls.broker(url) == (url, {})


def test_a_url_says_where_the_sentinels_are_and_what_they_watch() -> None:
    said = redis_urls.sentinels("sentinel://ops:a%2Fb@one,two:7,10.0.0.1:8/2?master=mine")
    assert said is not None
    assert said.hosts == (("one", 26379), ("two", 7), ("10.0.0.1", 8))
    assert (said.master, said.database, said.username, said.password) == ("mine", 2, "ops", "a/b")
    assert "a/b" not in repr(said)


@pytest.mark.parametrize("url", ["sentinel://one/0", "sentinel://one/x?master=a", "sentinel:///0"])
def test_one_that_can_t_be_read_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="It names no"):
        redis_urls.sentinels(url)
