"""Faults that are staged rather than met by chance: some known work, one fault at one moment."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.faults import facts as evidence
from tests.faults.facts import Facts
from tests.faults.invariants import INVARIANTS
from tests.faults.launches import Launch
from tests.faults.world import World

PATIENCE = 300.0  # seconds, for a busy machine
_ROWS = """
SELECT e.id::text, e.status, e.attempt, e.claims, e.worker, e.parameters->>'key' AS key,
       extract(epoch FROM e.started_at - e.queued_at)::float AS delay,
       e.error_code, e.error_message
  FROM automation_execution e WHERE e.parameters->>'key' LIKE %(name)s || '-%%' ORDER BY key
"""
FINAL = {"SUCCESS", "FAILED", "CANCELLED", "TIMEOUT"}


class Staged:
    """Some work under a name, launched over the API, and what became of it."""

    def __init__(self, world: World, name: str) -> None:
        self.launches: list[Launch] = []
        self.promised: dict[str, str] = {}
        self._world = world
        self._name = name

    def launch(
        self, *, count: int, changes: bool, seconds: float = 0, may_be_plain: bool = True
    ) -> list[float]:
        """Launch so many, one server after the other; return how long each answer took.

        What a lost worker ran on a server in plain mode stays UNKNOWN until a person decides.
        """
        api = self._world.client()
        took = []
        known = enumerate(self._world.servers)
        usable = [number for number, each in known if may_be_plain or each["keepsRecords"]]
        for _ in range(count):
            number = len(self.launches)
            server = usable[number % len(usable)]
            launch = Launch(
                key=f"{self._name}-{number}",
                runbook="FAULTS_CHANGE" if changes else "FAULTS_LOOK",
                server=server,
                parameters={
                    "program": str(self._world.fleet.program),
                    "record": str(self._world.fleet.records / f"{self._name}.{server}"),
                    "key": f"{self._name}-{number}",
                    "seconds": seconds,
                    "code": 0,
                },
                priority="NORMAL",
            )
            self.launches.append(launch)
            began = time.monotonic()
            answer = api.launch(
                launch.runbook, self._world.servers[server], parameters=launch.parameters
            )
            took.append(time.monotonic() - began)
            self.promised[launch.key] = answer.expect(201)["execution"]["id"]
        return took

    def rows(self) -> list[dict[str, Any]]:
        """Return all executions as they stand."""
        with psycopg.connect(self._world.database_url, row_factory=dict_row) as connection:
            return connection.execute(_ROWS, {"name": self._name}).fetchall()

    def until(self, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until something holds of the executions; return them."""
        deadline = time.monotonic() + PATIENCE
        while not holds(rows := self.rows()):
            assert time.monotonic() < deadline, rows
            time.sleep(0.2)
        return rows

    def until_all_ended(self) -> list[dict[str, Any]]:
        """Wait until none is live or UNKNOWN; return them."""
        return self.until(lambda rows: all(row["status"] in FINAL for row in rows))

    def until_at_work(self) -> None:
        """Wait until the server has seen each first command begin."""
        deadline = time.monotonic() + PATIENCE
        wanted = {launch.key for launch in self.launches}
        while {line.key for line in self._world.fleet.lines(self._name)} != wanted:
            assert time.monotonic() < deadline, self.rows()
            time.sleep(0.2)

    def wrong(self) -> list[str]:
        """Return what was lost, doubled, or told untruly."""
        facts: Facts = evidence.gathered(
            self._world,
            self._name,
            launches=self.launches,
            promised=self.promised,
            failed_requests=[],
            live_when_time_was_up={},
        )
        return [sentence for check in INVARIANTS.values() for sentence in check(facts)]


@contextmanager
def without_redis(world: World) -> Iterator[None]:
    """Kill Redis meanwhile."""
    world.redis.kill()
    try:
        yield
    finally:
        world.redis.start()
