"""Beat is killed again and again while schedules fall due: each of their times counts once."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from opsmanager.embedded.process import Program
from tests.stack.running import Running
from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("stack")

KILLS = 50
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
    return list(row.slots.filter(due_at__lte=until).order_by("due_at"))
def is_over():
    ids = [row.pk for row in rows]
    live = Execution.objects.filter(schedule_id__in=ids, status__in=["PENDING", "RUNNING"])
    waits = ScheduleSlot.objects.filter(schedule__in=rows, state="WAITING")
    return not live.exists() and not waits.exists() and all(
        len(found(row)) == len(expected(row)) for row in rows)
deadline = time.monotonic() + 90
while not is_over() and time.monotonic() < deadline:
    time.sleep(1)
for row in rows:
    schedules.set_active(actor=User.objects.get(username="admin"), schedule=row, on=False)
print(json.dumps([
    {
        "expected": expected(row),
        "slots": [[slot.due_at.isoformat(), slot.state, str(slot.execution_id or "")]
                  for slot in found(row)],
        "executions": [str(pk) for pk in Execution.objects.filter(schedule_id=row.pk)
                       .exclude(pk__in=row.slots.filter(
                           due_at__gt=until, execution__isnull=False).values("execution"))
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


def test_each_time_is_run_once_or_said_to_be_missed(stack: Stack, beat: Program) -> None:
    stack.python(_BEGIN)
    chance = random.Random(20270301)
    began, kills = time.monotonic(), 0
    while kills < KILLS or time.monotonic() - began < SECONDS:
        # Most lives end before or while it reads its rows, some after it has sent messages.
        time.sleep(chance.uniform(5, 10) if kills % 6 == 5 else chance.uniform(0.1, 1.8))
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

    states = Counter(state for row in found for _, state, _ in row["slots"])
    assert len(found) == 30
    for row in found:
        assert [due_at for due_at, _, _ in row["slots"]] == row["expected"]
        started = [pk for _, state, pk in row["slots"] if state in ("STARTED", "LATE")]
        assert sorted(started) == sorted(row["executions"])
    # A slow machine may still run the one before.
    assert states.keys() <= {"STARTED", "LATE", "MISSED", "OVERLAPPED"}, states
    assert states["STARTED"] + states["LATE"] >= 30, states
