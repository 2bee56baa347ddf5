"""Whether each execution of a long run ended as it had to, by the database and by the servers."""

from collections import Counter, defaultdict
from collections.abc import Mapping

import psycopg

from tests.endurance.work import BY_NAME, NAME, Order
from tests.faults.world import World

_ENDS = """
SELECT e.parameters->>'key', e.status, e.error_code, count(*)
  FROM automation_execution e WHERE e.parameters->>'key' LIKE %(name)s || '-%%' GROUP BY 1, 2, 3
"""
_STEPS = ("first", "second")


def wrong_ends(
    world: World, keys: Mapping[str, Order]
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Return how many executions of each kind ended how, and in sentences what is wrong."""
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    found: Counter[str] = Counter()
    wrong = []
    with psycopg.connect(world.database_url) as connection:
        for key, status, error, count in connection.execute(_ENDS, {"name": NAME}):
            kind = BY_NAME[key.split("-")[1]]
            ends[kind.name][status] += count
            found[key] += count
            if status not in kind.ends:
                wrong.append(f"{count} of {key} ended as {status} {error}.")
    for key, order in keys.items():
        if found[key] != len(order.servers):
            wrong.append(f"{key} was for {len(order.servers)} servers; there are {found[key]}.")
    return {name: dict(ends[name]) for name in sorted(ends)}, wrong + _done_wrongly(world, keys)


def _done_wrongly(world: World, keys: Mapping[str, Order]) -> list[str]:
    """Compare with the servers' own record: each change has to be done once on each server."""
    begun: Counter[tuple[str, str]] = Counter()
    for line in world.fleet.lines(NAME):
        if line.code is None:
            begun[line.key, line.step] += 1
    return [
        f"{key} changed servers {begun[key, step]} times in {step!r}, not {len(order.servers)}."
        for key, order in keys.items()
        if order.kind.changes
        for step in _STEPS
        if begun[key, step] != len(order.servers)
    ]
