"""Workers and beat are killed while many workflows run: each node runs once, and all end right."""

import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from servers.ssh.testing import Sshd
from tests.stack.running import Running
from tests.stack.servers import reached
from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("stack")]

# Each is four turns on a server and two notes; `make test` has not the time for hundreds.
RUNS = int(os.environ.get("OPSMANAGER_TEST_WORKFLOW_RUNS", "24"))
SERVERS = 12
KILLS = 4 if RUNS < 100 else 24
KILLED = ("worker", "beat", "worker")
PATIENCE = 600.0  # seconds; a lost command is looked for after 45 and more

_DEFINITION = {
    "name": "Killed",
    "inputs": [
        {"name": "server", "type": "server", "required": True},
        {"name": "record", "type": "string", "required": True},
        {"name": "well", "type": "boolean", "required": True},
    ],
    "nodes": {
        **{
            key: {
                "kind": "run",
                "runbook": "ACME_OWN_TURN",
                "server": "{{ inputs.server }}",
                "parameters": {"record": "{{ inputs.record }}", "name": key},
            }
            for key in ("first", "left", "right", "never", "last")
        },
        "pause": {"kind": "wait", "seconds": 1},
        "told": {"kind": "note", "text": "{{ results.left.status }}"},
    },
    "edges": [
        {"from": "first", "to": "left"},
        {"from": "first", "to": "pause"},
        {"from": "pause", "to": "right"},
        {"from": "left", "to": "told"},
        {"from": "left", "to": "never", "when": "not inputs.well"},
        {"from": "told", "to": "last"},
        {"from": "right", "to": "last"},
    ],
}
_BEGIN = """
from automation import workflows
from automation.models import Workflow
from automation.services import workflow_runs
from automation.services.workflow_runs import WorkflowLaunch
from opsmanager.accounts.models import User
definition = workflows.parsed(given["definition"]).as_json()
workflow = Workflow.objects.create(name=given["definition"]["name"], definition=definition)
admin = User.objects.get(username="admin")
for inputs in given["inputs"]:
    workflow_runs.start(WorkflowLaunch(actor=admin, workflow=workflow, inputs=inputs))
"""
_ENDS = """
from automation.models import Execution, WorkflowRun
rows = list(WorkflowRun.objects.filter(name="Killed").order_by("started_at"))
print(json.dumps([
    {
        "record": run.inputs["record"],
        "status": run.status,
        "phases": {step.key: step.phase for step in run.steps.all()},
        "executions": list(Execution.objects.filter(workflow_run_id=run.pk)
                           .order_by("workflow_node").values_list("workflow_node", "status")),
    }
    for run in rows
] if not any(run.status == "RUNNING" for run in rows) else None))
"""


def add(stack: Stack, sshd: Sshd) -> str:
    name: str = stack.server("killed", **reached(sshd))["name"]
    return name


def kill_and_start_again(stack: Stack, name: str) -> None:
    running: Running = stack.processes[name]
    os.killpg(running.process.pid, signal.SIGKILL)
    running.stop()
    stack.start(running.program)


def ended(stack: Stack) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found: list[dict[str, Any]] | None = json.loads(stack.python(_ENDS))
        if found is not None:
            return found
        time.sleep(2)
    raise AssertionError("Some have not ended.")


def test_each_node_runs_once_and_each_workflow_ends_right(
    stack: Stack, sshd: Sshd, tmp_path: Path
) -> None:
    servers = [add(stack, sshd) for _ in range(SERVERS)]
    inputs = [
        {"server": servers[number % SERVERS], "record": str(tmp_path / f"{number}"), "well": True}
        for number in range(RUNS)
    ]
    stack.python(_BEGIN, definition=_DEFINITION, inputs=inputs)
    chance = random.Random(20270412)
    for number in range(KILLS):
        time.sleep(chance.uniform(1, 8))
        kill_and_start_again(stack, KILLED[number % 3])
    found = ended(stack)

    assert len(found) == RUNS
    assert Counter(run["status"] for run in found) == {"SUCCESS": RUNS}
    turns = ("first", "last", "left", "right")
    for run in found:
        assert run["phases"] == {
            **dict.fromkeys((*turns, "pause", "told"), "SUCCEEDED"),
            "never": "SKIPPED",
        }
        # By the rows, and by the record that the server keeps.
        assert run["executions"] == [[key, "SUCCESS"] for key in turns]
        lines = Path(run["record"]).read_text().splitlines()
        assert sorted(lines) == sorted(
            f"{word} {key}" for key in turns for word in ("begin", "end")
        )
        assert lines[:2] == ["begin first", "end first"]
        assert lines[-2:] == ["begin last", "end last"]
