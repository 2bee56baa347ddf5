"""What is known after the faults: by the clients, by the database, by the servers themselves."""

import json
from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.faults.fleet import Line
from tests.faults.launches import Launch
from tests.faults.world import World

LIVE = ("PENDING", "RUNNING")
_EXECUTIONS = """
SELECT e.id::text, e.parameters->>'key' AS key, e.status, e.error_code, e.error_message, e.changes,
       e.attempt, e.max_retries, e.ask_server_at IS NOT NULL AS is_asked, e.decision
  FROM automation_execution e WHERE e.parameters->>'key' LIKE %(name)s || '-%%'
"""
_ACTIONS = """
SELECT l.execution_id::text AS execution, l.action_id::text AS action, l.seq, l.changes, l.status,
       l.exit_code, l.command
  FROM automation_executionlog l JOIN automation_execution e ON e.id = l.execution_id
 WHERE e.parameters->>'key' LIKE %(name)s || '-%%' ORDER BY l.execution_id, l.seq
"""
_UNKNOWN = """
SELECT a.target_id AS execution, a.message FROM audit_auditevent a
 WHERE a.verb = 'AUTOMATION_EXECUTION_UNKNOWN'
"""
_OPEN = """
SELECT count(*) FILTER (WHERE e.status IN ('PENDING', 'RUNNING')) AS live,
       count(*) FILTER (WHERE e.status = 'UNKNOWN') AS unknown
  FROM automation_execution e WHERE e.parameters->>'key' LIKE %(name)s || '-%%'
"""

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Three records of the same time."""

    launches: list[Launch]
    promised: Mapping[str, str]
    """By the key of each launch that was answered 201: the execution's id."""
    failed_requests: list[str]
    executions: Mapping[str, list[Row]]
    """By key."""
    actions: Mapping[str, list[Row]]
    """By execution, in order."""
    lines: Mapping[str, list[Line]]
    """The servers' own record, by key, in order."""
    unknown: Mapping[str, list[str]]
    """By execution: what each end as UNKNOWN said."""
    untold: Set[str] = frozenset()
    """Executions of a command that its server began to record, and whose end it does not know."""
    live_when_time_was_up: dict[str, str] = field(default_factory=dict)
    """Executions that had no final status when all was to be settled."""

    @property
    def decided(self) -> int:
        """How many a person decided."""
        return sum(bool(row["decision"]) for rows in self.executions.values() for row in rows)


def gathered(
    world: World,
    name: str,
    *,
    launches: list[Launch],
    promised: Mapping[str, str],
    failed_requests: list[str],
    live_when_time_was_up: dict[str, str],
) -> Facts:
    """Gather what is known of the executions launched under a name."""
    executions, actions = defaultdict(list), defaultdict(list)
    lines: dict[str, list[Line]] = defaultdict(list)
    unknown: dict[str, list[str]] = defaultdict(list)
    with psycopg.connect(world.database_url, row_factory=dict_row) as connection:
        for row in connection.execute(_EXECUTIONS, {"name": name}):
            executions[row["key"]].append(row)
        for row in connection.execute(_ACTIONS, {"name": name}):
            actions[row["execution"]].append(row)
        ours = {row["id"] for rows in executions.values() for row in rows}
        for row in connection.execute(_UNKNOWN):
            if row["execution"] in ours:
                unknown[row["execution"]].append(row["message"])
    for line in world.fleet.lines(name):
        lines[line.key].append(line)
    untold = {
        execution
        for execution, rows in actions.items()
        for row in rows
        if row["changes"] and world.fleet.is_untold(row["action"])
    }
    return Facts(
        launches=launches,
        promised=promised,
        failed_requests=failed_requests,
        executions=executions,
        actions=actions,
        lines=lines,
        unknown=unknown,
        untold=untold,
        live_when_time_was_up=live_when_time_was_up,
    )


def open_now(world: World, name: str) -> tuple[int, int]:
    """Return how many executions are live, and how many UNKNOWN. Raises ``psycopg.Error``."""
    with psycopg.connect(world.database_url, connect_timeout=5) as connection:
        connection.execute("SET statement_timeout = '5s'")
        row = connection.execute(_OPEN, {"name": name}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def as_text(facts: Facts, key: str) -> str:
    """Return all that is known of one launch, to look at when something is wrong with it."""
    rows = facts.executions.get(key, [])
    return json.dumps(
        {
            "key": key,
            "promised": facts.promised.get(key),
            "executions": rows,
            "actions": [facts.actions.get(row["id"], []) for row in rows],
            "lines": [str(line) for line in facts.lines.get(key, [])],
            "unknown": [facts.unknown.get(row["id"], []) for row in rows],
        },
        indent=1,
        default=str,
    )
