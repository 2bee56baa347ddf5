"""Celery's entry points for automation, and the life of a worker process."""

from typing import Any
from uuid import UUID

from celery.signals import worker_init, worker_ready, worker_shutdown, worker_shutting_down

from automation.runner import leftovers
from automation.runner.process import this_process
from automation.selectors import workflow_runs
from automation.services import approvals, slots, workflow_progress
from opsmanager.celery import app


@app.task
def run_execution(execution_id: str) -> None:
    """Run the execution if it can be claimed."""
    this_process().run(UUID(execution_id))


@app.task
def run_schedule(schedule_id: str) -> None:
    """Deal with what is due of one schedule."""
    slots.handle(UUID(schedule_id))


@app.task
def run_due_schedules() -> None:
    """Deal with what is due of any schedule, also where no message told of it."""
    slots.handle_all()


@app.task
def advance_workflow(run_id: str) -> None:
    """Go on with a run of a workflow, if there is anything new."""
    workflow_progress.advance(UUID(run_id))


@app.task
def expire_approvals() -> None:
    """End what nobody has approved in time."""
    approvals.expire_due()


@app.task
def prune_leftovers() -> None:
    """Delete what nothing refers to any more."""
    leftovers.prune()


def _go_on() -> None:
    """Go on with all runs of workflows of which there is anything new."""
    for run in workflow_runs.due():
        workflow_progress.advance(run.pk)


@worker_init.connect
def look(**_: Any) -> None:
    """Look at the database before anything is taken from the queues."""
    this_process().look()


@worker_ready.connect
def start(**_: Any) -> None:
    """Start what a worker process keeps."""
    this_process().start()


@worker_ready.connect
def poll(sender: Any, **_: Any) -> None:
    """Have this worker find by itself what its queues would bring, while Redis is away."""
    queues = sender.app.amqp.queues.consume_from
    others = (slots.handle_all, _go_on) if "schedules" in queues else ()
    this_process().poller.serve(queues, at_once=sender.controller.concurrency, others=others)


@worker_shutting_down.connect
def take_no_more(**_: Any) -> None:
    """Begin nothing more by itself: Celery waits for what runs."""
    this_process().poller.stop()


@worker_shutdown.connect
def stop(**_: Any) -> None:
    """End it, after the last execution has ended."""
    this_process().close()
