"""What a workflow adds to what it runs: the time for each node beside that of its launch.

A workflow of 200 nodes, 50 branches of which run at the same time. First in one process against a
real PostgreSQL, where each end is told by hand: how long each look at the run takes, beside how
long a person's launch takes to be checked and stored, which is a part of that look. Then with real
workers, on a server where nothing listens, so that each execution ends at once: from the end of
what a node waits for until it is in the queue. Run it on an idle machine: `make bench-workflows`.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.stack.stack import Stack, running

GOAL_MS = 50
_BEGIN = """
from automation import workflows
from automation.models import CatalogEntry, Workflow, WorkflowRun
from automation.services import workflow_runs
from automation.services.workflow_runs import WorkflowLaunch
from opsmanager.accounts.models import User
from servers.models import Environment, Server

def begin(name):
    server, _ = Server.objects.get_or_create(
        name="nowhere", defaults={"hostname": "127.0.0.1", "port": 1,
                                  "environment": Environment.DEVELOPMENT})
    CatalogEntry.objects.filter(runbook_id="HEALTH_CHECK").update(max_retries=0)
    node = {"kind": "run", "runbook": "HEALTH_CHECK", "server": server.name,
            "onFailure": "continue"}
    branches, deep = given["branches"], (given["nodes"] - 2) // given["branches"]
    keys = [[f"b{branch}_{step}" for step in range(deep)] for branch in range(branches)]
    rest = given["nodes"] - 2 - branches * deep
    nodes = {key: node for key in ("first", "last", *sum(keys, []))}
    nodes |= {f"more{number}": node for number in range(rest)}
    pairs = [pair for branch in keys for pair in zip(["first", *branch], [*branch, "last"])]
    pairs += [pair for n in range(rest) for pair in (("first", f"more{n}"), (f"more{n}", "last"))]
    raw = {"name": name, "nodes": nodes,
           "edges": [{"from": a, "to": b, "on": "always"} for a, b in pairs]}
    definition = workflows.parsed(raw).as_json()
    workflow = Workflow.objects.create(name=name, definition=definition)
    admin = User.objects.get(username="admin")
    return workflow_runs.start(WorkflowLaunch(actor=admin, workflow=workflow)), pairs
"""
_BY_HAND = (
    _BEGIN
    + """
import time
from django.utils import timezone
from automation import wakeups
from automation.models import Execution
from automation.services import workflow_progress
from automation.services.executions import Launch, launch
# Nobody else is to go on with it.
wakeups.send = wakeups.advance = lambda ids: list(ids)
run, _pairs = begin("Told by hand")
looks, begun = [], []
while True:
    before = Execution.objects.filter(workflow_run_id=run.pk).count()
    began = time.perf_counter()
    workflow_progress.advance(run.pk)
    looks.append((time.perf_counter() - began) * 1000)
    begun.append(Execution.objects.filter(workflow_run_id=run.pk).count() - before)
    live = Execution.objects.filter(workflow_run_id=run.pk, status="PENDING").first()
    if live is None:
        break
    Execution.objects.filter(pk=live.pk).update(
        status="SUCCESS", waiting_since=None, finished_at=timezone.now())
run.refresh_from_db()
launches = []
for _ in range(100):
    began = time.perf_counter()
    actor = User.objects.get(username="admin")  # what it may do is looked up anew
    launch(Launch(actor=actor, runbook=CatalogEntry.objects.get(runbook_id="HEALTH_CHECK"),
                  server=Server.objects.get(name="nowhere")))
    launches.append((time.perf_counter() - began) * 1000)
print(json.dumps({"looks": looks, "begun": begun, "status": run.status, "launches": launches}))
"""
)
_BY_WORKERS = (
    _BEGIN
    + """
import time
from automation.models import Execution
run, pairs = begin("Run by workers")
deadline = time.monotonic() + 600
while not run.is_final and time.monotonic() < deadline:
    time.sleep(0.5)
    run.refresh_from_db()
rows = {row.workflow_node: row for row in Execution.objects.filter(workflow_run_id=run.pk)}
before = {}
for source, target in pairs:
    before.setdefault(target, []).append(rows[source].finished_at)
gaps = [(rows[key].queued_at - max(ends)).total_seconds() * 1000 for key, ends in before.items()]
print(json.dumps({"gaps": gaps, "status": run.status, "executions": len(rows),
                  "seconds": (run.finished_at - run.started_at).total_seconds()}))
"""
)


def main() -> None:
    """Measure, print, and end with 1 where the goal is missed or a node was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--branches", type=int, default=50)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="opsmanager-bench-") as folder,
        running(Path(folder)) as stack,
    ):
        alone = measured(stack, _BY_HAND, asked)
        together = measured(stack, _BY_WORKERS, asked)
    # The first look begins one node, and that at its end fifty: each of these has its share.
    plain = median(alone["launches"])
    shares = [
        milliseconds / max(1, count) - (plain if count else 0)
        for milliseconds, count in zip(alone["looks"], alone["begun"], strict=True)
    ]
    print(f"\n{asked.nodes} nodes, {asked.branches} branches at once.")
    told("one look at the run, in one process", alone["looks"])
    told("a launch by itself, in the same process", alone["launches"])
    overhead = told("for each node beside its launch", shares)
    told("with workers: from an end until the next is queued", together["gaps"])
    print(f"  with workers the whole took {together['seconds']:.1f} s")
    print(f"  the goal: under {GOAL_MS} ms for each node at the median, every node once")
    is_whole = together["executions"] == sum(alone["begun"]) == asked.nodes
    is_well = {alone["status"], together["status"]} == {"SUCCESS"}
    sys.exit(0 if is_whole and is_well and overhead < GOAL_MS else 1)


def measured(stack: Stack, code: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Run the code beside the stack, and return what it found."""
    found: dict[str, Any] = json.loads(
        stack.python(code, nodes=asked.nodes, branches=asked.branches)
    )
    time.sleep(1)
    return found


def told(what: str, times: list[float]) -> float:
    """Print how long something takes, in milliseconds, and return the median."""
    cuts = quantiles(times, n=100, method="inclusive")
    worst = max(times)
    print(f"  {what:52} p50 {cuts[49]:6.1f}   p95 {cuts[94]:6.1f}   max {worst:6.1f} ms")
    return cuts[49]


if __name__ == "__main__":
    main()
