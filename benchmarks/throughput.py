"""A thousand executions over a hundred servers, beside the tools that people use for it.

Everything is real and on this machine: web, worker, PostgreSQL, Redis and OpenSSH. The peers do the
same four commands on the same servers in the same run, as fast as they can be made to; they keep no
record, hold no lock and write no audit trail. Run it on an idle machine: `make bench-throughput`.
"""

import argparse
import json
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import peers
from benchmarks.circumstances import circumstances
from benchmarks.fleet import Fleet, fleet
from benchmarks.processor import Meter, of_postgres
from tests.stack.stack import Stack, running

ORGANISATION = Path(__file__).with_name("organisation")
_PATIENCE = 600.0
_ENDED = """
SELECT count(*) FILTER (WHERE status = 'SUCCESS'), count(*) FILTER (WHERE finished_at IS NOT NULL),
       extract(epoch FROM max(finished_at))::float
  FROM automation_execution WHERE batch_id = ANY(%s)
"""

Row = dict[str, Any]


def main() -> None:
    """Measure, print a table, and store the figures where --output says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--executions", type=int, default=1000)
    parser.add_argument("--servers", type=int, default=100)
    parser.add_argument("--concurrency", type=int, default=32, help="of the worker")
    parser.add_argument("--peers", nargs="*", default=[*peers.PEERS], choices=[*peers.PEERS, []])
    parser.add_argument("--output", type=Path, help="file for the figures, as JSON")
    asked = parser.parse_args()
    load_before = os.getloadavg()[0]
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="opsmanager-bench-") as name,
        fleet(Path(name), asked.servers) as hosts,
    ):
        folder = Path(name)
        with running(
            folder / "stack", concurrency=asked.concurrency, PYTHONPATH=str(ORGANISATION)
        ) as stack:
            ids = known(stack, hosts)
            for label, runbook in (
                ("OpsManager, reading, cold", "BENCH_READ"),
                ("OpsManager, reading, warm", "BENCH_READ"),
                ("OpsManager, changing, warm", "BENCH_CHANGE"),
            ):
                rows.append(product(stack, ids, label, runbook, asked.executions))
                print(line(rows[-1]), flush=True)
        for peer in asked.peers:
            rows.append(beside(peer, hosts, folder, asked.executions))
            print(line(rows[-1]), flush=True)
    show(rows)
    if asked.output:
        asked.output.write_text(json.dumps(report(rows, load_before), indent=2) + "\n")


def known(stack: Stack, hosts: Fleet) -> list[str]:
    """Make the servers known, their keys accepted; nothing has logged in yet."""

    def add(number: int) -> str:
        host = hosts.hosts[number]
        server = stack.server(
            f"bench{number}",
            hostname=host.address,
            port=host.port,
            username=hosts.user,
            private_key=hosts.private_key,
        )
        return str(server["id"])

    with ThreadPoolExecutor(4) as clients:
        return list(clients.map(add, range(len(hosts.hosts))))


def product(stack: Stack, servers: list[str], label: str, runbook: str, executions: int) -> Row:
    """Launch so many, a batch for each round over the servers, and wait for their ends."""
    api = stack.api()
    api.get("auth/me").expect(200)
    programs = {
        name: [process.process.pid] for name, process in stack.processes.items() if name != "beat"
    }
    meter = Meter({**programs, "postgres": of_postgres()})
    database = stack.plan.services["DATABASE_URL"]
    batches: list[str] = []
    began = time.time()
    left = executions
    while left:
        some = servers[: min(left, len(servers))]
        body = {"runbookId": runbook, "serverIds": some}
        batches.append(api.post("automation/batches", body).expect(201)["batch"]["id"])
        left -= len(some)
    asked = time.time()
    with psycopg.connect(database, autocommit=True) as connection:
        while True:
            found = connection.execute(_ENDED, [batches]).fetchone()
            assert found is not None
            good, ended, last = found
            if ended == executions:
                break
            assert time.time() - began < _PATIENCE, f"{ended} of {executions} have ended."
            time.sleep(0.2)
    used = meter.used()
    return {
        "who": label,
        "executions": executions,
        "seconds": last - began,
        "asked": asked - began,
        "success": good,
        "cpu": {name: 1000 * seconds / executions for name, seconds in used.items()},
    }


def beside(peer: str, hosts: Fleet, folder: Path, executions: int) -> Row:
    """Let a peer do the same from a process of its own."""
    meter = Meter({})
    began = time.time()
    good, client = peers.run(peer, hosts, folder, executions)
    seconds = time.time() - began
    everything = meter.used()["everything"]
    return {
        "who": peer,
        "executions": executions,
        "seconds": seconds,
        "success": good,
        "cpu": {
            "client": 1000 * client / executions,
            "everything": 1000 * everything / executions,
        },
    }


def line(row: Row) -> str:
    """Return one row as text."""
    cpu = ", ".join(f"{name} {ms:.1f}" for name, ms in row["cpu"].items())
    rate = row["executions"] / row["seconds"]
    return (
        f"{row['who']:<32} {row['seconds']:6.2f} s  {rate:6.1f}/s  "
        f"{row['success']} of {row['executions']}  CPU ms each: {cpu}"
    )


def show(rows: list[Row]) -> None:
    """Print the table, with how the product compares."""
    first = rows[0]["seconds"]
    print()
    for row in rows:
        print(f"{line(row)}  ({first / row['seconds']:.2f} of its time is what OpsManager needs)")


def report(rows: list[Row], load_before: float) -> dict[str, Any]:
    """Return the figures with what they were measured on."""
    return {
        **circumstances(),
        "loadBefore": load_before,
        "rows": rows,
    }


if __name__ == "__main__":
    main()
