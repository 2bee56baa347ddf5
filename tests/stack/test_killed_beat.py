"""Beat is killed again and again while schedules fall due: each of their times counts once."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from opsmanager.embedded.process import Program
from tests.stack.running import Running
from tests.stack.stack import Stack
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("stack")

KILLS = 50
LONG_LIFE = 24
"""Each so many-th beat lives until something was done about what is due, however long it starts."""
SECONDS = 125.0  # so that each schedule falls due twice at least

_BEGIN = """
from automation.models import CatalogEntry, MissedPolicy, OverlapPolicy
from automation.services import schedules
from opsmanager.accounts.models import User
from servers.models import Environment, Server
admin = User.objects.get(username="admin")
zones = ("UTC", "Europe/Berlin", "Asia/Kolkata")
for number in range(30):
    # Nothing listens there: each execution ends at once.
    server = Server.objects.create(name=f"killed-beat-{number}", hostname="127.0.0.1", port=1,
                                   environment=Environment.DEVELOPMENT)
    schedules.save(
        actor=admin, name=f"Killed beat {number}", server=server, timezone=zones[number % 3],
        runbook=CatalogEntry.objects.get(runbook_id="ACME_LEAKING"),
        parameters={"folder": "/nowhere"},
        cron_expression="*/2 * * * *" if number % 5 == 0 else "* * * * *",
        missed=MissedPolicy.values[number % 2], overlap=OverlapPolicy.values[number // 2 % 2],
    )
"""
_END = """
import time
from itertools import takewhile
from automation import cron
from automation.models import Execution, Schedule, ScheduleSlot
from automation.services import schedules, slots
from opsmanager.accounts.models import User
rows = list(Schedule.objects.filter(name__startswith="Killed beat"))
until = slots.database_now()
def expected(row):
    coming = cron.following(row.cron_expression, row.timezone, row.created_at)
    return [at.isoformat() for at in takewhile(lambda at: at <= until, coming)]
def found(row):
    return list(row.slots.order_by("due_at"))
def is_whole(row):
    return len([slot for slot in found(row) if slot.due_at <= until]) == len(expected(row))
def is_over():
    ids = [row.pk for row in rows]
    live = Execution.objects.filter(schedule_id__in=ids, status__in=["PENDING", "RUNNING"])
    waits = ScheduleSlot.objects.filter(schedule__in=rows, state="WAITING")
    return not live.exists() and not waits.exists() and all(map(is_whole, rows))
deadline = time.monotonic() + 90
while not is_over() and time.monotonic() < deadline:
    time.sleep(1)
for row in rows:
    schedules.set_active(actor=User.objects.get(username="admin"), schedule=row, on=False)
print(json.dumps([
    {
        "expected": expected(row),
        "slots": [[slot.due_at.isoformat(), slot.state, str(slot.execution_id or ""),
                   slot.due_at <= until] for slot in found(row)],
        "executions": [str(pk) for pk in Execution.objects.filter(schedule_id=row.pk)
                       .values_list("pk", flat=True)],
    }
    for row in rows
]))
for row in rows:
    schedules.delete(actor=User.objects.get(username="admin"), schedule=row)
"""


@pytest.fixture
def beat(stack: Stack) -> Iterator[Program]:
    program = stack.processes["beat"].program
    yield program
    kill(stack.processes["beat"])
    stack.start(program)


def kill(running: Running) -> None:
    os.killpg(running.process.pid, signal.SIGKILL)
    running.stop()


def wait_until_some_are_dealt_with(stack: Stack) -> None:
    """Wait until a schedule is dealt with that is due from now on, as one is each minute."""
    asked = "SELECT max(seen_until) FROM automation_schedule WHERE name LIKE 'Killed beat %'"
    url = stack.plan.services["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        (before,) = connection.execute(asked).fetchall()
        eventually(lambda: connection.execute(asked).fetchall() != [before])


def test_each_time_is_run_once_or_said_to_be_missed(stack: Stack, beat: Program) -> None:
    stack.python(_BEGIN)
    chance = random.Random(20270301)
    began, kills = time.monotonic(), 0
    while kills < KILLS or time.monotonic() - began < SECONDS:
        # Most lives end before or while it reads its rows, some after it has sent messages.
        if kills % LONG_LIFE == LONG_LIFE - 1:
            wait_until_some_are_dealt_with(stack)
        time.sleep(chance.uniform(0.1, 1.8))
        kill(stack.processes["beat"])
        stack.start(beat)
        kills += 1
    # At the end two of them send all there is to send twice.
    second = stack.start(replace(beat, name="beat-again"))
    try:
        found = json.loads(stack.python(_END))
    finally:
        kill(second)
        del stack.processes["beat-again"]

    states = Counter(state for row in found for _, state, _, _ in row["slots"])
    assert len(found) == 30
    for row in found:
        assert [due_at for due_at, _, _, counts in row["slots"] if counts] == row["expected"]
        started = [pk for _, state, pk, _ in row["slots"] if state in ("STARTED", "LATE")]
        assert sorted(started) == sorted(row["executions"])
    # A slow machine may still run the one before.
    assert states.keys() <= {"STARTED", "LATE", "MISSED", "OVERLAPPED"}, states
    assert states["STARTED"] + states["LATE"] >= 30, states
