"""Waking workers: a message holds one id, and losing or doubling it changes nothing."""

from collections.abc import Iterable
from uuid import UUID

import structlog

from automation.models import Priority
from opsmanager.celery import app
from opsmanager.common.zone_queues import queue

log = structlog.get_logger(__name__)

TASK = "automation.tasks.run_execution"
TASK_WORKFLOW = "automation.tasks.advance_workflow"
QUEUES = {
    Priority.HIGH: "automation.high",
    Priority.NORMAL: "automation.normal",
    Priority.LOW: "automation.low",
}


def send(waiting: Iterable[tuple[UUID, int, str]]) -> None:
    """Wake a worker for each (execution's id, priority, zone of its server).

    Never raises: what is not woken now is found by the sweep of any worker.
    """
    try:
        for execution_id, priority, zone in waiting:
            wanted = queue(QUEUES[Priority(priority)], zone)
            app.send_task(TASK, (str(execution_id),), queue=wanted)
    except Exception as problem:  # noqa: BLE001 - whatever the broker's client raises
        log.warning("workers not woken; a sweep will", reason=type(problem).__name__)


def advance(runs: Iterable[UUID]) -> None:
    """Wake a worker to go on with each of these runs of workflows. Never raises, as above."""
    try:
        for run_id in runs:
            app.send_task(TASK_WORKFLOW, (str(run_id),))
    except Exception as problem:  # noqa: BLE001 - whatever the broker's client raises
        log.warning("workers not woken; a sweep will", reason=type(problem).__name__)
