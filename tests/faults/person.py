"""Somebody who looks at the servers and says, over the API, how what is UNKNOWN ended."""

import http.client
from collections import defaultdict
from enum import StrEnum

import psycopg

from tests.faults.fleet import Fleet, Line
from tests.faults.launches import STEPS
from tests.faults.world import World

# Of one that the product still asks its server about, nobody has to say anything.
_LEFT_TO_PEOPLE = """
SELECT e.id::text, e.parameters->>'key' FROM automation_execution e
 WHERE e.parameters->>'key' LIKE %(name)s || '-%%'
   AND e.status = 'UNKNOWN' AND e.ask_server_at IS NULL
"""


class Decision(StrEnum):
    """What the API takes."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    RUN_AGAIN = "RUN_AGAIN"


def verdict(lines: list[Line]) -> Decision:
    """Return what a server's record of one launch says; "run again" only of what never began."""
    begun = {line.step for line in lines if line.code is None and line.step in STEPS}
    if not begun:
        return Decision.RUN_AGAIN
    ended = {line.step: line.code for line in lines if line.code is not None}
    if all(ended.get(step) == 0 for step in STEPS):
        return Decision.SUCCESS
    return Decision.FAILED


class Person:
    """Decides one execution after the other, whenever asked to look."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._api = world.client()
        self.refused: list[str] = []
        """Decisions that were not taken, and why."""

    def look(self) -> None:
        """Decide what is left to people, as far as the servers' record tells by now.

        Raises ``psycopg.Error``.
        """
        with psycopg.connect(self._world.database_url, connect_timeout=5) as connection:
            left = connection.execute(_LEFT_TO_PEOPLE, {"name": self._name}).fetchall()
        if not left:
            return
        lines: dict[str, list[Line]] = defaultdict(list)
        for line in self._world.fleet.lines(self._name):
            lines[line.key].append(line)
        for execution, key in left:
            if not _runs_still(self._world.fleet, lines[key]):
                self._decide(execution, verdict(lines[key]))

    def _decide(self, execution: str, decision: Decision) -> None:
        body = {
            "outcome": decision,
            "reason": f"The server's own record says {decision}.",
            "confirm": True,
        }
        # What was not taken is decided at the next look; AssertionError is of a login refused.
        try:
            answer = self._api.post(f"automation/executions/{execution}/decide", body)
        except (OSError, http.client.HTTPException, AssertionError) as problem:
            self.refused.append(f"{execution}: {problem!r}")
        else:
            if answer.status not in (200, 201):
                self.refused.append(f"{execution}: {answer.status} {answer.text[:200]}")


def _runs_still(fleet: Fleet, lines: list[Line]) -> bool:
    ended = {line.action for line in lines if line.code is not None}
    return any(
        fleet.runs(line.action) for line in lines if line.code is None and line.action not in ended
    )
