"""A history of executions at random, the same each time."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from automation.engine.results import Status, Verdict
from automation.models import Execution, Trigger
from tests.automation import makers

RUNBOOKS = ("SAMPLE_MENDING", "SAMPLE_LOOKING", "SAMPLE_REPEATABLE")
BEGIN = datetime(2026, 2, 20, tzinfo=UTC)
CHANGES = (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC))
"""When the clocks change in Europe."""


@pytest.fixture
def history(rows: None) -> list[Execution]:
    """Executions of nine months, dry runs among them, many of them close to changes of clocks."""
    chance = random.Random(5)
    servers = [makers.server() for _ in range(4)]
    entries = [makers.entry(name) for name in RUNBOOKS]
    made = [_one(chance, chance.choice(entries), chance.choice(servers)) for _ in range(600)]
    # At the very edges of days, too.
    for edge in (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        for shift in (timedelta(0), -timedelta(microseconds=1)):
            made.append(_one(chance, entries[0], servers[0], edge + shift))
    return Execution.objects.bulk_create(made)


def _one(chance, entry, server, queued_at: datetime | None = None) -> Execution:
    if queued_at is None:
        queued_at = BEGIN + timedelta(seconds=chance.uniform(0, 270 * 86400))
        if chance.random() < 0.5:
            queued_at = chance.choice(CHANGES) + timedelta(hours=chance.uniform(-40, 40))
    status = chance.choice([*Status, Status.SUCCESS, Status.SUCCESS, Status.SUCCESS])
    started_at = finished_at = None
    if status is not Status.PENDING:
        started_at = queued_at + timedelta(seconds=chance.uniform(0, 5))
    if status.is_final:
        finished_at = started_at + timedelta(microseconds=chance.randrange(90_000_000))
    return Execution(
        runbook=entry,
        server=server,
        status=status,
        verdict=chance.choice([*Verdict, ""]) if status.is_final else "",
        triggered_by=chance.choice(list(Trigger)),
        is_dry_run=chance.random() < 0.1,
        queued_at=queued_at,
        started_at=started_at,
        finished_at=finished_at,
        waiting_since=queued_at if status is Status.PENDING else None,
    )
