"""A thousand executions that wait at the same moment, and an urgent one behind thousands of others.

Everything is real and on this machine: web, workers, PostgreSQL, Redis and OpenSSH. The first shows
what an execution costs that only waits for its server: seconds until all have ended, and the memory
of the worker that holds them. The second, how long one of priority HIGH takes to begin while 5,000
of priority LOW wait. Run it on an idle machine: `make bench-crowd`.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import psutil
import psycopg

from benchmarks.circumstances import circumstances
from benchmarks.fleet import Fleet, fleet
from benchmarks.throughput import ORGANISATION, known, product
from tests.stack.stack import Stack, running

_MEGABYTE = 1024 * 1024
Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the figures where --output says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sleeping", type=int, default=1000, help="executions that sleep")
    parser.add_argument("--waiting", type=int, default=5000, help="executions of priority LOW")
    parser.add_argument("--urgent", type=int, default=60, help="executions of priority HIGH")
    parser.add_argument("--output", type=Path, help="file for the figures, as JSON")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="opsmanager-bench-") as name,
        fleet(Path(name), 100) as hosts,
    ):
        rows = [
            asleep(Path(name) / "asleep", hosts, asked.sleeping),
            urgent(Path(name) / "urgent", hosts, asked.waiting, asked.urgent),
        ]
    if asked.output:
        asked.output.write_text(json.dumps({**circumstances(), "rows": rows}, indent=2) + "\n")


def asleep(folder: Path, hosts: Fleet, executions: int) -> Row:
    """Let so many sleep for six seconds, in one worker that has a thread for each."""
    folder.mkdir()
    with running(folder, concurrency=executions, PYTHONPATH=str(ORGANISATION)) as stack:
        ids = known(stack, hosts)
        # All connections stand: what is measured is the waiting.
        product(stack, ids, "warm", "BENCH_READ", len(ids))
        with most_memory(stack.processes["worker"].process.pid) as most:
            row = product(stack, ids, "asleep", "BENCH_SLEEP", executions)
    row |= {"memory": most[0]}
    print(
        f"{executions} executions that sleep 6 s: {row['seconds']:.1f} s (goal 20 s), "
        f"{row['success']} succeeded, the worker took {most[0]:.0f} MB (goal 250 MB)",
        flush=True,
    )
    return row


@contextmanager
def most_memory(pid: int) -> Iterator[list[float]]:
    """Give the most memory, in MB, that the process had meanwhile."""
    process, most, over = psutil.Process(pid), [0.0], threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            most[0] = max(most[0], process.memory_info().rss / _MEGABYTE)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def urgent(folder: Path, hosts: Fleet, waiting: int, runs: int) -> Row:
    """Launch one of priority HIGH after the other, while so many of priority LOW wait."""
    folder.mkdir()
    with running(folder, concurrency=8, PYTHONPATH=str(ORGANISATION)) as stack:
        worker = next(each for each in stack.plan.application() if each.name == "worker-high")
        stack.start(worker)
        ids = known(stack, hosts)
        product(stack, ids, "warm", "BENCH_READ", len(ids))
        fill(stack, ids, waiting)
        took = [seconds_until_it_began(stack, ids[number % len(ids)]) for number in range(runs)]
        left = still_waiting(stack)
    cuts = quantiles(took, n=100, method="inclusive")
    p50, p95 = cuts[49] * 1000, cuts[94] * 1000
    print(
        f"{runs} of priority HIGH, {waiting} to {left} of priority LOW waiting: began after "
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms (goal 100 ms)",
        flush=True,
    )
    return {"who": "urgent", "waiting": waiting, "left": left, "p50": p50, "p95": p95, "took": took}


def fill(stack: Stack, ids: list[str], waiting: int) -> None:
    """Have so many wait, each for half a minute of a worker's time."""
    api = stack.api()
    body = {"runbookId": "BENCH_SLEEP", "parameters": {"seconds": 30}, "priority": "LOW"}
    for first in range(0, waiting, len(ids)):
        some = ids[: min(len(ids), waiting - first)]
        api.post("automation/batches", body | {"serverIds": some}).expect(201)


def still_waiting(stack: Stack) -> int:
    """Return how many of priority LOW have not begun."""
    with psycopg.connect(stack.plan.services["DATABASE_URL"]) as connection:
        found = connection.execute(
            "SELECT count(*) FROM automation_execution WHERE status = 'PENDING'"
        ).fetchone()
    assert found is not None
    return int(found[0])


def seconds_until_it_began(stack: Stack, server: str) -> float:
    """Launch one; return the seconds from the request until a worker began with it."""
    time.sleep(0.3)
    api = stack.api()
    api.get("auth/me").expect(200)
    asked = time.time()
    launched = api.launch("BENCH_READ", {"id": server}, priority="HIGH").expect(201)
    execution = api.finished(launched["execution"]["id"])
    assert execution["status"] == "SUCCESS", execution
    return datetime.fromisoformat(execution["startedAt"]).timestamp() - asked


if __name__ == "__main__":
    main()
