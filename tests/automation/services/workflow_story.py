"""Runs workflows without workers: a test says how each execution ends."""

from typing import Any

from django.utils import timezone

from automation.engine.results import Status
from automation.models import Execution, Workflow, WorkflowRun, WorkflowStep
from automation.services import workflow_progress, workflow_runs
from automation.services.workflow_runs import WorkflowLaunch
from automation.workflows import Phase, parsed
from opsmanager.accounts.models import User
from servers.models import Server
from tests.automation import makers


def look(server: Server | str = "{{ inputs.server }}", **fields: Any) -> dict[str, Any]:
    """Return a node that only looks."""
    return {"kind": "run", "runbook": "SAMPLE_LOOKING", "server": str(server), **fields}


def note(text: str = "Done.", **fields: Any) -> dict[str, Any]:
    return {"kind": "note", "text": text, **fields}


def wait(**fields: Any) -> dict[str, Any]:
    return {"kind": "wait", **fields}


def edges(*lines: str) -> list[dict[str, Any]]:
    """Return edges of lines such as ``check clean always``, the last word only if it is none of
    success.
    """
    found = []
    for line in lines:
        source, target, *on = line.split()
        found.append({"from": source, "to": target, **({"on": on[0]} if on else {})})
    return found


def workflow(nodes: dict[str, Any], *lines: str | dict[str, Any], **fields: Any) -> Workflow:
    """Make a workflow whose edges are lines, or edges as they are."""
    raw = {
        "name": fields.pop("name", "Look and mend"),
        "inputs": fields.pop("inputs", []),
        "nodes": nodes,
        "edges": [
            edge for line in lines for edge in ([line] if isinstance(line, dict) else edges(line))
        ],
    }
    definition = parsed(raw).as_json()
    return Workflow.objects.create(name=raw["name"], definition=definition, **fields)


def standing(workflow: Workflow, *, phase: str = "RUNNING", **fields: object) -> WorkflowRun:
    """Make a run of a workflow as it stands in the database, all of its nodes in one phase."""
    values: dict[str, Any] = {
        "workflow": workflow,
        "name": workflow.name,
        "version": workflow.version,
        "definition": workflow.definition,
        "triggered_by_user": makers.somebody(),
        **fields,
    }
    run = WorkflowRun.objects.create(**values)
    for place, key in enumerate(workflow.definition["nodes"], 1):
        WorkflowStep.objects.create(run=run, key=key, position=place, phase=phase)
    return run


def started(made: Workflow, *, actor: User | None = None, **fields: Any) -> "Story":
    """Start a workflow and go on with it as a worker does at once."""
    asked = WorkflowLaunch(actor=actor or makers.admin(), workflow=made, **fields)
    return Story(workflow_runs.start(asked)).advance()


class Story:
    """One run, of which a test says how each thing ends."""

    def __init__(self, run: WorkflowRun) -> None:
        self.run = run

    def advance(self) -> "Story":
        """Go on with it as a worker that was woken does."""
        workflow_progress.advance(self.run.pk)
        self.run.refresh_from_db()
        return self

    def end(
        self, key: str, status: Status = Status.SUCCESS, *, item: str = "", **fields: Any
    ) -> "Story":
        """End the execution of a node, and go on."""
        self.end_quietly(key, status, item=item, **fields)
        return self.advance()

    def end_quietly(
        self, key: str, status: Status = Status.SUCCESS, *, item: str = "", **fields: Any
    ) -> None:
        """End the execution of a node without anybody hearing of it."""
        execution = self.execution(key, item)
        assert not execution.is_final, f"{key} {item} has ended"
        values = {
            "status": status,
            "finished_at": timezone.now(),
            "waiting_since": None,
            "lease_until": None,
            "holds_server": False,
            **fields,
        }
        Execution.objects.filter(pk=execution.pk).update(**values)

    def step(self, key: str, item: str = "") -> WorkflowStep:
        return WorkflowStep.objects.select_related("execution__server", "server").get(
            run=self.run, key=key, item=item
        )

    def execution(self, key: str, item: str = "") -> Execution:
        execution = self.step(key, item).execution
        assert execution is not None, f"{key} {item} runs nothing"
        return execution

    @property
    def phases(self) -> dict[str, str]:
        """How each node stands, and each server as ``node on server``."""
        return {str(row): row.phase for row in self.run.steps.all()}

    @property
    def running(self) -> list[str]:
        """What runs now, nodes for several servers left out."""
        rows = self.run.steps.filter(phase=Phase.RUNNING, is_spread=False)
        return [str(row) for row in rows]

    @property
    def launched(self) -> list[Execution]:
        """All executions that it ever launched, in order."""
        rows = Execution.objects.filter(workflow_run_id=self.run.pk)
        return list(rows.select_related("server").order_by("queued_at", "pk"))
