"""The load: executions asked for over the API, each as often as it takes to get an answer."""

import http.client
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg

from tests.faults.world import World
from tests.stack.client import Answer

STEPS = ("first", "second")
"""The steps that change a server."""
PATIENCE = 240.0
"""Seconds in which each launch has to be answered."""
_CLIENTS = 6
_AGAIN_SECONDS = 0.5
_LOOK_SECONDS = 1.0
_LIVE = """
SELECT count(*) FROM automation_execution WHERE status IN ('PENDING', 'RUNNING')
"""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One execution that somebody wants."""

    key: str
    runbook: str
    server: int
    parameters: dict[str, Any]
    priority: str
    keeps_records: bool = True
    """Whether its server does; of one in plain mode nobody but people can ask."""

    @property
    def changes(self) -> bool:
        """Whether it changes the server."""
        return self.runbook == "FAULTS_CHANGE"

    @property
    def code(self) -> int:
        """The exit code that its work has in the end."""
        return int(self.parameters["code"])


def planned(
    world: World, name: str, count: int, chance: random.Random, *, longest: float
) -> list[Launch]:
    """Make up launches: most change, one in eight fails; each command takes up to ``longest`` s."""
    return [
        _made_up(world, f"{name}-{number}", name, chance, longest=longest)
        for number in range(count)
    ]


def _made_up(world: World, key: str, name: str, chance: random.Random, *, longest: float) -> Launch:
    server = chance.randrange(len(world.servers))
    return Launch(
        key=key,
        runbook=chance.choices(["FAULTS_CHANGE", "FAULTS_LOOK"], [2, 1])[0],
        server=server,
        parameters={
            "program": str(world.fleet.program),
            "record": str(world.fleet.records / f"{name}.{server}"),
            "key": key,
            # Most are short, as they are in life.
            "seconds": round(longest * chance.random() ** 3, 2),
            "code": chance.choice([3, 0, 0, 0, 0, 0, 0, 0]),
        },
        priority=chance.choices(["HIGH", "NORMAL", "LOW"], [1, 4, 1])[0],
        keeps_records=world.servers[server]["keepsRecords"],
    )


class Load:
    """Clients that launch one after the other, slowly, and with few at a time."""

    def __init__(
        self, world: World, launches: list[Launch], *, a_second: float, at_once: int
    ) -> None:
        self.launches = launches
        self.promised: dict[str, str] = {}
        self.failed_requests: list[str] = []
        self.refused: list[str] = []
        self._world = world
        self._api = world.client()
        self._left = iter(list(launches))
        self._pause = _CLIENTS / a_second
        self._at_once = at_once
        self._lock = threading.Lock()
        self._live = 0
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._launch_all) for _ in range(_CLIENTS)]
        self._looker = threading.Thread(target=self._look)

    def start(self) -> None:
        """Begin."""
        for thread in (self._looker, *self._threads):
            thread.start()

    @property
    def is_done(self) -> bool:
        """Whether each launch has been answered, or given up."""
        return not any(thread.is_alive() for thread in self._threads)

    def wait(self) -> None:
        """Wait for the last answer."""
        for thread in self._threads:
            thread.join()
        self.close()

    def close(self) -> None:
        """Launch no more."""
        self._closing.set()
        for thread in (*self._threads, self._looker):
            thread.join()

    def _launch_all(self) -> None:
        while not self._closing.is_set():
            with self._lock:
                launch = next(self._left, None)
            if launch is None:
                return
            while self._live >= self._at_once and not self._closing.wait(0.1):
                pass
            body = {
                "runbookId": launch.runbook,
                "serverId": self._world.servers[launch.server]["id"],
                "parameters": launch.parameters,
                "priority": launch.priority,
            }
            path = "automation/executions"
            self._until_answered(
                launch, partial(self._api.post, path, body, Idempotency_Key=launch.key)
            )
            self._closing.wait(self._pause)

    def _until_answered(self, launch: Launch, ask: Callable[[], Answer]) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self._closing.is_set():
            try:
                answer = ask()
            except (OSError, http.client.HTTPException) as problem:
                self._failed(launch, repr(problem))
            except AssertionError as problem:
                # Its token was refused.
                self._failed(launch, str(problem))
            else:
                if answer.status in (200, 201):
                    with self._lock:
                        self.promised[launch.key] = answer.json["execution"]["id"]
                        self._live += 1
                    return
                self._failed(launch, f"{answer.status} {answer.text[:200]}")
            self._closing.wait(_AGAIN_SECONDS)
        self.refused.append(launch.key)

    def _failed(self, launch: Launch, why: str) -> None:
        self.failed_requests.append(f"{launch.key}: {why}")

    def _look(self) -> None:
        """Count what is live, as far as the database can be asked."""
        while not self._closing.wait(_LOOK_SECONDS):
            try:
                with psycopg.connect(self._world.database_url, connect_timeout=3) as connection:
                    connection.execute("SET statement_timeout = '3s'")
                    row = connection.execute(_LIVE).fetchone()
            except psycopg.Error:
                continue
            self._live = int(row[0]) if row else 0
