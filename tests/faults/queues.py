"""Losing and doubling the messages that wake workers."""

import random
import time

import psycopg
from celery import Celery

from tests.faults.world import World

QUEUES = ("automation.high", "automation.normal", "automation.low")
TASK = "automation.tasks.run_execution"
_OPEN = """
SELECT id::text FROM automation_execution
 WHERE status IN ('PENDING', 'RUNNING') OR queued_at > clock_timestamp() - interval '10 seconds'
"""


def steal(world: World, chance: random.Random, *, seconds: float) -> None:
    """Take messages before workers do: of five, three are lost, two come back twice."""
    until = time.monotonic() + seconds
    with world.broker() as broker:
        while time.monotonic() < until:
            taken = broker.brpop(list(QUEUES), timeout=0.5)
            if taken is None:
                continue
            queue, message = taken
            if chance.random() < 0.4:
                broker.lpush(queue, message, message)


def repeat(world: World, chance: random.Random, *, times: int) -> None:
    """Send messages for all that is open or was a moment ago, in any order."""
    with psycopg.connect(world.database_url) as connection:
        ids = [row[0] for row in connection.execute(_OPEN)] * times
    chance.shuffle(ids)
    app = Celery(broker=world.redis_url)
    with app.connection_for_write() as connection:
        for execution in ids:
            app.send_task(TASK, (execution,), queue=chance.choice(QUEUES), connection=connection)
