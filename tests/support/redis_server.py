"""A Redis of a test's own, which it may freeze and kill."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from opsmanager.embedded import port as ports
from opsmanager.embedded.redis import installed

PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class RedisServer:
    """A running Redis."""

    url: str
    process: subprocess.Popen[bytes]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it accept connections and answer nothing meanwhile."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Let it be gone."""
        self.process.kill()
        self.process.wait()


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Start a Redis with its files in ``folder``; kill it at the end."""
    port = ports.free()
    command = [str(installed()), "--port", str(port), "--bind", ports.LOOPBACK, "--save", ""]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"redis://{ports.LOOPBACK}:{port}/0"
            _wait_for(url)
            yield RedisServer(url=url, process=process)
        finally:
            process.kill()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except redis.RedisError:
                assert time.monotonic() < deadline, "Redis never answered."
                time.sleep(0.05)
            else:
                return
