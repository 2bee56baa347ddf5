"""Schedules that fall due while faults are injected: each of their times counts once."""

import http.client
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import takewhile
from typing import Any

import psycopg
from psycopg.rows import dict_row

from automation import cron
from tests.faults.launches import STEPS
from tests.faults.scene import Judgement, Scene
from tests.faults.world import World

COUNT = 24
SETTLED = 120.0
"""Seconds in which all that was due has been dealt with, once nothing is broken any more."""
# Two ways to write each: a schedule can be changed without a change of its times.
_TIMES = (("* * * * *", "*/1 * * * *"), ("*/2 * * * *", "0-58/2 * * * *"))
_ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata")
_ROWS = """
SELECT s.id::text, s.name, s.cron_expression, s.timezone, s.created_at, clock_timestamp() AS now
  FROM automation_schedule s WHERE s.name LIKE %(name)s || ' %%' ORDER BY s.name
"""
_SLOTS = """
SELECT schedule_id::text AS schedule, due_at, state, execution_id::text AS execution
  FROM automation_scheduleslot ORDER BY schedule_id, due_at
"""
_EXECUTIONS = """
SELECT e.id::text, e.schedule_id::text AS schedule, e.status, e.error_message,
       coalesce(array_agg(l.action_id::text) FILTER (WHERE l.changes), '{}') AS actions
  FROM automation_execution e LEFT JOIN automation_executionlog l ON l.execution_id = e.id
 WHERE e.schedule_id IS NOT NULL GROUP BY e.id
"""
_PAUSE = 1.0

Row = dict[str, Any]


@contextmanager
def scheduled(world: World, name: str) -> Iterator[Scene]:
    """Have schedules run meanwhile, every minute or every other one."""
    schedules = Schedules(world, f"{name}s")
    schedules.begin()
    try:
        yield schedules
    finally:
        schedules.end()


def schedules_changed(world: World, chance: random.Random) -> None:
    """Save some schedules anew, with the same times in other words."""
    api = world.client()
    for row in chance.sample(_read(world, _ROWS, name="%"), 4):
        ways = next(each for each in _TIMES if row["cron_expression"] in each)
        other = ways[1 - ways.index(row["cron_expression"])]
        with suppress(OSError, http.client.HTTPException, AssertionError):
            api.patch(f"automation/schedules/{row['id']}", {"cronExpression": other})


class Schedules(Scene):
    """Some schedules on the servers that keep records."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name

    def begin(self) -> None:
        """Make them."""
        api, servers = self._world.client(), self._world.servers
        recorded = [number for number, each in enumerate(servers) if each["keepsRecords"]]
        for number in range(COUNT):
            server = recorded[number % len(recorded)]
            fields = {
                "name": f"{self._name} {number}",
                "runbookId": "FAULTS_CHANGE",
                "serverId": servers[server]["id"],
                "parameters": {
                    "program": str(self._world.fleet.program),
                    "record": str(self._world.fleet.records / f"{self._name}.{server}"),
                    "key": f"{self._name}-{number}",
                    "seconds": 0.1,
                },
                "cronExpression": _TIMES[number % 4 == 0][0],
                "timezone": _ZONES[number % 3],
                "missed": ("SKIP", "RUN_ONCE")[number % 2],
                "overlap": ("SKIP", "QUEUE")[number // 2 % 2],
                "priority": "HIGH",
            }
            api.post("automation/schedules", fields).expect(201)

    def end(self) -> None:
        """Remove them; what they ran stays."""
        api = self._world.client()
        for row in _read(self._world, _ROWS, name=self._name):
            answer = api.delete(f"automation/schedules/{row['id']}")
            assert answer.status == 204, answer.text

    def judged(self) -> Judgement:
        """Wait until all that was due has been dealt with, and compare it with what was to be."""
        rows = _read(self._world, _ROWS, name=self._name)
        until = max(row["now"] for row in rows)
        deadline = time.monotonic() + SETTLED
        while (found := self._judge(rows, until)) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        slots = self._slots(rows, until)
        states = Counter(slot["state"] for each in slots.values() for slot in each)
        kinds = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        return Judgement(wrong=found, said=f"{sum(states.values())} times of schedules: {kinds}")

    def _slots(self, rows: list[Row], until: datetime) -> dict[str, list[Row]]:
        slots: dict[str, list[Row]] = {row["id"]: [] for row in rows}
        for slot in _read(self._world, _SLOTS):
            if slot["schedule"] in slots and slot["due_at"] <= until:
                slots[slot["schedule"]].append(slot)
        return slots

    def _judge(self, rows: list[Row], until: datetime) -> list[str]:
        slots = self._slots(rows, until)
        ours = {row["id"] for row in rows}
        executions = {
            row["id"]: row for row in _read(self._world, _EXECUTIONS) if row["schedule"] in ours
        }
        later = {slot["execution"] for slot in _read(self._world, _SLOTS) if slot["due_at"] > until}
        found = []
        for row in rows:
            due = list(_due(row, until))
            dealt_with = [slot["due_at"] for slot in slots[row["id"]]]
            found += [
                f"{row['name']}: nothing is known of {at}." for at in due if at not in dealt_with
            ]
            found += [
                f"{row['name']}: {at} was none of its times." for at in dealt_with if at not in due
            ]
            found += [
                f"{row['name']}: {slot['due_at']} is {slot['state']}."
                for slot in slots[row["id"]]
                if slot["state"] in ("WAITING", "REFUSED")
            ]
        started = Counter(
            slot["execution"]
            for each in slots.values()
            for slot in each
            if slot["state"] in ("STARTED", "LATE")
        )
        found += [
            f"{key} was started for {count} times." for key, count in started.items() if count > 1
        ]
        found += [
            f"{key} was started for none of the times."
            for key in executions.keys() - started.keys() - later
        ]
        return found + self._judge_runs([executions[key] for key in started if key in executions])

    def _judge_runs(self, executions: list[Row]) -> list[str]:
        """Compare what was run with the servers' record of it."""
        begun: Counter[tuple[str, str]] = Counter()
        ended = set()
        for line in self._world.fleet.lines(self._name):
            if line.code is None:
                begun[line.action, line.step] += 1
            else:
                ended.add((line.action, line.step))
        found = [
            f"{action} began {count} times."
            for (action, step), count in begun.items()
            if count > 1 and step in STEPS
        ]
        for row in executions:
            done = {step for action, step in ended if action in row["actions"]}
            if row["status"] != "SUCCESS" or done != set(STEPS):
                found.append(
                    f"{row['id']} is {row['status']} {row['error_message']}; its server saw {done}."
                )
        return found


def _due(row: Row, until: datetime) -> Iterator[datetime]:
    coming = cron.following(row["cron_expression"], row["timezone"], row["created_at"])
    return takewhile(lambda at: at <= until, coming)


def _read(world: World, query: str, **values: str) -> list[Row]:
    with psycopg.connect(world.database_url, row_factory=dict_row) as connection:
        return connection.execute(query, values).fetchall()
